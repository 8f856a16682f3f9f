"""Working on a sweep in the foreground and showing how it stands, on stderr."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

from cli.diagnostics import say
from cli.output import duration, percent
from l2t.jobs.loop import ActiveJob, Loop, SweepStatus
from l2t.store.state import State

POLL_SECONDS = 0.5
QUIET_SECONDS = 10.0
"""At least this long between two progress lines where stderr is no terminal."""


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class View(Protocol):
    """Shows a sweep."""

    def show(self, status: SweepStatus) -> None:
        """Draw how it stands. Called after every poll."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def follow(home: Path, sweep: str, workers: int) -> bool:
    """Work on the sweep until all its jobs have ended; False where Ctrl-C (or a hangup, or SIGTERM) stopped it first.

    What was running then has written a checkpoint, and goes on from it when it is asked for again.
    """
    with _stop_signals(), Loop(home, sweep, workers) as loop:
        view = make_view()
        try:
            while True:
                status = loop.poll()
                view.show(status)
                if status.finished:
                    return True
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            view.close()
            say("stopping: what is running writes a checkpoint (seconds; Ctrl-C again kills it)")
            try:
                loop.stop()
            except KeyboardInterrupt:
                loop.stop(grace=0)
            return False
        finally:
            view.close()


def make_view() -> View:
    """Live lines on a terminal, else plain ones."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from cli.live import LiveView

        return LiveView()
    return PlainView()


@contextmanager
def _stop_signals() -> Iterator[None]:
    """Within: SIGTERM and SIGHUP stop the work as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
    for state in (State.FAILED, State.CANCELLED):
        if counts[state]:
            text += f", {counts[state]} {state}"
    if status.left and status.eta is not None and status.eta >= 1:
        text += f", {duration(status.eta)} left"
    return text


class PlainView:
    """One line for each job that ended, and one every ten seconds for those that run."""

    def __init__(self) -> None:
        self._spoke = time.monotonic()
        self._active = ActiveJobs()

    def show(self, status: SweepStatus) -> None:
        for job in status.ended:
            outcome = f"{percent(job.accuracy)} %" if job.state is State.DONE else f"{job.reason or ''}: {job.message}"
            say(f"{job.state}  {job.name}  {outcome}  ({describe_counts(status)})")
            self._spoke = time.monotonic()
        if time.monotonic() - self._spoke < QUIET_SECONDS or status.finished:
            return
        self._spoke = time.monotonic()
        active = "; ".join(" ".join(filter(None, self._active.describe(job))) for job in status.running)
        say(f"{describe_counts(status)}; {active or 'starting'}")

    def close(self) -> None:
        return
