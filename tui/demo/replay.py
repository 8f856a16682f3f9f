"""The recorded runs go on: a thread in place of the two workers. Nothing is trained."""

import threading
from dataclasses import dataclass
from pathlib import Path

from l2t.errors import L2tError
from l2t.jobs.owner import current
from l2t.store.folder import JobFolder
from l2t.store.rows import Job
from l2t.store.state import ClaimLostError, Reason, Request
from l2t.store.store import Store
from tui.demo.recording import Recording
from tui.demo.unpack import RUNNING_AT, Demo

TICK_SECONDS = 0.5
"""Between two writes, as real workers write at most twice a second."""
EPOCHS_A_TICK = 2


@dataclass
class _Playing:
    """A run in a slot."""

    id: str
    name: str
    recording: Recording
    folder: JobFolder
    epoch: int
    epochs: int


class Replay:
    """Plays the runs of a demo in its two slots: those that run, then those that are queued, in the order of their
    turn. It does what pausing, cancelling, resuming and asking again want of workers. Runs that were never recorded
    fail and say so. When nothing is queued it waits until something is.
    """

    def __init__(self, demo: Demo, tick: float = TICK_SECONDS) -> None:
        """tick: seconds between two writes of EPOCHS_A_TICK epochs."""
        self._demo = demo
        self._tick = tick
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo replay", daemon=True)
        self._playing: list[_Playing] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the home stand still. Returns when the thread has ended, within a tick's work."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with Store.open(self._demo.home) as store:
                self._playing = [self._continued(job.id, job.name, job.epoch) for job in store.running()]
                while not self._over.wait(self._tick):
                    self._step(store)
        except (L2tError, OSError):
            if self._demo.home.exists():  # else it was removed with the replay still running
                raise

    def _step(self, store: Store) -> None:
        before = [playing.id for playing in self._playing]
        self._playing = [playing for playing in self._playing if self._goes_on(store, playing)]
        while len(self._playing) < len(RUNNING_AT) and (job := store.claim(current())):
            playing = self._begun(store, job)
            if playing is not None:
                self._playing.append(playing)
        if before != [playing.id for playing in self._playing]:
            self._demo.tell([(playing.id, playing.name) for playing in self._playing])

    def _begun(self, store: Store, job: Job) -> _Playing | None:
        folder = JobFolder.of(store.home, job.kind, job.id)
        if job.redo:  # what it wrote is what it will write again
            folder.path.rename(self._recorded(job.id))
            store.archived(job.id, current())
        if not Recording(self._recorded(job.id)).exists:
            store.fail(job.id, current(), Reason.INVALID, "the demo trains nothing, and holds no recording of this run")
            return None
        playing = self._continued(job.id, job.name, folder.last_epoch())
        if not folder.metrics.exists():
            playing.recording.begin(folder)
            playing.recording.play(folder, -1, 0)
        return playing

    def _continued(self, id: str, name: str, epoch: int) -> _Playing:
        recording = Recording(self._recorded(id))
        folder = JobFolder.of(self._demo.home, "run", id)
        return _Playing(id, name, recording, folder, epoch, recording.files.last_epoch())

    def _goes_on(self, store: Store, playing: _Playing) -> bool:
        """Play some epochs of a run; returns whether any are left."""
        owner = current()
        try:
            if store.requested(playing.id, owner) in (Request.PAUSE, Request.CANCEL):
                store.interrupt(playing.id, owner)
                return False
            epoch = min(playing.epoch + EPOCHS_A_TICK, playing.epochs)
            playing.recording.play(playing.folder, playing.epoch, epoch)
            playing.epoch = epoch
            if epoch < playing.epochs:
                store.progress(playing.id, owner, epoch, playing.epochs)
                return True
            playing.recording.end(playing.folder)
            result = playing.folder.read_result() or {}
            store.finish(playing.id, owner, result, *playing.folder.read_attempts())
        except ClaimLostError:
            pass
        return False

    def _recorded(self, id: str) -> Path:
        return self._demo.recorded / id
