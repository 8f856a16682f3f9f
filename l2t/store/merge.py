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
            for name in found.names(other, parent):
                try:
                    job = found.read_job(other, parent, name)
                    if job.problem:
                        raise RefusedError(job.problem)
                    if job.kind != "run":
                        found.check_name(job)
                    if job.result is None:
                        merged.unfinished += 1
                    elif _take(store, job, merged):
                        seen.add(job.id)
                except RefusedError as error:
                    merged.refused.append(f"{parent}/{name}: {error}")
                except OSError as error:
                    raise DiskError(f"{home}: {error.strerror}. What was added stays; repeat the command") from error
        _sweeps(store, other, merged)
        _marks(store, other, seen, merged)
    return merged


def _take(store: Restoring, job: Found, merged: Merged) -> bool:
    """Add a finished job, or compare it with ours; returns whether both homes have this result now."""
    assert job.result is not None
    kind = job.kind
    ours = JobFolder.of(store.home, kind, job.id)
    state = store.state_of(job.id)
    if state in ("running", "redo"):
        merged.busy.append(job.id)
        return False
    result = ours.read_result()
    if result is not None:
        if result != job.result:
            merged.conflicts.append(_conflict(job, ours, result))
            return False
        if state == "done":
            merged.equal += 1
            return True
    copy = None
    if result != job.result:
        copy = temporary_for(ours.path)
        make_folder(copy.parent)
    try:
        if copy is not None:
            _copy(job, copy)
        if not _record(store, job, ours, copy):
            merged.busy.append(job.id)
            return False
    finally:
        if copy is not None:
            shutil.rmtree(copy, ignore_errors=True)
    merged.added.append(job.id)
    return True


def _record(store: Restoring, job: Found, ours: JobFolder, copy: Path | None) -> bool:
    """Put the copy in place and make the job done, as one step for all who claim jobs; False where one just did."""
    with store._transaction():
        state = store.state_of(job.id)
        if state in ("running", "redo"):
            return False
        if copy is not None:
            ours.archive()
            files.move(copy, ours.path)
        finished = ours.result.stat().st_mtime
        if job.spec is None:
            store.restore_imported(job, finished)
        elif state is None:
            store.restore([Restored(job.spec, job.result, finished, finished)])
        elif state != "done":
            store.requeue(job.id)
            store.complete(Restored(job.spec, job.result, finished, finished))
    return True


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
    sync_folder(to)
    copied = found.read_copy(to, job)
    if copied.problem or copied.result != job.result:
        raise RefusedError("it changed while it was read")
    read_object(to / "env.json")
    if job.kind == "source" and not (to / "weights.pt").is_file():
        raise RefusedError("its weights are missing")
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
    sync_folder(to)


def _file(name: str, within: int, to: Path, largest: int) -> None:
    with opened_file(name, within, largest) as descriptor:
        if descriptor is not None:
            files.copy(descriptor, to / name)


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
            raise DiskError(f"{ours}: {error.strerror}. What was added stays; repeat the command") from error


def _marks(store: Restoring, other: Path, ids: set[str], merged: Merged) -> None:
    """Tags and notes of the jobs that both homes have; a note of ours stays."""
    try:
        store.add_marks(read_marks(other, ids))
    except RefusedError as error:
        merged.refused.append(str(error))
    except OSError as error:
        raise StoreError(f"{store.home}: {error.strerror}. Runs were added, tags and notes not: repeat it") from error
