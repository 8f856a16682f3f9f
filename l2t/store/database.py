"""The connection to `HOME/l2t.db`: opening, transactions, and SQLite's errors as lines for the user."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from l2t.errors import DiskError, StoreError
from l2t.store import presence
from l2t.store.mounts import on_network
from l2t.store.schema import VERSION, migrate, version_of

BUSY_SECONDS = 30.0
"""How long a statement waits for another process's transaction."""

NAME = "l2t.db"

Parameters = Sequence[Any] | Mapping[str, Any]


class DamagedError(StoreError):
    """The database is damaged. What it held can be restored from the folders (see `l2t.store.rebuild`)."""

    @classmethod
    def of(cls, what: str) -> Self:
        """The error for values that no l2t ever wrote. what: "job 12 has no specification"."""
        return cls(f"{what}: {_DAMAGED}")


class LockedError(StoreError):
    """Another program keeps the store locked: it is there again when that ends."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file `path` into StoreError; errors in our statements pass unchanged."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        name = getattr(error, "sqlite_errorname", "")
        for prefix, kind, text in _LINES:
            if name.startswith(prefix):
                raise kind(f"{path}: {text}") from error
        if str(error).startswith(_BROKEN):
            raise DamagedError(f"{path}: {_DAMAGED}") from error
        raise
    except UnicodeDecodeError as error:  # SQLite quotes a damaged name
        raise DamagedError(f"{path}: {_DAMAGED}") from error


_DAMAGED = "the store is damaged. `l2t store rebuild` restores it from the run folders, which are not touched by it"
_BROKEN = ("no such table", "no such column", "Could not decode")
"""Beginnings of errors without a name of their own that our statements cause in a damaged store only."""
_LOCKED = "another program keeps the store locked. Repeat the command later"
_LINES: tuple[tuple[str, type[StoreError], str], ...] = (
    ("SQLITE_FULL", DiskError, "the disk is full. Free some space and repeat the command; nothing was lost"),
    ("SQLITE_READONLY_DBMOVED", StoreError, "the store was replaced meanwhile. Repeat the command"),
    (
        "SQLITE_READONLY",
        DiskError,
        "the store cannot be written. Check the folder's permissions, or choose another with --home",
    ),
    (
        "SQLITE_CANTOPEN",
        StoreError,
        "the store cannot be opened. Check the folder's permissions, or choose another with --home",
    ),
    ("SQLITE_NOTADB", DamagedError, _DAMAGED),
    ("SQLITE_CORRUPT", DamagedError, _DAMAGED),
    ("SQLITE_IOERR_CORRUPTFS", DamagedError, _DAMAGED),
    ("SQLITE_BUSY", LockedError, _LOCKED),
    ("SQLITE_LOCKED", LockedError, _LOCKED),
    ("SQLITE_IOERR", DiskError, "reading or writing the store failed. Check the disk (full, disconnected, faulty?)"),
)


class Connection(sqlite3.Connection):
    """A connection that is among those who have the store open (see `presence`)."""

    present: int | None = None

    def close(self) -> None:
        super().close()
        if self.present is not None:
            os.close(self.present)
            self.present = None


def connect(home: Path, patience: float | None = None) -> sqlite3.Connection:
    """Open the store of `home` for writing, created or brought to the present version where needed.

    patience: seconds that a statement waits for another process's transaction; BUSY_SECONDS by default.
    Raises StoreError where the folder cannot be made or written, or the store is newer or damaged (then untouched).
    """
    path = home / NAME
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}. Choose another folder with --home or L2T_HOME") from error
    present = presence.enter(home, create=True, patience=patience)
    with explained(path):
        connection = _opened(str(path), present, patience)
        try:
            _refuse_newer(path, connection)
            network = on_network(home)
            _set_journal(connection, "delete" if network else "wal")
            connection.execute(f"PRAGMA synchronous = {'FULL' if network else 'NORMAL'}")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def connect_reading(home: Path, patience: float | None = None) -> sqlite3.Connection:
    """Open the store of `home` for reading; an empty one in memory where there is none. Nothing is created.

    patience: as for `connect`.
    Raises StoreError where it cannot be read, is newer or damaged.
    """
    path = home / NAME
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        size = 0
    except OSError as error:  # among them: the home, or what it lies in, is a file
        raise StoreError(f"{path}: {error.strerror}. Choose another folder with --home or L2T_HOME") from error
    if not size:
        if path.exists() and any(home.glob("runs/*/spec.json")):  # an empty file is new only where nothing else is
            raise DamagedError(f"{path} is empty beside folders of runs. `l2t store rebuild` restores it from them")
        connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(connection)
        return connection
    present = presence.enter(home, create=False, patience=patience)
    with explained(path):
        connection = _opened(f"{path.absolute().as_uri()}?mode=ro", present, patience)
        try:
            _refuse_newer(path, connection)
            current = version_of(connection) == VERSION
        except BaseException:
            connection.close()
            raise
    if current:
        return connection
    connection.close()
    return connect(home, patience)


def _opened(name: str, present: int | None, patience: float | None) -> Connection:
    try:
        connection = sqlite3.connect(
            name,
            uri=name.startswith("file:"),
            timeout=BUSY_SECONDS if patience is None else patience,
            isolation_level=None,
            factory=Connection,
        )
    except BaseException:
        if present is not None:
            os.close(present)
        raise
    connection.present = present
    return connection


def _refuse_newer(path: Path, connection: sqlite3.Connection) -> None:
    version = version_of(connection)
    if version > VERSION:
        raise StoreError(
            f"{path}: made by a newer l2t: the store has version {version}, this l2t knows {VERSION}. Update l2t, or"
            " choose another --home"
        )


def _set_journal(connection: sqlite3.Connection, mode: str) -> None:
    """Change the journal mode where it differs. SQLite's busy timeout does not cover this change, so it is repeated."""
    deadline = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != mode:
        try:
            connection.execute(f"PRAGMA journal_mode = {mode}")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def storable(text: str) -> str:
    """The text with bytes that are none (of a path, say) written as escapes, as a database can hold it."""
    return text.encode(errors="backslashreplace").decode()


