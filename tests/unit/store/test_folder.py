"""The folder of one job."""

from pathlib import Path

import pytest

from l2t.store.folder import JobFolder


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    folder = JobFolder.of(tmp_path, "run", "abc")
    folder.make()
    return folder


def test_runs_and_sources_have_their_places_and_are_private(tmp_path: Path, folder: JobFolder) -> None:
    assert folder.path == tmp_path / "runs" / "abc"
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert JobFolder.of(tmp_path, "source", "abc").path == tmp_path / "artefacts" / "abc"


def test_an_epoch_written_twice_counts_once_with_its_last_line(folder: JobFolder) -> None:
    with folder.metrics_writer() as writer:
        writer.append({"epoch": 1, "loss": 3}, {"epoch": 2, "loss": 2}, {"note": "no epoch"}, {"epoch": 1, "loss": 1})
    assert folder.read_metrics() == [{"epoch": 1, "loss": 1}, {"epoch": 2, "loss": 2}]


def test_time_adds_up_over_attempts_and_memory_is_the_highest(folder: JobFolder) -> None:
    assert folder.read_attempts() == (None, None)
    with folder.timing_writer() as writer:
        writer.append({"epoch": 1, "seconds": 50})
    folder.write_attempt(1, 2.5, 300)
    folder.write_attempt(2, 1.0, 200)
    assert folder.read_attempts() == (3.5, 300)


def test_an_attempt_that_was_killed_counts_as_far_as_it_was_noted(folder: JobFolder) -> None:
    def epochs(*elapsed: float) -> None:
        with folder.timing_writer() as writer:
            writer.append(*({"epoch": 1, "elapsed": seconds} for seconds in elapsed))

    folder.begin_attempt(1)
    epochs(4.0, 9.0)  # killed
    assert folder.read_attempts() == (9.0, None)
    folder.begin_attempt(2)  # killed before it noted anything
    folder.begin_attempt(3)
    epochs(10.0)
    folder.write_attempt(3, 11.0, 200)
    assert folder.read_attempts() == (20.0, 200)
    folder.begin_attempt(4)
    epochs(2.0)
    folder.restart()
    assert folder.read_attempts() == (22.0, 200)


def test_starting_over_keeps_only_log_and_times(folder: JobFolder) -> None:
    folder.checkpoint.write_bytes(b"x")
    folder.log.write_text("attempt 1\n")
    folder.write_trace(3, b"x")
    folder.write_attempt(1, 1.0, 1)
    folder.metrics_writer().close()
    folder.restart()
    assert sorted(path.name for path in folder.path.iterdir()) == ["log.txt", "timing.jsonl"]
    folder.restart()


def test_old_attempts_are_numbered_and_none_is_overwritten(folder: JobFolder) -> None:
    for number in (1, 2):
        folder.write_result({"number": number})
        folder.archive()
        assert not folder.path.exists()
        folder.make()
    archive = folder.path.parent / ".archive" / "abc"
    assert [JobFolder(archive / name).read_result() for name in ("1", "2")] == [{"number": 1}, {"number": 2}]


def test_archiving_what_is_not_there_does_nothing(tmp_path: Path) -> None:
    JobFolder.of(tmp_path, "run", "none").archive()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"accuracy": 1', b"\xff"])
def test_an_unreadable_result_is_no_result(folder: JobFolder, content: bytes) -> None:
    folder.result.write_bytes(content)
    assert folder.read_result() is None
