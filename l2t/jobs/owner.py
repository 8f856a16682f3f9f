"""Which process is this, and does that one still live? Process ids are used again: start ticks tell them apart."""

import os
import platform
import time
from functools import cache
from pathlib import Path

from l2t.store.rows import Owner

SILENCE = 600.0
"""Seconds without a heartbeat after which a process on another host, which cannot be looked at, counts as dead."""

_PROC = Path("/proc")


@cache
def boot_id() -> str:
    """A text that changes when the machine boots; "" where the system has none."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_ticks(pid: int) -> int | None:
    """When a process started, in the kernel's clock ticks since boot; None where it is gone, or a zombie.

    Where there is no /proc: psutil's creation time in hundredths of a second, which a change of the clock may move.
    """
    if not (_PROC / "self/stat").exists():
        return _start_elsewhere(pid)
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name of the program, in brackets, may hold anything: what counts stands after the last bracket.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _start_elsewhere(pid: int) -> int | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else int(process.create_time() * 100)
    except psutil.NoSuchProcess:
        return None


def current() -> Owner:
    """This process."""
    return Owner(platform.node(), boot_id(), os.getpid(), start_ticks(os.getpid()) or 0)


def lives_here(owner: Owner) -> bool:
    """Whether a process of this host runs: a zombie, a later process of its pid and one of another boot do not."""
    return owner.boot_id == boot_id() and start_ticks(owner.pid) == owner.start_ticks


class Liveness:
    """Whether owners of claims live. Kept for long by whoever asks: other hosts are judged by what it saw itself.

    A process on another host, which cannot be looked at, is dead when its heartbeat stood still for SILENCE seconds of
    this process's monotonic clock: neither host's wall clock, nor a jump of one, has a part in it.
    """

    def __init__(self) -> None:
        self._seen: dict[Owner, tuple[float, float]] = {}

    def __call__(self, owner: Owner, heartbeat: float) -> bool:
        """heartbeat: the time that the owner noted last, whatever its clock says."""
        if owner.host == platform.node():
            return lives_here(owner)
        now = time.monotonic()
        noted, since = self._seen.get(owner, (None, now))
        if noted != heartbeat:
            self._seen[owner] = (heartbeat, now)
            return True
        return now - since < SILENCE
