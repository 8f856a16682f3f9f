"""Opening a store: created, read, refused."""

import errno
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from l2t.errors import StoreError
from l2t.spec import RunSpec
from l2t.store import database, files, schema
from l2t.store.database import DamagedError, LockedError
from l2t.store.rows import Submission
from l2t.store.schema import VERSION
from l2t.store.store import Store


def test_a_new_store_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a" / "home"):
        pass
    assert (tmp_path / "a" / "home").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a" / "home" / "l2t.db").stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(tmp_path / "a" / "home" / "l2t.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_reader_of_a_store_that_is_just_being_made_learns_of_it(tmp_path: Path) -> None:
    (tmp_path / "l2t.db").touch()
    with Store.read(tmp_path) as store:
        assert not store.in_place
    with Store.open(tmp_path), Store.read(tmp_path) as store:
        assert store.in_place


def test_reading_a_home_that_does_not_exist_sees_nothing_and_creates_nothing(
    tmp_path: Path, make_run: Callable[..., RunSpec]
) -> None:
    with Store.read(tmp_path / "nowhere") as store:
        assert store.runs() == []
        assert store.artefacts() == []
        assert store.preview(Submission("", "", 1, [make_run()])).runs.new == 1
    assert not (tmp_path / "nowhere").exists()


def test_reading_a_home_without_a_store_leaves_it_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "l2t.db").touch()  # as an interrupted creation leaves it
    with Store.read(tmp_path / "home") as store:
        assert store.runs() == []
    assert (tmp_path / "home" / "l2t.db").stat().st_size == 0


def test_a_reader_cannot_write(tmp_path: Path, make_run: Callable[..., RunSpec]) -> None:
    Store.open(tmp_path).close()
    with Store.read(tmp_path) as store, pytest.raises(StoreError, match="cannot be written"):
        store.submit(Submission("", "", 1, [make_run()]))


def test_a_reader_sees_what_another_process_writes(tmp_path: Path, make_run: Callable[..., RunSpec]) -> None:
    with Store.open(tmp_path) as writer, Store.read(tmp_path) as reader:
        writer.submit(Submission("", "", 1, [make_run()]))
        assert len(reader.runs()) == 1


@pytest.mark.parametrize("opening", [Store.open, Store.read])
def test_a_store_of_a_newer_version_is_refused_and_left_untouched(
    tmp_path: Path, opening: Callable[[Path], Store]
) -> None:
    Store.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "l2t.db")
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = (tmp_path / "l2t.db").read_bytes()
    with pytest.raises(StoreError, match=f"has version {VERSION + 1}, this l2t knows {VERSION}"):
        opening(tmp_path)
    assert (tmp_path / "l2t.db").read_bytes() == before


@pytest.mark.parametrize("opening", [Store.open, Store.read])
@pytest.mark.parametrize(
    "content", [b"not a database, but long enough for a header" * 30, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_damaged_store_is_one_line_and_left_untouched(
    tmp_path: Path, opening: Callable[[Path], Store], content: bytes
) -> None:
    (tmp_path / "l2t.db").write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        opening(tmp_path)
    assert (tmp_path / "l2t.db").read_bytes() == content


def test_an_empty_database_is_a_new_store_only_where_no_run_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "l2t.db").touch()
    with Store.read(tmp_path) as store:
        assert not store.runs()
    files.make_folder(tmp_path / "runs" / "0123abcd")
    files.write_json(tmp_path / "runs" / "0123abcd" / "spec.json", {})
    with pytest.raises(DamagedError, match="empty beside folders of runs"):
        Store.read(tmp_path)


def test_a_store_that_is_damaged_inside_is_one_line(tmp_path: Path, make_run: Callable[..., RunSpec]) -> None:
    with Store.open(tmp_path) as store:
        store.submit(Submission("", "", 1, [make_run(seed) for seed in range(300)]))
    path = tmp_path / "l2t.db"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"), Store.read(tmp_path) as store:
        store.runs()


def test_a_home_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="--home"):
        Store.open(tmp_path / "file" / "home")
    for home in (tmp_path / "file" / "home", tmp_path / "file"):
        with pytest.raises(StoreError, match="Not a directory"):
            Store.read(home)


