"""How a sweep stands, whoever works on it. Reads only."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from l2t.jobs.eta import remaining
from l2t.jobs.status import read_snapshot
from l2t.jobs.tail import MetricsTail
from l2t.store.folder import JobFolder
from l2t.store.rows import JobRow, SweepRow
from l2t.store.state import State
from l2t.store.store import Store


@dataclass(frozen=True, slots=True)
class ActiveJob:
    """A running job as a progress display shows it."""

    job: JobRow
    metrics: Mapping[str, Any] | None
    """The last line of its metrics file; None before there is one."""


@dataclass(frozen=True, slots=True)
class SweepStatus:
    """How a sweep stands."""

    sweep: SweepRow
    running: list[ActiveJob]
    retried: list[JobRow]
    """Jobs whose last attempt failed, and that are tried again."""
    ended: list[JobRow]
    """Jobs that were done, failed or cancelled since the last poll, in that order of time."""
    left: int
    """Jobs that are still to end; paused ones are not."""
    eta: float | None
    """Estimated seconds until all have ended; None while nothing is known."""

    @property
    def finished(self) -> bool:
        return self.left == 0


class SweepWatch:
    """Follows one sweep. A context manager."""

    def __init__(self, home: Path, sweep: str) -> None:
        self._home = home
        self._sweep = sweep
        self._store = Store.read(home)
        self._tail = MetricsTail()
        self._ending = self._store.last_ending()

    def poll(self) -> SweepStatus:
        """How it stands now. Call it once or twice a second."""
        row = self._store.sweep(self._sweep)
        ended = self._store.ended_after(self._ending, self._sweep)
        if ended:
            self._ending = max(job.ending or 0 for job in ended)
        left = sum(
            counts[state]
            for counts in (row.runs, row.sources, row.artefacts)
            for state in (State.QUEUED, State.RUNNING, State.INTERRUPTED)
        )
        running = self._store.running(self._sweep)
        metrics = [self._tail.last(JobFolder.of(self._home, job.kind, job.id).metrics) for job in running]
        return SweepStatus(
            sweep=row,
            running=[ActiveJob(job, last) for job, last in zip(running, metrics, strict=True)],
            retried=self._store.retried(self._sweep) if left else [],
            ended=ended,
            left=left,
            eta=remaining(self._store.paces(self._sweep), running, self._slots(), time.time()) if left else 0.0,
        )

    def _slots(self) -> int:
        """Runs that can be computed at a time."""
        snapshot = read_snapshot(self._home)
        return max(1, len(snapshot.slots) if snapshot else 1)

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
