"""Following a metrics file that is being written."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.jobs.tail import MetricsTail
from l2t.store.files import LineWriter


def test_nothing_then_the_last_line_each_time(tmp_path: Path) -> None:
    path, tail = tmp_path / "metrics.jsonl", MetricsTail()
    assert tail.last(path) is None
    with LineWriter(path) as writer:
        writer.append({"epoch": 1}, {"epoch": 2})
        assert tail.last(path) == {"epoch": 2}
        assert tail.last(path) == {"epoch": 2}
        writer.append({"epoch": 3})
        assert tail.last(path) == {"epoch": 3}


def test_a_torn_line_is_skipped_and_what_follows_it_is_read(tmp_path: Path) -> None:
    path, tail = tmp_path / "metrics.jsonl", MetricsTail()
    path.write_text('{"epoch": 1}\n{"epo')
    assert tail.last(path) == {"epoch": 1}
    with LineWriter(path) as writer:  # ends the torn line first
        assert tail.last(path) == {"epoch": 1}
        writer.append({"epoch": 2})
    assert tail.last(path) == {"epoch": 2}


def test_a_file_that_became_shorter_is_read_from_its_start(tmp_path: Path) -> None:
    path, tail = tmp_path / "metrics.jsonl", MetricsTail()
    path.write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert tail.last(path) == {"epoch": 2}
    path.write_text('{"epoch": 1}\n')
    assert tail.last(path) == {"epoch": 1}


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"epoch": epoch}) + "\n" for epoch in range(20_000)))
    assert MetricsTail().last(path) == {"epoch": 19_999}


@given(pieces=st.lists(st.integers(min_value=1, max_value=20)))
def test_wherever_the_writer_is_seen_the_last_whole_line_counts(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[int]
) -> None:
    path, tail = tmp_path_factory.mktemp("tail") / "metrics.jsonl", MetricsTail()
    data = "".join(json.dumps({"epoch": epoch}) + "\n" for epoch in range(1, 12))
    end = 0
    for piece in pieces:
        end += piece
        path.write_text(data[:end])
        whole = data[:end].count("\n")
        assert tail.last(path) == ({"epoch": whole} if whole else None)