def test_a_locked_store_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: Callable[..., RunSpec]
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with Store.open(tmp_path) as store:
        other = sqlite3.connect(tmp_path / "l2t.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            store.submit(Submission("", "", 1, [make_run()]))
        other.close()
        assert store.submit(Submission("", "", 1, [make_run()])).runs.new == 1


def test_a_disk_full_before_the_tables_are_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def migrate(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 3")
        schema.migrate(connection)

    monkeypatch.setattr(database, "migrate", migrate)
    with pytest.raises(StoreError, match="the disk is full"):
        Store.open(tmp_path)
    monkeypatch.undo()
    Store.open(tmp_path).close()


def test_a_full_disk_under_the_database_is_one_line_and_nothing_is_queued(
    tmp_path: Path, make_run: Callable[..., RunSpec]
) -> None:
    with Store.open(tmp_path) as store:
        pages = store._all("PRAGMA page_count")[0][0]
        store._all(f"PRAGMA max_page_count = {pages + 1}")  # SQLite's own way to run out of room
        with pytest.raises(StoreError, match="the disk is full"):
            store.submit(Submission("", "", 1, [make_run(seed) for seed in range(500)]))
        assert store.runs() == []
        store._all("PRAGMA max_page_count = 1000000")
        assert store.submit(Submission("", "", 1, [make_run()])).runs.new == 1


def test_a_full_disk_under_the_sweep_file_queues_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: Callable[..., RunSpec]
) -> None:
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Store.open(tmp_path) as store:
        monkeypatch.setattr(files, "_write", full)
        with pytest.raises(StoreError, match="Nothing was queued"):
            store.submit(Submission("", "", 1, [make_run()]))
        assert store.runs() == []
        assert list((tmp_path / "sweeps").iterdir()) == []


def test_on_a_network_file_system_there_is_no_wal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(tmp_path).close()  # made on a local disk, then moved
    monkeypatch.setattr(database, "on_network", lambda path: True)
    with Store.open(tmp_path) as store:
        assert store._all("PRAGMA journal_mode") == [("delete",)]
        assert store._all("PRAGMA synchronous") == [(2,)]


def test_eight_processes_can_create_one_store_together(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from l2t.store.store import Store; Store.open(Path({str(tmp_path / 'home')!r}))"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(8)]
    assert [child.wait() for child in children] == [0] * 8


@pytest.mark.parametrize("name", ["it's", "a?b#c", "%41", 'quo"te', "new\nline", "caf\udce9", ".."])
def test_a_home_of_any_name_can_be_written_and_read(
    tmp_path: Path, name: str, make_run: Callable[..., RunSpec]
) -> None:
    home = tmp_path / "x" / name
    with Store.open(home) as store:
        store.submit(Submission("", "", 1, [make_run()]))
    with Store.read(home) as store:
        assert len(store.runs()) == 1


def test_a_locked_store_is_waited_for_as_long_as_patience_says(tmp_path: Path) -> None:
    with Store.open(tmp_path):
        pass
    other = sqlite3.connect(tmp_path / "l2t.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    begun = time.monotonic()
    try:
        with pytest.raises(LockedError, match="keeps the store locked"), Store.read(tmp_path, patience=0.05) as store:
            store.count()
    finally:
        other.close()
    assert time.monotonic() - begun < 5
    with Store.read(tmp_path, patience=0.05) as store:
        store.count()


def test_a_store_that_a_newer_l2t_has_taken_over_meanwhile_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path), Store.read(tmp_path) as store:
        store.check_version()
        other = sqlite3.connect(tmp_path / "l2t.db")
        other.execute(f"PRAGMA user_version = {VERSION + 1}")
        other.commit()
        other.close()
        with pytest.raises(StoreError, match="newer"):
            store.check_version()
