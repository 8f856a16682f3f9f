"""The worker processes of one supervisor: started in a device slot, watched, told to end."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from l2t.jobs.slots import Slot

# One thread a worker, so that slots never change a run's bits; the engine raises it where a spec says so.
_ENVIRONMENT = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1") | {
    # glibc would give every large tensor back to the kernel and fault it in again: a quarter of a small step's time.
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
}

KILL_SECONDS = 10.0
"""How long a killed worker is waited for."""
LOG_SIZE = 1 << 20
"""Bytes of a worker's log above which its next process begins it anew."""


@dataclass
class Worker:
    """One process in its slot."""

    slot: Slot
    process: subprocess.Popen[bytes]
    draining: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def pid(self) -> int:
        return self.process.pid


class Pool:
    """At most one worker a slot.

    engine: import string of what gives the workers their engine; followed: they do jobs of followed sweeps only.
    """

    def __init__(self, home: Path, engine: str, followed: bool) -> None:
        self._home = home
        self._engine = engine
        self._followed = followed
        self._workers: list[Worker] = []

    def __iter__(self) -> Iterator[Worker]:
        return iter(self._workers)

    def __len__(self) -> int:
        return len(self._workers)

    def log(self, slot: Slot) -> Path:
        """What the workers of a slot print: nothing, as long as all is well."""
        return self._home / "logs" / f"worker-{slot.name.replace(' ', '-')}.log"

    def start(self, slot: Slot) -> Worker:
        """A new worker in a free slot. OSError where its log cannot be written or the system has no room for it."""
        log = self.log(slot)
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        full = log.exists() and log.stat().st_size > LOG_SIZE
        options = ["--home", str(self._home), "--device", slot.device, "--engine", self._engine]
        visible = {"CUDA_VISIBLE_DEVICES": slot.uuid or ""}
        with log.open("wb" if full else "ab") as output:
            # A session of its own: the terminal's Ctrl-C is ours to pass on. It stops when its standard input ends.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "l2t.jobs.worker", *options, *["--followed"] * self._followed],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=os.environ | _ENVIRONMENT | visible,
            )
        worker = Worker(slot, process)
        self._workers.append(worker)
        return worker

    def reap(self) -> list[Worker]:
        """The workers that have ended since the last call."""
        ended = [worker for worker in self._workers if worker.process.poll() is not None]
        for worker in ended:
            self._workers.remove(worker)
            _close(worker)
        return ended

    def drain(self, worker: Worker) -> None:
        """Let a worker end after its present job."""
        if worker.draining or worker.process.stdin is None:
            return
        worker.draining = True
        with suppress(OSError):  # it has ended meanwhile
            worker.process.stdin.write(b"drain\n")
            worker.process.stdin.flush()

    def stop(self, grace: float) -> list[Worker]:
        """Let all checkpoint and end; kill those that take longer than `grace` seconds. Returns the workers."""
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + grace
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                with suppress(subprocess.TimeoutExpired):  # else it hangs in the kernel, and ends when that lets it
                    worker.process.wait(KILL_SECONDS)
            _close(worker)
        stopped, self._workers = self._workers, []
        return stopped

    def last_words(self, slot: Slot | None = None) -> str:
        """The last line that a worker printed, of one slot or of all."""
        found = [self.log(slot)] if slot else (self._home / "logs").glob("worker-*.log")
        logs = sorted((path for path in found if path.exists()), key=lambda path: path.stat().st_mtime)
        for path in reversed(logs):
            lines = path.read_text(errors="replace").split("\n")
            for line in reversed(lines):
                if line.strip():
                    return f"{line.strip()} (see {path})"
        return "without a word"


def _close(worker: Worker) -> None:
    if worker.process.stdin is not None:
        with suppress(OSError):
            worker.process.stdin.close()
