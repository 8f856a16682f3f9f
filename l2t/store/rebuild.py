"""Making the database anew from the folders: `runs/`, `artefacts/`, `sweeps/` and `marks.jsonl`.

A job with a result, and the weights that runs need of it, is done, any other is queued again, or cancelled where only
cancelled sweeps asked for it. What only the database knew is lost: order, priorities, counts of attempts, and why
something failed or was paused. A job that has no folder yet comes back where a sweep's file names it and its
specification can be salvaged.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from l2t.errors import DiskError
from l2t.store import found
from l2t.store.database import NAME, connect
from l2t.store.files import make_folder, sync_folder, temporary_for, write_json
from l2t.store.found import Found, FoundSweep
from l2t.store.plain import RefusedError
from l2t.store.presence import alone, in_use
from l2t.store.replay import read_marks
from l2t.store.restore import Restored, Restoring
from l2t.store.salvage import salvage

_LOCK = 128
"""The byte of `l2t.db-shm` that every process which has the database open holds locked (SQLite's WAL format)."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    done: int
    queued: int
    cancelled: int
    imported: int
    """Artefacts that no job made."""
    sweeps: int
    unknown: int
    """Jobs that sweeps ask for, whose specification is nowhere: asking again brings them back."""
    refused: list[str]
    """What was left as it is, a line each."""
    damaged: Path | None
    """Where the old database lies now; None where there was none."""


def rebuild(home: Path) -> Rebuilt:
    """Replace the database of a home by one made from its folders, atomically; the old one is kept beside it.

    The caller holds the home. Raises StoreError where a process has the database open, or the home cannot be written;
    nothing is changed then.
    """
    with alone(home):
        return _rebuild(home)


def _rebuild(home: Path) -> Rebuilt:
    _refuse_others(home)
    refused: list[str] = []
    jobs = list(_folders(home, refused))
    sweeps = list(_sweeps(home, refused))
    temporary = temporary_for(home / NAME)
    try:
        make_folder(temporary)
        rebuilt = _fill(home, temporary, jobs, sweeps, refused)
        _refuse_others(home)
        damaged = _swap(home, temporary / NAME)
    except OSError as error:
        raise DiskError(f"{home}: {error.strerror}. Nothing was changed") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Rebuilt(*rebuilt, refused=refused, damaged=damaged)


def _refuse_others(home: Path) -> None:
    """StoreError where a process that knows nothing of `presence` has the database open: sqlite3, or an older l2t."""
    path = home / f"{NAME}-shm"
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _LOCK)
    except OSError as error:
        raise in_use(home) from error
    finally:
        os.close(descriptor)


def _folders(home: Path, refused: list[str]) -> Iterable[Found]:
    for parent in found.PARENTS:
        for name in found.names(home, parent):
            try:
                yield found.read_job(home, parent, name)
            except RefusedError as error:
                refused.append(f"{parent}/{name}: {error}")


def _sweeps(home: Path, refused: list[str]) -> Iterable[FoundSweep]:
    for path in found.sweep_files(home):
        try:
            yield found.read_sweep(path)
        except RefusedError as error:
            refused.append(f"sweeps/{path.name}: {error}")


def _fill(
    home: Path, new: Path, jobs: list[Found], sweeps: list[FoundSweep], refused: list[str]
) -> tuple[int, int, int, int, int, int]:
    """Make the database in the folder `new`; returns the counts of `Rebuilt`."""
    named = {id: sweep.created for sweep in sorted(sweeps, key=lambda sweep: -sweep.created) for id in sweep.jobs}
    whole = {job.id for job in jobs if job.spec or job.imported}
    wanted = ({job.id for job in jobs} | named.keys()) - whole
    salvaged = salvage(home, wanted)
    restored: list[Restored] = []
    for job in jobs:
        spec = job.spec or salvaged.get(job.id)
        if spec is None:
            refused += [] if job.imported else [f"{job.path.parent.name}/{job.id}: {job.problem}"]
            continue
        if job.spec is None:
            write_json(job.path / "spec.json", spec.model_dump(mode="json"))
        sound = spec.kind == "run" or found.weights_problem(job.path / "weights.pt") is None
        result = job.result if sound else None
        spoilt = job.result_problem is not None or (job.result is not None and not sound)
        finished = None if result is None else (job.path / "result.json").stat().st_mtime
        created = named.get(job.id, job.path.stat().st_mtime)
        restored.append(Restored(spec, result, created, finished, spoilt))
    present = {job.id for job in jobs}
    restored += [Restored(spec, None, named[id], None) for id, spec in salvaged.items() if id not in present]
    position = {id: index for sweep in sweeps for index, id in enumerate(sweep.jobs)}
    restored.sort(key=lambda job: (job.created, job.spec.kind == "run", position.get(job.spec.id, 0), job.spec.id))
    imported = [job for job in jobs if job.imported]
    with Restoring(home, connect(new)) as store:
        store._all("PRAGMA journal_mode = DELETE")  # one file, which can be renamed
        store._all("PRAGMA synchronous = FULL")
        with store._transaction():
            store.restore(restored)
            for job in imported:
                store.restore_imported(job, (job.path / "result.json").stat().st_mtime)
            for sweep in sweeps:
                store.restore_sweep(sweep)
            store.cancel_unwanted()
            _restore_marks(store, home, {job.spec.id for job in restored}, refused)
        counts = dict(store._all("SELECT state, count(*) FROM jobs GROUP BY state"))
    unknown = len(wanted - salvaged.keys() - present)
    done, queued, cancelled = (counts.get(state, 0) for state in ("done", "queued", "cancelled"))
    return done, queued, cancelled, len(imported), len(sweeps), unknown


def _restore_marks(store: Restoring, home: Path, ids: set[str], refused: list[str]) -> None:
    try:
        store.restore_marks(read_marks(home, ids))
    except RefusedError as error:
        refused.append(str(error))


def _swap(home: Path, new: Path) -> Path | None:
    """Let `new` take the place of the database, which is kept: at every moment there is one of the two."""
    path = home / NAME
    descriptor = os.open(new, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    damaged: Path | None = None
    if path.exists():
        damaged = next(name for n in count(1) if not (name := path.with_name(f"{NAME}.damaged-{n}")).exists())
        damaged.hardlink_to(path)
    for end in ("-wal", "-shm"):
        # The old database's log must never be taken for the new one's.
        with contextlib.suppress(FileNotFoundError):
            beside = path.with_name(f"{NAME}{end}")
            beside.rename(damaged.with_name(f"{damaged.name}{end}")) if damaged else beside.unlink()
    sync_folder(home)
    new.replace(path)
    sync_folder(home)
    return damaged
