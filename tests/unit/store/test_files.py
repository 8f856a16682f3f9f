"""Files that a power cut, a kill or a full disk may meet at any moment."""

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.store import files
from l2t.store.files import LineWriter, append_text, read_json, read_lines, write_atomic, write_json


def full(descriptor: int, data: bytes) -> None:
    """A disk with room for half of the data."""
    os.write(descriptor, data[: len(data) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    write_json(path, {"accuracy": 1})
    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(OSError, match="space"):
        write_atomic(path, b"new" * 100)
    assert read_json(path) == {"accuracy": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_a_line_torn_by_a_full_disk_is_ended_and_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.jsonl"
    with LineWriter(path) as writer:
        writer.append({"epoch": 1})
        monkeypatch.setattr(files, "_write", full)
        with pytest.raises(OSError, match="space"):
            writer.append({"epoch": 2})
        monkeypatch.undo()
    assert [row["epoch"] for row in read_lines(path)] == [1]
    with LineWriter(path) as writer:
        writer.append({"epoch": 2})
    assert [row["epoch"] for row in read_lines(path)] == [1, 2]


@given(cut=st.integers(min_value=0))
def test_a_file_cut_anywhere_keeps_its_whole_lines_and_can_be_appended_to(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "metrics.jsonl"
    rows = [{"epoch": epoch, "text": "x" * epoch} for epoch in range(5)]
    with LineWriter(path) as writer:
        writer.append(*rows)
    data = path.read_bytes()
    kept = data[: cut % (len(data) + 1)]
    path.write_bytes(kept)
    whole = kept.count(b"\n")
    assert list(read_lines(path)) == rows[:whole]
    with LineWriter(path) as writer:
        writer.append({"epoch": 99})
    again = list(read_lines(path))
    assert again[:whole] == rows[:whole]
    assert again[-1] == {"epoch": 99}


@given(st.binary())
def test_any_bytes_can_be_read_as_lines_and_as_json(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "file"
    path.write_bytes(data)
    assert all(isinstance(row, dict) for row in read_lines(path))
    assert read_json(path) is None or isinstance(json.loads(data), dict)


def test_what_cannot_be_encoded_is_escaped_in_a_log(tmp_path: Path) -> None:
    append_text(tmp_path / "log.txt", "caf\udce9 é\n")
    append_text(tmp_path / "log.txt", "second\n")
    assert (tmp_path / "log.txt").read_text() == "caf\\udce9 é\nsecond\n"


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "result.json", {"accuracy": float("nan")})
    assert list(tmp_path.iterdir()) == []
