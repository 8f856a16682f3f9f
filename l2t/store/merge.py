"""Adding what another home finished to this one. The other home is only read, by its folders alone, and never trusted:
a job is taken where its specification has the hash that names its folder, and every file of it is a plain one."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l2t.errors import DiskError, StoreError, UsageError
from l2t.store import files, found
from l2t.store.database import connect
from l2t.store.files import make_folder, sync_folder, temporary_for, write_json
from l2t.store.folder import JobFolder
from l2t.store.found import Found
from l2t.store.plain import LARGEST_JSON, RefusedError, opened, opened_file, read_object
from l2t.store.replay import read_marks
from l2t.store.restore import Restored, Restoring

LARGEST = {"spec.json": LARGEST_JSON, "env.json": LARGEST_JSON, "result.json": LARGEST_JSON} | dict.fromkeys(
    ("metrics.jsonl", "timing.jsonl", "log.txt"), 256 << 20
)
"""Files of a job that are taken, and the bytes above which the job is refused."""
LARGEST_WEIGHTS = 8 << 30
LARGEST_TRACE = 64 << 20
BATCH = 64
"""Copies that are made durable and put in place together."""
BUSY = ("running", "redo")
"""States, as `Restoring.state_of` has them, in which a job's folder is somebody's."""
_TRACE = re.compile(r"\d{6,9}\.npz")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A job that both homes did, with different results. Ours is kept."""

    id: str
    name: str
    ours: Path
    theirs: Path
    accuracies: tuple[float | None, float | None]
    """Percent, ours and theirs."""
    fingerprints: tuple[Mapping[str, Any], Mapping[str, Any]]
    """What each was computed on."""
    differing: tuple[str, ...]
    """Keys of the result that differ."""


@dataclass(slots=True)
class Merged:
    """What a merge did."""

    added: list[str] = field(default_factory=list)
    """Ids of jobs and artefacts that are new here, or were not done yet."""
    equal: int = 0
    """Done here with the same result."""
    conflicts: list[Conflict] = field(default_factory=list)
    unfinished: int = 0
    """Jobs that are not done there."""
    busy: list[str] = field(default_factory=list)
    """Ids of jobs that are running here, or forced: merge again when they have ended."""
    refused: list[str] = field(default_factory=list)
    """A line each."""
    sweeps: int = 0


def merge(home: Path, other: Path) -> Merged:
    """Add the finished jobs of another home, with sweeps, tags and notes. May be repeated, also after it was stopped.

    Raises UsageError where `other` is no home, or this one; DiskError where the disk takes no more: what was added by
    then stays.
    """
    if not any((other / parent).is_dir() for parent in found.PARENTS):
        raise UsageError(f"{other} is no home of l2t: it has neither runs nor artefacts")
    if other.resolve() == home.resolve():
        raise UsageError(f"{other} is this home itself")
    merged = Merged()
    with Restoring(home, connect(home)) as store:
        seen: set[str] = set()
        for parent in reversed(found.PARENTS):  # artefacts first: what runs need
            if (other / parent).is_symlink():
                merged.refused.append(f"{parent}: it is a link")
                continue
            waiting: list[_Copied] = []
            try:
                for name in found.names(other, parent):
                    _look(store, other, parent, name, merged, waiting, seen)
                    if len(waiting) == BATCH:
                        _settle(store, waiting, merged, seen)
            except OSError as error:
                raise _disk(home, error) from error
            finally:  # what is whole is added, whatever came after it
                _settle(store, waiting, merged, seen)
        _sweeps(store, other, merged)
        _marks(store, other, seen, merged)
    return merged


@dataclass(frozen=True, slots=True)
class _Copied:
    """A finished job of the other home that is to be done here."""

    job: Found
    ours: JobFolder
    copy: Path | None
    """Its files, beside their place; None where they are there already, only the database lacks them."""


def _look(
    store: Restoring, other: Path, parent: str, name: str, merged: Merged, waiting: list[_Copied], seen: set[str]
) -> None:
    """Compare one folder with ours, and copy it where it is new. seen: ids of jobs whose result both homes have."""
    try:
        job = found.read_job(other, parent, name)
        if job.problem:
            raise RefusedError(job.problem)
        if job.kind != "run":
            found.check_name(job)
        if job.result is None:
            merged.unfinished += 1
            return
        ours = JobFolder.of(store.home, job.kind, job.id)
        state, result = store.state_of(job.id), ours.read_result()
        if state in BUSY:
            merged.busy.append(job.id)
        elif result is None:
            copy = temporary_for(ours.path)
            make_folder(copy.parent)
            try:
                _copy(job, copy)
            except BaseException:
                shutil.rmtree(copy, ignore_errors=True)
                raise
            waiting.append(_Copied(job, ours, copy))
        elif result != job.result:
            merged.conflicts.append(_conflict(job, ours, result))
        elif state == "done":
            merged.equal += 1
            seen.add(job.id)
        else:
            waiting.append(_Copied(job, ours, None))
    except RefusedError as error:
        merged.refused.append(f"{parent}/{name}: {error}")