class Database:
    """An open store: statements and transactions. One per thread."""

    def __init__(self, home: Path, connection: sqlite3.Connection) -> None:
        self.home = home
        self._connection = connection
        # A store in memory stands for one that is not there yet, even where an empty file is: it is about to be.
        self._inode = self._present_inode() if isinstance(connection, Connection) else None

    def _present_inode(self) -> tuple[int, int] | None:
        """What tells the file from another of its name."""
        try:
            status = (self.home / NAME).stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    @property
    def in_place(self) -> bool:
        """Whether the file that is open is still the home's store: it may have been removed or replaced."""
        return self._inode == self._present_inode()

    def check_version(self) -> None:
        """StoreError where a newer l2t has brought the database to its version since it was opened."""
        with explained(self.home / NAME):
            _refuse_newer(self.home / NAME, self._connection)

    def close(self) -> None:
        self._connection.close()

    def _all(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        with explained(self.home / NAME):
            return self._connection.execute(statement, parameters).fetchall()

    def _one(self, statement: str, parameters: Parameters = ()) -> Any:
        """The value of a statement that has one in every whole store; DamagedError where there is none."""
        rows = self._all(statement, parameters)
        if not rows:
            raise DamagedError.of(f"{self.home / NAME} lacks a row")
        return rows[0][0]

    def _many(self, statement: str, rows: Iterable[Parameters]) -> None:
        with explained(self.home / NAME):
            self._connection.executemany(statement, rows)

    @contextmanager
    def _transaction(self, durable: bool = False) -> Iterator[None]:
        """All statements inside happen, or none. Takes the write lock at once, so that what was read stays true.

        durable: survives a power cut. Others may be forgotten by one, the latest first: what they tell can be found
        again in the folders.
        """
        with explained(self.home / NAME), self._synchronous("FULL" if durable else None):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _synchronous(self, level: str | None) -> Iterator[None]:
        if level is None:
            yield
            return
        before = self._connection.execute("PRAGMA synchronous").fetchone()[0]
        self._connection.execute(f"PRAGMA synchronous = {level}")
        try:
            yield
        finally:
            self._connection.execute(f"PRAGMA synchronous = {before}")
