"""The lock of a home: one process at a time looks after its workers.

The lock is the kernel's (`flock`), so a crash releases it; who holds it stands in the locked file `supervisor.lock`. On
a network file system, where another host may not see the lock, a fresh record of another host counts as held too.
"""

import contextlib
import fcntl
import json
import os
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType, UnionType
from typing import Any, Literal, Self, get_args

from l2t.errors import DiskError, StoreError
from l2t.jobs.owner import SILENCE, current, lives_here
from l2t.store import files
from l2t.store.mounts import on_network
from l2t.store.plain import typed
from l2t.store.rows import Owner

NAME = "supervisor.lock"
SIZE = 4096
"""Bytes of the file, blanks behind the record: written over in place it needs no room on a full disk."""
LOCK_AGAIN = 50
"""How often a lock is tried: it may be somebody who looks whether it is held."""
READ_AGAIN = 5
"""How often a record that is being written is read again."""

Mode = Literal["up", "run", "demo"]
End = Literal["down", "stopped", "finished"]
_NAMES: dict[Mode, str] = {
    "up": "the supervisor (l2t up)",
    "run": "an l2t run in the foreground",
    "demo": "the demo (it computes nothing)",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a home, or held it last."""

    owner: Owner
    mode: Mode
    """up: a supervisor of its own; run: an `l2t run` in the foreground, for the sweeps that are followed; demo: what
    was recorded is played, and nothing is computed."""
    since: float
    """Seconds since 1970."""
    beat: float
    """When it last told that it lives, seconds since 1970: for other hosts on a network file system."""
    ended: End | None = None
    """How it ended; None while it holds the home, or where it was killed."""
    problem: str | None = None
    """Why nothing new is begun, where a full disk keeps that from being written anywhere else."""

    @property
    def description(self) -> str:
        """`the supervisor (l2t up), pid 12 on host`."""
        return f"{_NAMES[self.mode]}, pid {self.owner.pid} on {self.owner.host}"


class HeldError(StoreError):
    """Another process holds the home."""

    def __init__(self, home: Path, holder: Holder | None) -> None:
        who = holder.description if holder else "another process"
        super().__init__(f"{home} is held by {who}. l2t status shows its work, l2t down ends a supervisor")
        self.holder = holder


class HomeLock:
    """Holds a home until it is closed or its process dies. Raises HeldError where another process does; DiskError or
    StoreError where the home cannot be written."""

    def __init__(self, home: Path, mode: Mode) -> None:
        self.home = home
        self.ending: End = "finished"
        """How it ends, told when it is closed."""
        self._network = on_network(home)
        path = home / NAME
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}. Choose another folder with --home or L2T_HOME") from error
        try:
            if not _locked(self._descriptor, fcntl.LOCK_EX):
                raise HeldError(home, _read(path))
            before = _read(path)
            if self._network and before and before.ended is None and _elsewhere(before) and _fresh(before):
                raise HeldError(home, before)
            now = time.time()
            self.holder = Holder(current(), mode, now, now)
            self._write()
        except BaseException:
            os.close(self._descriptor)
            raise

    def beat(self) -> None:
        """Tell other hosts, where there may be any, that this process lives. Call it at least once a minute."""
        if self._network:
            self.holder = replace(self.holder, beat=time.time())
            self._write()

    def tell(self, problem: str | None) -> None:
        """Let readers know why nothing new is begun."""
        if problem != self.holder.problem:
            self.holder = replace(self.holder, problem=problem and problem[:1000])
            self._write()

    @property
    def in_place(self) -> bool:
        """Whether the home still has this lock: it may have been moved away or removed."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), (self.home / NAME).stat())
        except OSError:
            return False

    def close(self) -> None:
        """Release the home, and tell how this ended."""
        self.holder = replace(self.holder, ended=self.ending)
        with contextlib.suppress(StoreError):  # the process's death tells as much
            self._write()
        os.close(self._descriptor)

    def _write(self) -> None:
        """In place: replacing the file would replace the lock."""
        text = json.dumps(asdict(self.holder)).encode().ljust(SIZE)
        try:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            files._write(self._descriptor, text)
        except OSError as error:
            raise DiskError(f"{NAME}: {error.strerror}. Free some space in the home") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is not None:
            self.ending = "stopped"
        self.close()


def holder(home: Path) -> Holder | None:
    """The process that holds the home now; None where none does. Changes nothing."""
    found = last_holder(home)
    if found is None or found.ended is not None:
        return None
    if on_network(home):
        living = _fresh(found) if _elsewhere(found) else lives_here(found.owner)
    else:
        # What the kernel says, whatever this host is called by now.
        living = _is_locked(home / NAME)
    return found if living else None


def last_holder(home: Path) -> Holder | None:
    """The process that holds the home, or held it last; None where none ever did."""
    for _ in range(READ_AGAIN):
        if (found := _read(home / NAME)) is not None:
            return found
        if not (home / NAME).exists():
            break
        time.sleep(0.01)
    return None


def _locked(descriptor: int, how: int) -> bool:
    """Lock a file, where nobody but a process that looks (`_is_locked`) holds it."""
    for _ in range(LOCK_AGAIN):
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


def _is_locked(path: Path) -> bool:
    """Whether a process holds the lock. Holds a shared one for a moment, to see."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _read(path: Path) -> Holder | None:
    try:
        return read_holder(files.read_json(path))
    except OSError:
        return None


def read_holder(found: Any) -> Holder | None:
    """The holder that JSON values describe; None where they describe none: the file is damaged."""
    if not isinstance(found, dict) or not typed(found, _HOLDER):
        return None
    owner = found["owner"]
    if not typed(owner, _OWNER) or owner["pid"] <= 0 or found["mode"] not in get_args(Mode):
        return None
    return Holder(**(found | {"owner": Owner(**owner)}))


_HOLDER: dict[str, type | UnionType] = {"owner": dict, "mode": str, "since": int | float, "beat": int | float}
_HOLDER |= {"ended": str | None, "problem": str | None}
_OWNER = {"host": str, "boot_id": str, "pid": int, "start_ticks": int}


def _elsewhere(found: Holder) -> bool:
    return found.owner.host != platform.node()


def _fresh(found: Holder) -> bool:
    """Whether a process on another host told of itself lately. Its clock may go before ours."""
    return abs(time.time() - found.beat) < SILENCE
