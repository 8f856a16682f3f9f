"""Waiting for a full or read-only disk."""

import errno
import secrets
import time
from pathlib import Path

from l2t.errors import DiskError
from l2t.store.files import write_atomic

RETRY_SECONDS = 5.0
"""Between two looks whether the disk takes something."""
PROBE = bytes(1 << 18)
"""What is written to see: more than the last free bytes of a full disk."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def of_disk(error: BaseException) -> bool:
    """Whether the error says that the disk takes nothing."""
    return isinstance(error, DiskError) or (isinstance(error, OSError) and error.errno in FULL)


class Disk:
    """Whether the home can be written. Remembers, in memory alone, since when and why it cannot."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._looked = 0.0
        self.problem: str | None = None
        """Why nothing is done; None where all is well."""

    def pause(self, error: BaseException) -> None:
        self.problem = str(error)
        self._looked = time.monotonic()

    def look(self) -> str | None:
        """Try to write, where the last try was RETRY_SECONDS ago; returns the problem that is left."""
        if self.problem is not None and time.monotonic() - self._looked >= RETRY_SECONDS:
            self.probe()
        return self.problem

    def probe(self) -> None:
        """Try to write now."""
        self._looked = time.monotonic()
        path = self._home / f".space-{secrets.token_hex(4)}"
        try:
            write_atomic(path, PROBE)
            path.unlink()
        except OSError as error:
            self.problem = f"{self._home}: {error.strerror}"
        else:
            self.problem = None
