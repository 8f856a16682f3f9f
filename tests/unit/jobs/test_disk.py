"""Waiting for a full disk, and the log that waits with it."""

import errno
import os
from pathlib import Path
from threading import Thread

import pytest

from l2t.errors import DiskError, StoreError
from l2t.jobs import disk as disk_module
from l2t.jobs import supervisor_log
from l2t.jobs.disk import Disk, of_disk
from l2t.jobs.supervisor_log import SupervisorLog
from l2t.store import files


class Full:
    """A disk that takes nothing, until it is freed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.full = True
        real = files._write

        def write(descriptor: int, data: bytes | memoryview) -> None:
            if self.full:
                raise OSError(number, os.strerror(number))
            real(descriptor, data)

        monkeypatch.setattr(files, "_write", write)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_the_pause_ends_when_the_disk_takes_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    full = Full(monkeypatch, number)
    monkeypatch.setattr(disk_module, "RETRY_SECONDS", 0.0)
    disk = Disk(tmp_path)
    assert disk.look() is None
    disk.pause(OSError(number, os.strerror(number)))
    assert os.strerror(number) in (disk.look() or "")
    full.full = False
    assert disk.look() is None
    assert list(tmp_path.iterdir()) == []


def test_errors_of_the_disk_are_told_from_others() -> None:
    assert of_disk(OSError(errno.ENOSPC, "full"))
    assert of_disk(DiskError("full"))
    assert not of_disk(StoreError("locked"))
    assert not of_disk(FileNotFoundError(errno.ENOENT, "gone"))


def test_lines_wait_for_the_disk_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Full(monkeypatch, errno.ENOSPC)
    log = SupervisorLog(tmp_path)
    log.say("pauses: the disk is full")
    log.say("a name with \x1b[31m control characters\nand lines")
    full.full = False
    log.say("goes on")
    lines = log.path.read_text().splitlines()
    assert [line.split(" ", 1)[1].split(" ")[0] for line in lines] == ["pauses:", "a", "goes"]
    assert "\x1b" not in log.path.read_text()
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_the_log_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_log, "SIZE", 400)
    log = SupervisorLog(tmp_path)
    for number in range(100):
        log.say(f"line {number}")
    names = sorted(path.name for path in log.path.parent.iterdir())
    assert names == ["supervisor.log", "supervisor.log.1", "supervisor.log.2"]
    assert log.path.read_text().endswith("line 99\n")
    assert all(path.stat().st_size < 500 for path in log.path.parent.iterdir())


def test_threads_share_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_log, "SIZE", 1 << 30)
    log = SupervisorLog(tmp_path)
    threads = [Thread(target=lambda: [log.say("a line") for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.path.read_text().splitlines()) == 2000
