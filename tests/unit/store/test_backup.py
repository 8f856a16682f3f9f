"""Copies of a home that others work on."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from prepared import compute, jobs_of, table, work

from l2t.errors import DiskError, StoreError, UsageError
from l2t.spec import RunSpec, SourceSpec
from l2t.store import files
from l2t.store.backup import backup
from l2t.store.check import check
from l2t.store.rows import Owner, Submission
from l2t.store.state import State
from l2t.store.store import Store


@pytest.fixture
def home(tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]) -> Path:
    home = tmp_path / "home"
    runs, source = jobs_of(make_run, make_source, 4)
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 4, runs, [source]))
        work(store, 3)
    return home


def test_a_copy_of_the_database_shows_the_same_tables(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "l2t.db"
    assert backup(home, copy) == copy.stat().st_size
    assert [path.name for path in copy.parent.iterdir()] == ["l2t.db"]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert table(copy.parent) == table(home)


def test_a_copy_with_runs_is_a_home_of_its_own(home: Path, tmp_path: Path, owner: Owner) -> None:
    with Store.open(home) as store:
        job = store.claim(owner)
        assert job is not None
        folder = compute(home, job)
        folder.checkpoint.write_bytes(b"x" * 1000)
        folder.result.unlink()
    copy = tmp_path / "copy"
    backup(home, copy, with_runs=True)
    assert check(copy).findings == []
    assert not list(copy.rglob("checkpoint.pt"))
    assert {path.stat().st_mode & 0o777 for path in copy.rglob("*") if path.is_dir()} == {0o700}
    with Store.open(copy) as store:
        assert store.count()[State.RUNNING] == 0  # nobody works on the copy
        assert len(work(store)) == 2
    with Store.open(home) as store:
        store.interrupt(job.id, owner)
        work(store)
    assert table(copy) == table(home)


def test_links_and_devices_stay_behind(home: Path, tmp_path: Path) -> None:
    folder = next((home / "runs").iterdir())
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    backup(home, tmp_path / "copy", with_runs=True)
    names = {path.name for path in (tmp_path / "copy").rglob("*")}
    assert not names & {"link", "pipe"}


def test_nothing_is_overwritten_unless_forced(home: Path, tmp_path: Path) -> None:
    file, folder = tmp_path / "copy.db", tmp_path / "copy"
    file.write_text("mine")
    folder.mkdir()
    for to, with_runs in ((file, False), (folder, True)):
        with pytest.raises(UsageError, match="--force"):
            backup(home, to, with_runs)
    for to, with_runs in ((file, True), (folder, False)):
        with pytest.raises(UsageError, match="not replaced"):
            backup(home, to, with_runs, force=True)
    assert file.read_text() == "mine"
    backup(home, file, force=True)
    backup(home, folder, with_runs=True, force=True)
    assert table(folder) == table(home)
    assert {path.name for path in tmp_path.iterdir()} == {"home", "copy", "copy.db"}


@pytest.mark.parametrize("to", ["home", ".", "home/l2t.db"])
def test_the_home_is_never_its_own_copy(home: Path, to: str) -> None:
    with pytest.raises(UsageError, match="the home itself"):
        backup(home, home.parent / to, with_runs=not to.endswith("db"), force=True)
    assert check(home).good


def test_without_a_store_there_is_nothing_to_copy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        backup(tmp_path / "home", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_leaves_nothing(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(DiskError, match="Nothing was written"):
        backup(home, tmp_path / "copy", with_runs=True)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_damaged_store_is_not_copied(home: Path, tmp_path: Path) -> None:
    path = home / "l2t.db"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        backup(home, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_copy_made_while_others_write_is_consistent(
    home: Path, tmp_path: Path, make_run: Callable[..., RunSpec]
) -> None:
    stop = threading.Event()

    def write() -> None:
        with Store.open(home) as store:
            seed = 100
            while not stop.is_set():
                store.submit(Submission("l2t run", "demo", 2, [make_run(seed), make_run(seed + 1)]))
                seed += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            copy = tmp_path / f"{number}.db"
            backup(home, copy)
            with closing(sqlite3.connect(copy)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert connection.execute("SELECT count(*) % 2 FROM jobs WHERE kind = 'run'").fetchone() == (0,)
    finally:
        stop.set()
        writer.join()
