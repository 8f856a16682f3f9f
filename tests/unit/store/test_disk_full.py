"""A full, read-only or failing disk under everything that the store writes: nothing half-made stays, nothing is torn
for good, and the same call works once the disk takes data again."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from prepared import jobs_of, result_of, work

from l2t.errors import StoreError
from l2t.spec import RunSpec, SourceSpec
from l2t.store import files, filter
from l2t.store.check import check
from l2t.store.files import LineWriter, append_text, read_lines, write_atomic
from l2t.store.folder import JobFolder
from l2t.store.merge import merge
from l2t.store.rebuild import rebuild
from l2t.store.rows import Submission
from l2t.store.store import Store

ALL = filter.parse([])
EVERY = [errno.ENOSPC, errno.EROFS]


def fail_from(monkeypatch: pytest.MonkeyPatch, call: int, number: int) -> None:
    """Let every write from the call-th on fail, half done."""
    real, left = files._write, call

    def write(descriptor: int, data: bytes | memoryview) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.write(descriptor, bytes(data[: len(data) // 2]))
            raise OSError(number, os.strerror(number))
        real(descriptor, data)

    monkeypatch.setattr(files, "_write", write)


def fail_renames(monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(self: Path, target: Path) -> Path:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "replace", rename)
    monkeypatch.setattr(Path, "rename", rename)


def rows(store: Store) -> list[tuple[object, ...]]:
    tables = ("jobs", "specs", "needs", "runs", "artefacts", "sweeps", "sweep_jobs")
    return [row for table in tables for row in store._all(f"SELECT * FROM {table} ORDER BY 1, 2")]


def litter(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.name.endswith(".tmp")]


Change = Callable[[Store, Callable[..., RunSpec]], object]
CHANGES: dict[str, Change] = {
    "submit": lambda store, make: store.submit(Submission("l2t run", "demo", 1, [make(50)])),
    "submit with tags": lambda store, make: store.submit(Submission("l2t run", "demo", 1, [make(50)], tags=("a",))),
    "tag": lambda store, make: store.tag(ALL, add=["best"]),
    "annotate": lambda store, make: store.annotate(ALL, "look"),
    "cancel a sweep": lambda store, make: store.cancel_sweep(store.sweeps()[0].id),
}


@pytest.fixture
def home(tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]) -> Path:
    runs, source = jobs_of(make_run, make_source, 4)
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 4, runs, [source]))
        work(store, 3)
    return tmp_path / "home"


@pytest.mark.parametrize("number", EVERY)
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_cannot_be_written_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, make_run: Callable[..., RunSpec], name: str, number: int
) -> None:
    with Store.open(home) as store:
        before = rows(store)
        with monkeypatch.context() as patch:
            fail_from(patch, 0, number)
            with pytest.raises(StoreError, match="Nothing was"):
                CHANGES[name](store, make_run)
        assert rows(store) == before
        assert litter(home) == []
        CHANGES[name](store, make_run)
        assert rows(store) != before
    assert check(home).good
    rebuild(home)  # the small files say the same
    assert check(home).good


@pytest.mark.parametrize("name", ["submit", "cancel a sweep"])
def test_a_rename_that_fails_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, make_run: Callable[..., RunSpec], name: str
) -> None:
    with Store.open(home) as store:
        before = rows(store)
        with monkeypatch.context() as patch:
            fail_renames(patch)
            with pytest.raises(StoreError, match="Nothing was"):
                CHANGES[name](store, make_run)
        assert rows(store) == before
    assert litter(home) == []


@pytest.mark.parametrize("number", EVERY)
def test_files_of_a_run_are_whole_or_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    folder = JobFolder(tmp_path / "run")
    folder.make()
    folder.write_trace(1, b"old" * 100)
    with monkeypatch.context() as patch:
        fail_from(patch, 0, number)
        for write in (
            lambda: folder.write_result(result_of("x")),
            lambda: folder.write_trace(1, b"new" * 100),
            lambda: folder.write_trace(2, b"new" * 100),
            lambda: write_atomic(folder.checkpoint, b"a" * 10, b"b" * 10),
        ):
            with pytest.raises(OSError, match=os.strerror(number)):
                write()
    assert [path.name for path in folder.traces.iterdir()] == ["000001.npz"]
    assert (folder.traces / "000001.npz").read_bytes() == b"old" * 100
    assert folder.read_result() is None
    assert not folder.checkpoint.exists()
    assert litter(tmp_path) == []


def test_a_rename_or_a_sync_that_fails_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.json"
    with monkeypatch.context() as patch:
        fail_renames(patch)
        with pytest.raises(OSError, match="Input/output"):
            write_atomic(path, b"x")

    def sync(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        with pytest.raises(OSError, match="Input/output"):
            write_atomic(path, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", EVERY)
def test_a_writer_whose_line_was_torn_goes_on_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The same writer, too: a supervisor waits until the disk takes data again."""
    path = tmp_path / "marks.jsonl"
    with LineWriter(path) as writer:
        for value in range(6):
            if value % 2:
                with monkeypatch.context() as patch:
                    fail_from(patch, 0, number)
                    with pytest.raises(OSError, match=os.strerror(number)):
                        writer.append({"value": value})
            else:
                writer.append({"value": value})
    assert [row["value"] for row in read_lines(path)] == [0, 2, 4]


def test_no_descriptor_is_left_open_by_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    fail_from(monkeypatch, 0, errno.ENOSPC)
    for _ in range(5):
        for write in (
            lambda: write_atomic(tmp_path / "a", b"xx"),
            lambda: append_text(tmp_path / "b", "xx"),
        ):
            with pytest.raises(OSError, match="space"):
                write()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("number", EVERY)
@pytest.mark.parametrize("call", range(0, 60, 7))
def test_a_merge_that_cannot_be_written_leaves_whole_runs_only(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: int
) -> None:
    ours = tmp_path / "ours"
    Store.open(ours).close()
    with monkeypatch.context() as patch:
        fail_from(patch, call, number)
        try:
            merge(ours, home)
        except StoreError as error:
            assert "repeat" in str(error)  # noqa: PT017
    assert litter(ours) == []
    assert check(ours).good
    merge(ours, home)
    with Store.read(ours) as store, Store.read(home) as theirs:
        assert store.count()["done"] == theirs.count()["done"] == 2
