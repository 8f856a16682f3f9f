"""Who has the database open: every connection holds `HOME/l2t.lock` shared, what replaces the database alone.

SQLite's own locks are by file: a process that opened the database before it was replaced would go on to write into the
one that was, and what it was told is stored would be lost.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from l2t.errors import StoreError

NAME = "l2t.lock"
WAIT_SECONDS = 30.0
"""How long a connection waits for one that replaces the database."""


def enter(home: Path, create: bool, patience: float | None = None) -> int | None:
    """Be among those who have the database open, until the descriptor is closed. create: make the file where there is
    none; without it, and where the file system has no locks, there is nothing to hold: None.

    Raises StoreError where somebody keeps it alone for `patience` seconds, WAIT_SECONDS by default.
    """
    try:
        descriptor = os.open(home / NAME, os.O_RDWR | os.O_CREAT if create else os.O_RDONLY, 0o600)
    except OSError:
        return None
    deadline = time.monotonic() + (WAIT_SECONDS if patience is None else patience)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StoreError(f"{home}: another program rebuilds the store. Repeat the command later") from None
            time.sleep(0.02)
        except OSError:
            os.close(descriptor)
            return None
        else:
            return descriptor


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Keep everybody else from opening the database. StoreError where another process has it open."""
    descriptor = os.open(home / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with suppress(OSError):  # a file system without locks
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise in_use(home) from error
        yield
    finally:
        os.close(descriptor)


def in_use(home: Path) -> StoreError:
    """The error where another process has the database open."""
    return StoreError(
        f"{home / 'l2t.db'} is in use by another process. End it (l2t down ends a supervisor and workers), then repeat"
    )
