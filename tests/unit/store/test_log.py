"""The last traceback of a log."""

from pathlib import Path

import pytest

from l2t.store.log import last_traceback

FAILED = "2026-01-01T00:00:01Z attempt 1 failed (crashed)\nTraceback (most recent call last):\n  File x\nKeyError: 3\n"
TRACEBACK = "Traceback (most recent call last):\n  File x\nKeyError: 3"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("noise without a stamp\n", None),
        ("2026-01-01T00:00:00Z attempt 1: ufm\n", None),
        ("2026-01-01T00:00:00Z attempt 1: ufm\n" + FAILED, TRACEBACK),
        (FAILED + "2026-01-01T00:00:02Z attempt 2: ufm\n", None),
        (FAILED + FAILED.replace("KeyError: 3", "KeyError: 4"), TRACEBACK.replace("3", "4")),
    ],
)
def test_it_is_that_of_the_last_attempt(tmp_path: Path, text: str, found: str | None) -> None:
    (tmp_path / "log.txt").write_text(text)
    assert last_traceback(tmp_path / "log.txt") == found


def test_a_missing_log_has_none(tmp_path: Path) -> None:
    assert last_traceback(tmp_path / "log.txt") is None


def test_bytes_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(FAILED.encode() + b"\xff\n")
    assert str(last_traceback(tmp_path / "log.txt")).endswith("\\xff")


def test_of_a_huge_log_only_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("x" * (3 << 20) + "\n" + FAILED)
    assert last_traceback(tmp_path / "log.txt") == TRACEBACK