def _settle(store: Restoring, waiting: list[_Copied], merged: Merged, seen: set[str]) -> None:
    """Put copies in place and make their jobs done, as one step for all who claim jobs."""
    if not waiting:
        return
    os.sync()  # once for hundreds of small files
    added: list[str] = []
    try:
        with store._transaction():
            for copied in waiting:
                if store.state_of(copied.job.id) in BUSY:  # somebody just claimed it
                    merged.busy.append(copied.job.id)
                    continue
                _record(store, copied)
                added.append(copied.job.id)
            sync_folder(waiting[0].ours.path.parent)
    except OSError as error:
        raise _disk(store.home, error) from error
    finally:
        for copied in waiting:
            if copied.copy is not None:
                shutil.rmtree(copied.copy, ignore_errors=True)
        waiting.clear()
    merged.added += added
    seen.update(added)


def _record(store: Restoring, copied: _Copied) -> None:
    job, ours = copied.job, copied.ours
    if copied.copy is not None:
        ours.archive()
        copied.copy.rename(ours.path)
    state, finished = store.state_of(job.id), ours.result.stat().st_mtime
    if job.spec is None:
        store.restore_imported(job, finished)
    elif state is None:
        store.restore([Restored(job.spec, job.result, finished, finished)])
    elif state != "done":
        store.requeue(job.id)
        store.complete(Restored(job.spec, job.result, finished, finished))


def _copy(job: Found, to: Path) -> None:
    """The job's files in the new folder `to`; RefusedError where one is no plain file, or not what was read before."""
    to.mkdir(mode=0o700)
    sizes = LARGEST | ({} if job.kind == "run" else {"weights.pt": LARGEST_WEIGHTS})
    with opened(job.path.parent) as outer, opened(job.path.name, outer) as folder:
        for name, largest in sizes.items():
            _file(name, folder, to, largest)
        try:
            os.stat("traces", dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            pass
        else:
            _traces(folder, to / "traces")
    copied = found.read_copy(to, job)
    if copied.problem or copied.result != job.result:
        raise RefusedError("it changed while it was read")
    read_object(to / "env.json")
    if job.kind != "run" and (problem := found.weights_problem(to / "weights.pt")):
        raise RefusedError(problem)
    # Its time stays that of its end.
    with opened(job.path) as folder:
        ended = os.stat("result.json", dir_fd=folder, follow_symlinks=False).st_mtime
    if 0 < ended < 1e11:
        os.utime(to / "result.json", (ended, ended))


def _traces(folder: int, to: Path) -> None:
    to.mkdir(mode=0o700)
    with opened("traces", folder) as traces:
        with os.scandir(traces) as entries:
            names = sorted(entry.name for entry in entries if _TRACE.fullmatch(entry.name))
        for name in names:
            _file(name, traces, to, LARGEST_TRACE)


def _file(name: str, within: int, to: Path, largest: int) -> None:
    with opened_file(name, within, largest) as descriptor:
        if descriptor is not None:
            files.copy(descriptor, to / name, durable=False)


def _conflict(job: Found, ours: JobFolder, result: dict[str, Any]) -> Conflict:
    assert job.result is not None
    theirs = JobFolder(job.path)
    differing = sorted(key for key in result.keys() | job.result.keys() if result.get(key) != job.result.get(key))
    return Conflict(
        id=job.id,
        name=job.spec.name if job.spec else str(job.result.get("name")),
        ours=ours.path,
        theirs=theirs.path,
        accuracies=(result.get("accuracy"), job.result.get("accuracy")),
        fingerprints=(_fingerprint(ours.env), _fingerprint(theirs.env)),
        differing=tuple(differing),
    )


def _fingerprint(env: Path) -> Mapping[str, Any]:
    try:
        value = (read_object(env) or {}).get("fingerprint")
    except RefusedError:
        return {}
    return value if isinstance(value, dict) else {}


def _sweeps(store: Restoring, other: Path, merged: Merged) -> None:
    """Sweeps of the other home with a job that this one knows. One that is known here keeps what it says."""
    if (other / "sweeps").is_symlink():
        merged.refused.append("sweeps: it is a link")
        return
    for path in found.sweep_files(other):
        try:
            sweep = found.read_sweep(path)
        except RefusedError as error:
            merged.refused.append(f"sweeps/{path.name}: {error}")
            continue
        ours = store.home / "sweeps" / f"{sweep.id}.json"
        if not store._all("SELECT 1 FROM jobs WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(sweep.jobs)]):
            continue
        try:
            with store._transaction():
                new = not store._all("SELECT 1 FROM sweeps WHERE id = ?", [sweep.id])
                store.restore_sweep(sweep)
                if new:
                    make_folder(ours.parent)
                    write_json(ours, sweep.plain())
                    merged.sweeps += 1
        except OSError as error:
            raise _disk(ours, error) from error


def _marks(store: Restoring, other: Path, ids: set[str], merged: Merged) -> None:
    """Tags and notes of the jobs that both homes have; a note of ours stays."""
    try:
        store.add_marks(read_marks(other, ids))
    except RefusedError as error:
        merged.refused.append(str(error))
    except OSError as error:
        raise StoreError(f"{store.home}: {error.strerror}. Runs were added, tags and notes not: repeat it") from error


def _disk(path: Path, error: OSError) -> DiskError:
    return DiskError(f"{path}: {error.strerror}. What was added stays; repeat the command")
