"""Homes with finished jobs in them, as workers would leave them, in no time."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiny_engine import archived

from l2t.spec import RunSpec, SourceSpec
from l2t.store.files import write_atomic, write_json
from l2t.store.folder import JobFolder
from l2t.store.rows import Job, Owner
from l2t.store.store import Store

OWNER = Owner("box", "boot", 100, 12345)
WEIGHTS = archived("weights")
"""Contents of the file of a source network's or artefact's weights."""


def result_of(id: str) -> dict[str, Any]:
    """A result that only the job's id decides, as an engine's would."""
    value = hashlib.sha256(id.encode()).hexdigest()
    return {"accuracy": int(value[:8], 16) / 2**32 * 100, "steps": 4, "parameters": 7, "final": value}


def compute(home: Path, job: Job) -> JobFolder:
    """What an attempt leaves: all files of a finished job."""
    spec = job.spec()
    folder = JobFolder.of(home, job.kind, job.id)
    folder.make()
    write_json(folder.spec, spec.model_dump(mode="json"))
    write_json(folder.env, {"fingerprint": {"cpu": "tiny"}})
    folder.begin_attempt(job.attempts)
    with folder.metrics_writer() as metrics:
        metrics.append(*({"epoch": epoch, "note": f"γ{epoch}"} for epoch in range(4)))
    folder.write_trace(3, b"npz")
    folder.write_attempt(job.attempts, 1.5, 1 << 20)
    if job.kind != "run":
        write_atomic(folder.weights, WEIGHTS)
    folder.write_result(result_of(job.id))
    return folder


def work(store: Store, limit: int = -1) -> list[str]:
    """Finish the jobs in the queue, `limit` of them at most; returns their ids."""
    done: list[str] = []
    while len(done) != limit and (job := store.claim(OWNER)) is not None:
        result = compute(store.home, job).read_result()
        assert result is not None
        store.finish(job.id, OWNER, result, 1.5, 1 << 20)
        done.append(job.id)
    return done


def age(path: Path, seconds: float = 7200) -> None:
    """Make a file look old."""
    found = path.lstat()
    os.utime(path, (found.st_atime - seconds, found.st_mtime - seconds), follow_symlinks=False)


def table(home: Path) -> dict[str, tuple[Any, ...]]:
    """What tables show of each run, by id."""
    with Store.read(home) as store:
        return {
            row.id: (row.state, row.accuracy, row.parameters, row.steps, row.seconds, row.peak_memory, row.source)
            for row in store.runs()
        }


def jobs_of(
    make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec], runs: int
) -> tuple[list[RunSpec], SourceSpec]:
    """Some runs, half of which need the source."""
    source = make_source()
    return [make_run(seed, source=source.ref if seed % 2 else None) for seed in range(runs)], source


def forget(folder: JobFolder) -> dict[str, Any]:
    """The result of a job, which is removed."""
    result: dict[str, Any] = json.loads(folder.result.read_bytes())
    folder.result.unlink()
    return result
