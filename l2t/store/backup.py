"""A consistent copy of a home while others work on it: the database alone, or with the results as a home of its own."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from l2t.errors import DiskError, StoreError, UsageError
from l2t.store import files, found
from l2t.store.database import NAME, connect_reading, explained
from l2t.store.files import make_folder, move, sync_folder, temporary_for
from l2t.store.plain import RefusedError, opened, opened_file
from l2t.store.state import State
from l2t.store.transitions import move as change

LEFT_OUT = ("checkpoint.pt",)
"""Files of a run that its copy has not: they are large, and only spare time."""


def backup(home: Path, to: Path, with_runs: bool = False, force: bool = False) -> int:
    """Copy the database of a home to the file `to`, or database and results to the folder `to`, a home of its own;
    returns the bytes written. What runs is queued in the copy, which no process works on.

    `to` appears whole or not at all. Raises UsageError where it exists, unless forced, and where it is the home or
    holds it; StoreError where there is no database, or it is damaged; DiskError where the disk takes no more.
    """
    if not (home / NAME).is_file():
        raise StoreError(f"{home / NAME}: there is no store to copy. Check --home or L2T_HOME")
    if home.resolve().is_relative_to(to.resolve()) or to.resolve() == (home / NAME).resolve():
        raise UsageError(f"{to} is, or holds, the home itself. Choose another place")
    if to.exists() and not force:
        raise UsageError(f"{to} exists. Choose another name, or replace it with --force")
    if to.exists() and to.is_dir() != with_runs:
        raise UsageError(f"{to} is {'a folder' if to.is_dir() else 'a file'}, which is not replaced by the other")
    temporary = temporary_for(to)
    try:
        make_folder(to.parent)
        if with_runs:
            temporary.mkdir(mode=0o700)
        _database(home, temporary / NAME if with_runs else temporary)
        if with_runs:
            _folders(home, temporary)
            os.sync()  # once for thousands of small files
        size = sum(path.lstat().st_size for path in (temporary, *temporary.rglob("*")) if path.is_file())
        _replace(temporary, to)
    except OSError as error:
        raise DiskError(f"{to}: {error.strerror}. Nothing was written") from error
    finally:
        _discard(temporary)
    return size


def _database(home: Path, to: Path) -> None:
    """SQLite's own copy of a database that others may write meanwhile."""
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(connect_reading(home)) as source, explained(to), closing(sqlite3.connect(to)) as copy:
        with explained(home / NAME):
            source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file
        with copy:
            released = dict.fromkeys(("host", "boot_id", "pid", "start_ticks", "heartbeat"))
            change(copy, [State.RUNNING], State.INTERRUPTED, "1", {}, released)
            change(copy, [State.INTERRUPTED], State.QUEUED, "1", {}, {})
        if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise StoreError(
                f"{home / NAME}: the store is damaged: l2t store check says more, l2t store rebuild mends it"
            )
    descriptor = os.open(to, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folders(home: Path, to: Path) -> None:
    """Results of runs and artefacts, sweeps, marks and settings. Links and half-made files stay behind."""
    for name in ("marks.jsonl", "l2t.toml"):
        _file(name, home / name, None, to / name)
    (to / "sweeps").mkdir(mode=0o700)
    for path in found.sweep_files(home):
        _file(path.name, path, None, to / "sweeps" / path.name)
    for parent in found.PARENTS:
        (to / parent).mkdir(mode=0o700)
        for name in found.names(home, parent):
            try:
                with opened(home / parent) as outer, opened(name, outer) as folder:
                    _tree(folder, to / parent / name)
            except RefusedError:
                continue  # no folder, or moved meanwhile


def _tree(folder: int, to: Path, depth: int = 1) -> None:
    """Copy the plain files of an open folder, and of the folders in it (traces), to the new folder `to`."""
    to.mkdir(mode=0o700)
    with os.scandir(folder) as entries:
        listed = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    for name, is_folder in listed:
        if name in LEFT_OUT or files.is_temporary(name):
            continue
        if not is_folder:
            _file(name, name, folder, to / name)
        elif depth:
            with opened(name, folder) as below:
                _tree(below, to / name, depth - 1)


def _file(name: str, path: str | Path, within: int | None, to: Path) -> None:
    try:
        with opened_file(path, within, 1 << 62) as descriptor:
            if descriptor is not None:
                files.copy(descriptor, to, durable=False)
    except RefusedError:
        return


def _replace(temporary: Path, to: Path) -> None:
    if to.is_dir():  # a folder cannot be replaced in one step: it moves aside first
        old = temporary_for(to)
        to.rename(old)
        move(temporary, to)
        shutil.rmtree(old)
    else:
        temporary.replace(to)
        sync_folder(to.parent)


def _discard(temporary: Path) -> None:
    if temporary.is_dir():
        shutil.rmtree(temporary, ignore_errors=True)
    else:
        temporary.unlink(missing_ok=True)
