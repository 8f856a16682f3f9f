"""Following a sweep in the foreground: how it stands and who works on it, on stderr; and what ends the following."""

import os
import signal
import sys
import threading
import time
from enum import Enum, auto
from pathlib import Path
from types import FrameType
from typing import Protocol

from cli.diagnostics import say
from l2t.jobs.follower import Followed, Follower
from l2t.jobs.slots import SlotSettings
from l2t.jobs.watch import ActiveJob, SweepStatus
from l2t.spec.run import Device
from l2t.store.rows import JobRow
from l2t.store.state import State
from l2t.words import duration, percent

POLL_SECONDS = 0.5
QUIET_SECONDS = 10.0
"""At least this long between two progress lines where stderr is no terminal."""


class Ended(Enum):
    """Why a sweep is followed no more."""

    ALL = auto()
    """Nothing of it is left to do."""
    STOPPED = auto()
    """Ctrl-C, SIGTERM or a hangup; what ran has written a checkpoint, or ends where another process runs it."""
    LEFT = auto()
    """The same, but a supervisor goes on with it."""
    DOWN = auto()
    """`l2t down` ended the supervisor that worked on it."""


class View(Protocol):
    """Shows a sweep."""

    def show(self, status: SweepStatus, aside: str) -> None:
        """Draw how it stands. Called after every poll. aside: who else works on it, why nothing is begun; or empty."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def follow(home: Path, sweep: str, device: Device, slots: SlotSettings) -> Ended:
    """See that the sweep is worked on until nothing of it is left, by whoever holds the home, else by this process.

    device: the kind that its jobs need; slots: where this process works, if it does.
    """
    with _Signals() as signals, Follower(home, sweep, device, slots) as follower:
        view = make_view()
        try:
            while not signals.received:
                found = follower.poll()
                try:
                    view.show(found.status, describe_work(found))
                except OSError:  # after a hangup there is no terminal to draw on
                    if not signals.received:
                        raise
                if found.status.finished:
                    return Ended.ALL
                if found.down:
                    return Ended.DOWN
                signals.wait(POLL_SECONDS)
        finally:
            view.close()
        if follower.here:
            say("stopping: what is running writes a checkpoint (seconds; Ctrl-C again kills it)")
            try:
                follower.stop()
            except KeyboardInterrupt:
                follower.stop(grace=0)
            return Ended.STOPPED
        worker = follower.holder
        if worker is None:
            return Ended.STOPPED
        if worker.mode == "run":
            say(f"this sweep's running runs end with {worker.description}; the others wait")
            return Ended.STOPPED
        if signals.received != signal.SIGHUP:
            say(f"{worker.description}, goes on: l2t status shows its work, l2t queue pause stops runs")
        return Ended.LEFT


def make_view() -> View:
    """Live lines on a terminal, else plain ones."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from cli.live import LiveView

        return LiveView()
    return PlainView()


class _Signals:
    """Within: Ctrl-C, SIGTERM and SIGHUP are noted, once; a further one raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.received = 0
        """Number of the first signal; 0 before there is one."""
        self._woken = threading.Event()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until a signal comes."""
        self._woken.wait(seconds)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            raise KeyboardInterrupt
        self.received = number
        self._woken.set()

    def __enter__(self) -> "_Signals":
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def describe_work(found: Followed) -> str:
    """What a progress display adds: who else works on the sweep, and why nothing is begun; empty where all is plain."""
    words = []
    if not found.here and found.holder is not None:
        words.append(f"worked on by {found.holder.description}")
    if found.draining:
        words.append("which ends after what runs now (l2t down)")
    if found.problem:
        words.append(f"nothing is begun: {found.problem}")
    if found.status.retried:
        job, *rest = found.status.retried
        also = f" and {len(rest)} more are" if rest else " is"
        words.append(f"attempt {job.attempts} of {job.name} failed ({job.message}): it{also} tried again soon")
    return ", ".join(words)


class ActiveJobs:
    """Running jobs in words. Remembers each one's last accuracy, which is not measured every epoch."""

    def __init__(self) -> None:
        self._accuracies: dict[str, float] = {}

    def describe(self, active: ActiveJob) -> tuple[str, str, str, str]:
        """Name, epoch, loss, accuracy; empty where there is none yet."""
        job, metrics = active.job, active.metrics or {}
        if isinstance(accuracy := metrics.get("accuracy"), (int, float)):
            self._accuracies[job.id] = accuracy
        last = self._accuracies.get(job.id)
        loss = metrics.get("loss")
        return (
            job.name,
            f"epoch {job.epoch}/{job.epochs}" if job.epochs else "starting",
            f"loss {loss:.3f}" if isinstance(loss, (int, float)) else "",
            "" if last is None else f"accuracy {percent(last)} %",
        )


def describe_counts(status: SweepStatus) -> str:
    """`12/20 done, 1 failed, 3 min left`: runs, or the source trainings of a sweep that has no runs."""
    counts = status.sweep.runs if any(status.sweep.runs.values()) else status.sweep.sources
    text = f"{counts[State.DONE]}/{sum(counts.values())} done"
    for state in (State.FAILED, State.CANCELLED, State.PAUSED):
        if counts[state]:
            text += f", {counts[state]} {state}"
    if status.left and status.eta is not None and status.eta >= 1:
        text += f", {duration(status.eta)} left"
    return text


def describe_end(job: JobRow) -> str:
    """`done  NAME  80.1 %`, with no accuracy where it has none; `failed  NAME  diverged: …`; `cancelled  NAME`."""
    accuracy = "" if job.accuracy is None else f"{percent(job.accuracy)} %"
    outcome = {State.DONE: accuracy, State.FAILED: f"{job.reason}: {job.message}"}
    return "  ".join(filter(None, (job.state, job.name, outcome.get(job.state))))


class PlainView:
    """One line for each job that ended, one where something about the work changes, and one every ten seconds for those
    that run."""

    def __init__(self) -> None:
        self._spoke = time.monotonic()
        self._active = ActiveJobs()
        self._aside = ""

    def show(self, status: SweepStatus, aside: str) -> None:
        if aside != self._aside and not status.finished:
            self._aside = aside
            say(aside or "work goes on here")
        for job in status.ended:
            say(f"{describe_end(job)}  ({describe_counts(status)})")
            self._spoke = time.monotonic()
        if time.monotonic() - self._spoke < QUIET_SECONDS or status.finished:
            return
        self._spoke = time.monotonic()
        active = "; ".join(" ".join(filter(None, self._active.describe(job))) for job in status.running)
        say(f"{describe_counts(status)}; {active or 'starting'}")

    def close(self) -> None:
        return
