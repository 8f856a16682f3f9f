"""Running a sweep in the foreground: worker processes, started, watched and stopped.

The store's claims are the only lock: two loops on one home share the runs of a sweep that both want, and each ends when
all of them have ended.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from l2t.errors import StoreError
from l2t.jobs.eta import remaining
from l2t.jobs.owner import alive
from l2t.jobs.tail import MetricsTail
from l2t.store.folder import JobFolder
from l2t.store.rows import JobRow, SweepRow
from l2t.store.state import State
from l2t.store.store import Store

GRACE_SECONDS = 30.0
"""How long a worker has for its checkpoint before it is killed: a step of a large network takes seconds."""

ROOM = 1 << 20
"""Bytes of free disk below which workers that die without ending a job died of that: their log had no room either."""

# One thread a worker, so that --jobs never changes a run's bits; the engine raises it where a spec says so.
_ENVIRONMENT = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1") | {
    # glibc would give every large tensor back to the kernel and fault it in again: a quarter of a small step's time.
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
}


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
    ended: list[JobRow]
    """Jobs that were done, failed or cancelled since the last poll, in that order of time."""
    left: int
    """Jobs that are still to end."""
    eta: float | None
    """Estimated seconds until all have ended; None while nothing is known."""

    @property
    def finished(self) -> bool:
        return self.left == 0


class Loop:
    """Works on one sweep with up to `workers` processes until all its jobs have ended. A context manager: leaving it
    stops what still runs, and the same command goes on from there.

    engine: import string of what gives the workers their engine.
    """

    def __init__(self, home: Path, sweep: str, workers: int, engine: str = "l2t.jobs.engine:load") -> None:
        self._home = home
        self._sweep = sweep
        self._wanted = workers
        self._engine = engine
        self._store = Store.open(home)
        self._workers: list[subprocess.Popen[bytes]] = []
        self._deaths = 0
        self._tail = MetricsTail()
        self._known = {(job.id, job.finished) for job in self._store.ended(sweep)}
        self._log = home / "logs" / f"worker-{sweep}-{os.getpid()}.log"

    def poll(self) -> SweepStatus:
        """Look after the workers (start, replace) and tell how the sweep stands. Call it once or twice a second.

        Raises StoreError where the workers keep dying without ending any job.
        """
        self._store.reconcile(alive)
        row = self._store.sweep(self._sweep)
        ended = self._new_ends(row)
        if ended:
            self._deaths = 0
        left = _count(row, State.QUEUED, State.RUNNING, State.INTERRUPTED)
        self._reap()
        if _count(row, State.QUEUED):
            while len(self._workers) < min(self._wanted, left):
                self._workers.append(self._start())
        running = self._store.running(self._sweep)
        metrics = [self._tail.last(JobFolder.of(self._home, job.kind, job.id).metrics) for job in running]
        return SweepStatus(
            sweep=row,
            running=[ActiveJob(job, last) for job, last in zip(running, metrics, strict=True)],
            ended=ended,
            left=left,
            eta=remaining(self._store.paces(self._sweep), running, self._wanted, time.time()) if left else 0.0,
        )

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Let the workers checkpoint and stop; kill those that take longer than `grace` seconds."""
        for worker in self._workers:
            worker.terminate()
        deadline = time.monotonic() + grace
        for worker in self._workers:
            try:
                worker.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            _close(worker)
        self._workers = []
        self._store.reconcile(alive)

    def _new_ends(self, row: SweepRow) -> list[JobRow]:
        if _count(row, State.DONE, State.FAILED, State.CANCELLED) == len(self._known):
            return []
        ended = self._store.ended(self._sweep)
        new = [job for job in ended if (job.id, job.finished) not in self._known]
        self._known = {(job.id, job.finished) for job in ended}
        return new

    def _reap(self) -> None:
        for worker in [worker for worker in self._workers if worker.poll() is not None]:
            self._workers.remove(worker)
            _close(worker)
            self._deaths += worker.returncode != 0
        # Every worker may meet a job that kills it, as often as the store lets a job try.
        if self._deaths > 3 * self._wanted + 3:
            raise StoreError(f"the worker processes keep dying: {self._last_words()} (see {self._log})")

    def _start(self) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(mode=0o700, exist_ok=True)
        options = ["--home", str(self._home), "--sweep", self._sweep, "--engine", self._engine]
        with self._log.open("ab") as log:
            # A session of its own: the terminal's Ctrl-C is ours to pass on. It stops when its standard input ends.
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "l2t.jobs.worker", *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | _ENVIRONMENT,
            )

    def _last_words(self) -> str:
        if shutil.disk_usage(self._home).free < ROOM:
            return "the disk is full. Free some space and repeat the command"
        lines = self._log.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "without a word")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.stop()
            if self._log.exists() and not self._log.stat().st_size:
                self._log.unlink()
        finally:
            self._store.close()


def _count(row: SweepRow, *states: State) -> int:
    return sum(row.runs[state] + row.sources[state] for state in states)


def _close(worker: subprocess.Popen[bytes]) -> None:
    if worker.stdin is not None:
        worker.stdin.close()
