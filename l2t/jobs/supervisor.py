"""The one loop that looks after the workers of a home: `l2t up` runs it detached, `l2t run` in the foreground.

Dead workers' jobs go back to the queue, free device slots get a worker where there is something to do, ends are told.
It holds no state that matters: killed at any moment, the next one goes on from the store.
"""

import os
import platform
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from l2t.errors import StoreError
from l2t.jobs.disk import Disk, of_disk
from l2t.jobs.exits import DISK_EXIT, UNFIT_EXIT
from l2t.jobs.gpus import Gpus, with_children
from l2t.jobs.lock import NAME as LOCK
from l2t.jobs.lock import HomeLock
from l2t.jobs.nvml import Nvml
from l2t.jobs.owner import Liveness, boot_id
from l2t.jobs.pool import Pool
from l2t.jobs.slots import Slot, Slots, SlotSettings, by_uuid, open_slots
from l2t.jobs.status import NAME, Doing, SlotStatus, Snapshot, write_snapshot
from l2t.jobs.supervisor_log import SupervisorLog
from l2t.jobs.webhook import Event
from l2t.settings import read_settings, webhook_of
from l2t.store.database import DamagedError
from l2t.store.rows import JobRow, Owner
from l2t.store.state import Reason, State
from l2t.store.store import Store

GRACE_SECONDS = 30.0
"""How long a worker has for its checkpoint before it is killed: a step of a large network takes seconds."""
LOOK_SECONDS = 3.0
"""Between two looks at the GPUs."""
BEAT_SECONDS = 30.0
REST_SECONDS = 60.0
"""After which workers that kept dying are tried again; where they fail in one slot, twice as long each time."""
LONGEST_REST_SECONDS = 1800.0
TROUBLE_SECONDS = 300.0
"""How long the store may be unusable (locked, say) before that is an error."""


class WorkersError(StoreError):
    """The workers keep dying."""


class MovedError(StoreError):
    """The home is no longer where it was."""


@dataclass(frozen=True)
class Rest:
    """Why no worker is started for a while."""

    until: float
    """On the monotonic clock."""
    why: str
    times: int = 1
    """How often in a row."""

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.until


