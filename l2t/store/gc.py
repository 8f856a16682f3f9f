"""Removing what nobody needs: temporary files of writers that died, checkpoints of runs that are done, folders that are
no job's, and, where asked for, old attempts. What is queued, running, paused, failed or done is never touched."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from l2t.errors import DiskError
from l2t.store.files import is_temporary
from l2t.store.found import ARCHIVE, PARENTS, names, read_job
from l2t.store.known import Known
from l2t.store.plain import RefusedError, listed
from l2t.store.state import State

LASTING = 3600.0
"""Seconds without a change after which what is half-made is no living writer's any more: no write takes so long."""


class Kind(StrEnum):
    """Why something can go."""

    TEMPORARY = "temporary"
    """A file or folder that its writer, which died, left half-made."""
    CHECKPOINT = "checkpoint"
    """Of a run that is done."""
    ORPHAN = "orphan"
    """A folder that is no job's, neither by the database nor by what lies in it."""
    ARCHIVED = "archived"
    """An old attempt at a run that was forced, or forgotten."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Something that can go."""

    path: Path
    kind: Kind
    size: int
    """Bytes that it takes on the disk."""


def find(home: Path, archived: bool = False) -> list[Garbage]:
    """All that can go from a home. archived: old attempts too.

    Raises StoreError where the database cannot be read: without it nobody knows what is needed.
    """
    # Folders first: a job is in the database before its folder is made.
    folders = [(parent, name) for parent in PARENTS for name in names(home, parent)]
    with Known.read(home) as known:
        states = known.states()
    found = [Garbage(path, Kind.TEMPORARY, _size(path)) for path in temporaries(home)]
    for parent, name in folders:
        path = home / parent / name
        if name not in states:
            if not _is_job(home, parent, name) and _is_old(path):
                found.append(Garbage(path, Kind.ORPHAN, _size(path)))
        elif states[name] == State.DONE and _is_file(path / "checkpoint.pt"):
            found.append(Garbage(path / "checkpoint.pt", Kind.CHECKPOINT, _size(path / "checkpoint.pt")))
    if archived:
        for parent in PARENTS:
            archive = home / parent / ARCHIVE
            found += [Garbage(archive / name, Kind.ARCHIVED, _size(archive / name)) for name in listed(archive)]
    return found


def remove(garbage: list[Garbage]) -> int:
    """Remove what was found; returns the bytes that are free now. What another process removed first is no error."""
    freed = 0
    for item in garbage:
        try:
            if item.path.is_dir() and not item.path.is_symlink():
                shutil.rmtree(item.path)
            else:
                item.path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise DiskError(f"{item.path}: {error.strerror}. What was removed before it is gone") from error
        freed += item.size
    return freed


def temporaries(home: Path) -> Iterator[Path]:
    """Temporary files and folders of a home that no living writer has."""
    places = [home, home / "sweeps"]
    for parent in PARENTS:
        places.append(home / parent)
        for name in names(home, parent):
            places += [home / parent / name, home / parent / name / "traces"]
    for place in places:
        for name in listed(place):
            if is_temporary(name) and _is_old(place / name):
                yield place / name


def _is_job(home: Path, parent: str, name: str) -> bool:
    """Whether a rebuild would know the folder: then it is a job that the database lost."""
    try:
        return read_job(home, parent, name).spec_problem is None
    except RefusedError:
        return False


def _is_old(path: Path) -> bool:
    try:
        return path.lstat().st_mtime < time.time() - LASTING
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _size(path: Path) -> int:
    """Bytes on the disk of a file or of all in a folder; links are not followed."""
    try:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return found.st_blocks * 512
        with os.scandir(path) as entries:
            return sum(_size(Path(entry.path)) for entry in entries)
    except OSError:
        return 0
