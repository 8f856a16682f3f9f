"""An engine in whose workers chosen events kill: imported by a worker, it watches for them from the first claim on.

The folder DEADLY holds a file `KIND-N` for each kill, its text the victim: at the N-th event of that kind, counted over
all workers there ever were, or the next one that may be fatal, the worker, its supervisor or both are killed.
DEADLY_ENGINE is the engine underneath.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from l2t.jobs.engine import Engine
from l2t.registry import load_object
from l2t.store.files import LineWriter
from l2t.store.folder import JobFolder
from l2t.store.store import Store

KINDS = ("claim", "epoch", "rename", "renamed", "result", "finish")
"""After a claim, after lines of metrics, between a temporary file and its rename, after the rename, after `result.json`
and after the store was told of it."""

PLAN = Path(os.environ["DEADLY"])

KILLS_OF_ONE = 2
"""A job whose process dies three times at one place is meant to fail: then others are killed."""

job: str | None = None
"""What this worker computes."""


def event(kind: str) -> None:
    """Count an event; where a kill is due, it happens here."""
    counter = os.open(PLAN / f"count-{kind}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(counter, b".")
    number = os.lseek(counter, 0, os.SEEK_CUR)
    os.close(counter)
    due = [path for path in PLAN.glob(f"{kind}-*") if int(path.name.rpartition("-")[2]) <= number]
    if not due or ((kills := PLAN / f"job-{job}").exists() and kills.stat().st_size >= KILLS_OF_ONE):
        return
    planned = min(due, key=lambda path: int(path.name.rpartition("-")[2]))
    victim = planned.with_name(f"killed-{planned.name}")
    try:
        planned.rename(victim)
    except FileNotFoundError:  # another worker was quicker
        return
    whom = victim.read_text()
    with kills.open("a") as file:
        file.write(".")
    if whom in ("supervisor", "both"):
        os.kill(os.getppid(), signal.SIGKILL)
    if whom in ("worker", "both"):
        os.kill(os.getpid(), signal.SIGKILL)


def after(owner: type, name: str, kind: str) -> None:
    real = getattr(owner, name)

    def method(*arguments: Any, **named: Any) -> Any:
        global job
        result = real(*arguments, **named)
        if kind == "claim":
            job = None if result is None else result.id
        if job is not None:
            event(kind)
        return result

    setattr(owner, name, method)


class Metrics(LineWriter):
    def append(self, *values: dict[str, Any]) -> None:
        super().append(*values)
        event("epoch")


def replace(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
    def method(self: Path, target: Path) -> Path:
        event("rename")
        done = real(self, target)
        event("renamed")
        return done

    return method


after(Store, "claim", "claim")
after(Store, "finish", "finish")
after(JobFolder, "write_result", "result")
JobFolder.metrics_writer = lambda folder: Metrics(folder.metrics)  # type: ignore[method-assign]
Path.replace = replace(Path.replace)  # type: ignore[method-assign, assignment]


def load() -> Engine:
    engine: Callable[[], Engine] = load_object(os.environ["DEADLY_ENGINE"])
    return engine()