class Supervisor:
    """Looks after one home, whose lock it holds. A context manager: leaving it stops what still runs, and what is
    started next goes on from there.

    followed: jobs of followed sweeps only, and a StoreError where workers keep dying (a person looks on); else all
    jobs, and another try a minute later. gpus: what there is, None for those that NVML sees. engine: import string of
    what gives the workers their engine.
    Raises UsageError where a GPU is asked for that there is not, or the home's `l2t.toml` has mistakes.
    """

    def __init__(
        self,
        lock: HomeLock,
        slots: SlotSettings,
        followed: bool,
        gpus: Gpus | None = None,
        engine: str = "l2t.jobs.engine:load",
    ) -> None:
        self._home = home = lock.home
        self.log = SupervisorLog(home)
        self._lock = lock
        self._gpus = Nvml() if gpus is None else gpus
        visible, order = os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("CUDA_DEVICE_ORDER")
        self._settings = by_uuid(slots, self._gpus.look(), visible, order)
        self._followed = followed
        self._webhook = webhook_of(read_settings(home), self.log.say)
        self._store = Store.open(home)
        self._pool = Pool(home, engine, followed)
        self._disk = Disk(home)
        self._alive = Liveness()
        self._forgiven: set[int] = set()
        self._paused = False
        self._unreadable: dict[str, str] = {}
        self._slots = Slots([], [])
        self._looked = self._beaten = float("-inf")
        self._draining = False
        self._deaths = 0
        self._resting: Rest | None = None
        self._unfit: dict[Slot, Rest] = {}
        self._trouble: tuple[float, str] | None = None
        self._running: Sequence[JobRow] = ()
        self._shown: Snapshot | None = None
        self.log.say(f"begins: {lock.holder.description}")
        self._look()

    @property
    def finished(self) -> bool:
        """Whether it was drained, and nothing runs any more."""
        return self._draining and not len(self._pool)

    @property
    def problem(self) -> str | None:
        """Why nothing new is begun; None where all is well."""
        resting = self._resting.why if self._resting else None
        return self._disk.problem or resting or (self._trouble[1] if self._trouble else None)

    def poll(self) -> None:
        """Look after everything once. Call it about once a second.

        A full or read-only disk is no error: work pauses until it takes data again. Raises StoreError where the store
        is damaged or could not be used for TROUBLE_SECONDS, or (followed) the workers keep dying without ending any
        job.
        """
        try:
            if not (self._lock.in_place and self._store.in_place):
                raise MovedError(f"{self._home} was moved away, or its store or {LOCK} replaced: what runs is stopped")
            self._beat()
            self._reap()
            if self._disk.look() is None:
                if self._paused:
                    self._store.disk_is_back()
                    self._paused = False
                    self.log.say("the disk takes data again: work goes on")
                self._turn()
                self._trouble = None
        except (WorkersError, DamagedError, MovedError):
            raise
        except (StoreError, OSError, sqlite3.Error) as error:
            if of_disk(error):
                self._disk.pause(error)
                self._pause()
            else:
                self._bear(error)
        self.log.flush()
        self._show()

    def drain(self) -> None:
        """Let what runs end, and begin nothing new."""
        self._draining = True
        for worker in self._pool:
            self._pool.drain(worker)
        number = len(self._store.running())
        self.log.say(f"drains: {number} running job{'s' * (number != 1)} end{'s' * (number == 1)} first")

    def go_on(self) -> None:
        """Take a drain back, where there was one: what is queued is begun again. The next poll shows the state anew, as
        an answer."""
        if self._draining:
            self.log.say("goes on")
        self._draining = False
        self._shown = None

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Let the workers checkpoint and end; kill those that take longer than `grace` seconds."""
        self._draining = True
        # Killed or not: that they end is our wish, and no fault of their jobs.
        self._forgiven |= {worker.pid for worker in self._pool.stop(grace)}
        self._store.reconcile(self._alive, self._is_forgiven, self._note_unreadable)

    def _pause(self) -> None:
        """Wait for the disk."""
        if not self._paused:
            self.log.say(f"pauses: {self._disk.problem}")
        self._paused = True

    def _bear(self, error: Exception) -> None:
        """Trouble that may pass."""
        since, said = self._trouble or (time.monotonic(), "")
        if str(error) != said:
            self.log.say(f"trouble: {error}")
        self._trouble = since, str(error)
        if time.monotonic() - since > TROUBLE_SECONDS:
            raise error if isinstance(error, StoreError) else StoreError(str(error))

    def _turn(self) -> None:
        self._store.reconcile(self._lives, self._is_forgiven, self._note_unreadable)
        self._forgiven.clear()
        self._store.drop_followers(self._alive)
        self._tell_ends()
        self._running = self._store.running()
        if self._disk.problem is None and not self._draining:
            self._fill()

    def _beat(self) -> None:
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._beaten = time.monotonic()
            self._lock.beat()

    def _reap(self) -> None:
        for worker in self._pool.reap():
            code = worker.process.returncode
            name = f"worker {worker.pid} ({worker.slot.name})"
            if code == DISK_EXIT:
                self._forgiven.add(worker.pid)
                self.log.say(f"{name} ended: the disk took nothing")
                if self._disk.problem is None:
                    self._disk.probe()
                if self._disk.problem is not None:
                    self._pause()
            elif code == UNFIT_EXIT:
                self._rest_slot(worker.slot)
            elif code:
                self._deaths += 1
                how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                self.log.say(f"{name} {how}")
        # Every worker may meet a job that kills it, as often as the store lets a job try.
        if self._deaths > 3 * max(1, len(self._slots.open)) + 3:
            words = f"the worker processes keep dying: {self._pool.last_words()}"
            self._deaths = 0
            self._rest(words)

    def _rest(self, why: str) -> None:
        """Start no worker for a while; where a person looks on, that is an error."""
        if self._followed:
            raise WorkersError(why)
        self._resting = Rest(time.monotonic() + REST_SECONDS, why)
        self.log.say(f"pauses for {REST_SECONDS:.0f} s: {why}")

    def _rest_slot(self, slot: Slot) -> None:
        """Leave a slot alone whose worker could not compute: longer each time that it fails again."""
        times = self._unfit[slot].times + 1 if slot in self._unfit else 1
        seconds = min(REST_SECONDS * 2 ** (times - 1), LONGEST_REST_SECONDS)
        why = self._pool.last_words(slot)
        self._unfit[slot] = Rest(time.monotonic() + seconds, why, times)
        self.log.say(f"{slot.name} is left alone for {seconds:.0f} s: {why}")
        if self._followed and not len(self._pool) and all(open in self._unfit for open in self._slots.open):
            raise WorkersError(f"no worker can compute: {why}")

    def _lives(self, owner: Owner, heartbeat: float) -> bool:
        """Whether an owner lives; a worker of ours does until it is reaped, which tells why it died."""
        ours = {worker.pid for worker in self._pool}
        if owner.pid in ours and owner.boot_id == boot_id():
            return True
        return self._alive(owner, heartbeat)

    def _is_forgiven(self, owner: Owner) -> bool:
        """Whether a death is nobody's fault: the machine went down, or the disk took nothing."""
        if owner.boot_id != boot_id():
            return owner.host == platform.node()
        return owner.pid in self._forgiven

    def _tell_ends(self) -> None:
        ended = self._store.ended_after(self._store.told())
        if not ended:
            return
        self._deaths = 0
        for job in ended:
            why = f" ({job.reason}: {job.message})" if job.state is State.FAILED else ""
            self.log.say(f"{job.state}: {job.name} {job.id}{why}")
            # One message for a cause: what failed only because its source did is in the log.
            if job.state is State.FAILED and job.reason is not Reason.ARTEFACT:
                event = Event.RUN_DIVERGED if job.reason is Reason.DIVERGED else Event.RUN_FAILED
                self._post(event, job.name, {"id": job.id, "kind": job.kind, "reason": job.reason, "why": job.message})
        for sweep in self._store.sweeps_ended([job.id for job in ended]):
            counts = {state.value: number for state, number in sweep.runs.items() if number}
            words = ", ".join(f"{number:,} {state}" for state, number in counts.items())
            self.log.say(f"sweep {sweep.id} has ended: {words or 'its source is trained'}")
            self._post(
                Event.SWEEP_DONE, f"{sweep.id}: {words}", {"id": sweep.id, "runs": counts, "command": sweep.command}
            )

        # Noted afterwards: what ends while nobody looks, or at a crash, is told by the next supervisor, twice at worst.
        self._store.tell(max(job.ending or 0 for job in ended))

    def _note_unreadable(self, job_id: str, error: OSError) -> None:
        words = f"{error.filename or job_id}: {error.strerror}"
        if self._unreadable.get(job_id) != words:
            self._unreadable[job_id] = words
            self.log.say(f"what run {job_id} left cannot be read, it waits: {words}")

    def _post(self, event: Event, text: str, about: dict[str, object]) -> None:
        if self._webhook is not None:
            self._webhook.send(event, {"text": f"l2t: {event}: {text}", "host": platform.node()} | about)

    def _fill(self) -> None:
        """Start workers where there is something to do for them, and let those end whose GPU somebody else uses."""
        if self._resting is not None and not self._resting.over:
            return None
        self._resting = None
        wanted = self._store.claimable(self._followed)
        if any(wanted.values()) or len(self._pool):
            self._look()
        for worker in self._pool:
            if worker.slot not in self._slots.open:
                self._pool.drain(worker)
        self._unfit = {slot: rest for slot, rest in self._unfit.items() if not self._computes(slot)}
        busy = {job.pid for job in self._running}
        taken = {worker.slot for worker in self._pool}
        idle = [worker.slot.device for worker in self._pool if not worker.draining and worker.pid not in busy]
        for device, number in wanted.items():
            lacking = number - idle.count(device)
            free = [slot for slot in self._slots.open if slot.device == device and slot not in taken]
            free = [slot for slot in free if slot not in self._unfit or self._unfit[slot].over]
            for slot in free[: max(0, lacking)]:
                try:
                    worker = self._pool.start(slot)
                except OSError as error:
                    if of_disk(error):
                        raise
                    return self._rest(f"no worker can be started: {error.strerror}")
                self.log.say(f"worker {worker.pid} starts ({slot.name})")
        return None

    def _computes(self, slot: Slot) -> bool:
        """Whether the worker of a slot has a job: then the slot is fit again."""
        busy = {job.pid for job in self._running}
        return any(worker.slot == slot and worker.pid in busy for worker in self._pool)

    def _look(self) -> None:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        ours = {worker.pid: worker.slot.uuid for worker in self._pool if worker.slot.uuid is not None}
        before, gpus = self._slots.closed, self._gpus.look()
        self._slots = open_slots(self._settings, gpus, None, with_children(gpus, ours))  # None: settled by UUID
        for name, why in self._slots.closed:
            if (name, why) not in before:
                self.log.say(f"{name} is left alone: {why}")

    def _show(self) -> None:
        """Let readers see how it stands, where something has changed."""
        doing: Doing = "draining" if self._draining else "paused" if self.problem else "working"
        jobs = {job.pid: job for job in self._running}
        workers = {worker.slot: worker for worker in self._pool}

        def status(slot: Slot) -> SlotStatus:
            pid = workers[slot].pid if slot in workers else None
            job = jobs.get(pid)
            return SlotStatus(
                slot.name, slot.device, slot.uuid, pid, job.id if job else None, job.name if job else None
            )

        resting = {slot: rest.why for slot, rest in self._unfit.items() if slot not in workers}
        slots = [slot for slot in dict.fromkeys([*self._slots.open, *workers]) if slot not in resting]
        closed = [*self._slots.closed, *((slot.name, why) for slot, why in resting.items())]
        shown = Snapshot(self._lock.holder, doing, self.problem, [status(slot) for slot in slots], closed)
        if shown != self._shown:
            try:
                write_snapshot(self._home, shown)
                self._lock.tell(None)
            except OSError:
                with suppress(StoreError):
                    self._lock.tell(self.problem)
                return  # again at the next poll
            self._shown = shown

    def close(self) -> None:
        """Stop what runs."""
        try:
            if len(self._pool):
                self.stop()
            self._tell_ends()
        finally:
            self.log.say("ends")
            self._store.close()
            with suppress(OSError):
                (self._home / NAME).unlink(missing_ok=True)
            if self._webhook is not None:
                self._webhook.close(5.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is not None and not isinstance(error, KeyboardInterrupt):
            self.log.say(f"ends because of {type(error).__name__}: {error}")
        self.close()
