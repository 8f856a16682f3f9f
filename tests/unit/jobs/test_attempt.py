"""One attempt, in this process, with the tiny engine."""

import errno
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from l2t.errors import StoreError
from l2t.jobs.attempt import After, attempt
from l2t.jobs.engine import Engine
from l2t.jobs.owner import current
from l2t.registry import load_object
from l2t.spec import RunSpec, SourceRef
from l2t.store import files, lifecycle
from l2t.store.filter import ALL
from l2t.store.folder import JobFolder
from l2t.store.rows import Job, RunRow, Submission
from l2t.store.state import Reason, State
from l2t.store.store import Store

MakeRun = Callable[..., RunSpec]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as store:
        yield store


@pytest.fixture
def engine(tiny_engine: str) -> Engine:
    load: Callable[[], Engine] = load_object(tiny_engine)
    return load()


def queue(store: Store, run: RunSpec, force: bool = False) -> Job:
    store.submit(Submission("", "", 1, [run], force=force))
    job = store.claim(current())
    assert job is not None
    return job


def go(store: Store, engine: Engine, job: Job, stopped: bool = False) -> RunRow:
    """Attempt the job; the run's row after it."""
    stop = threading.Event()
    if stopped:
        stop.set()
    attempt(store, current(), job, engine, stop)
    return store.run(job.id).row


def test_a_done_run_has_its_files_and_no_checkpoint(store: Store, engine: Engine, make_run: MakeRun) -> None:
    run = make_run()
    row = go(store, engine, queue(store, run))
    folder = JobFolder.of(store.home, "run", run.id)
    assert (row.state, row.steps, row.parameters) == (State.DONE, 4, 7)
    assert row.accuracy == (folder.read_result() or {})["accuracy"]
    assert row.seconds is not None
    assert (row.peak_memory or 0) > 1_000_000
    assert RunSpec.model_validate_json(folder.spec.read_text()) == run
    assert json.loads(folder.env.read_text())["fingerprint"] == {"cpu": "tiny"}
    assert not folder.checkpoint.exists()
    assert folder.path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("fail", "reason", "message"),
    [
        ("diverged", Reason.DIVERGED, "loss is nan in epoch 1"),
        ("invalid", Reason.INVALID, "too many shots"),
        ("memory", Reason.OUT_OF_MEMORY, "out of memory: MemoryError"),
    ],
)
def test_a_failure_has_its_reason_and_its_traceback_in_the_log(
    store: Store, engine: Engine, make_run: MakeRun, fail: str, reason: Reason, message: str
) -> None:
    run = make_run(options={"fail": fail, "at": 2})
    row = go(store, engine, queue(store, run))
    assert (row.state, row.reason) == (State.FAILED, reason)
    assert message in (row.message or "")
    folder = JobFolder.of(store.home, "run", run.id)
    assert "Traceback" in folder.log.read_text()
    assert folder.read_result() is None


@pytest.mark.parametrize(
    ("fail", "reason", "message"),
    [("crash", Reason.CRASHED, "ZeroDivisionError: last line"), ("disk", Reason.DISK, "the disk is full")],
)
def test_what_another_attempt_may_mend_goes_back_to_the_queue(
    store: Store, engine: Engine, make_run: MakeRun, fail: str, reason: Reason, message: str
) -> None:
    run = make_run(options={"fail": fail, "at": 2})
    row = go(store, engine, queue(store, run))
    assert (row.state, row.reason) == (State.QUEUED, reason)
    assert message in (row.message or "")
    assert "Traceback" in JobFolder.of(store.home, "run", run.id).log.read_text()
    assert store.claim(current()) is None  # not at once


def test_crashes_at_the_same_place_fail_in_the_end(
    store: Store, engine: Engine, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "BACKOFF_SECONDS", 0.0)
    run = make_run(options={"fail": "crash", "at": 2})
    # The first got further than any before it.
    states = [go(store, engine, queue(store, run)).state for _ in range(1 + lifecycle.ATTEMPTS)]
    assert states == [State.QUEUED] * lifecycle.ATTEMPTS + [State.FAILED]


@pytest.mark.parametrize(("cancel", "state"), [(False, State.PAUSED), (True, State.CANCELLED)])
def test_a_running_run_is_paused_or_cancelled_where_it_stands(
    store: Store, engine: Engine, make_run: MakeRun, cancel: bool, state: State
) -> None:
    job = queue(store, make_run(epochs=10_000, options={"sleep": 0.01}))
    changed = store.cancel(ALL) if cancel else store.pause(ALL, now=True)
    assert changed.asked == 1
    assert go(store, engine, job).state == state
    assert JobFolder.of(store.home, "run", job.id).checkpoint.exists()


def test_the_environment_names_the_weights_of_the_source_that_were_used(
    store: Store, engine: Engine, make_run: MakeRun
) -> None:
    source = SourceRef(hash="5" * 16, name="small", model="resnet8", outputs=36)
    made = JobFolder.of(store.home, "source", source.hash)
    made.make()
    made.write_result({"weights": "abc"})
    job = queue(store, make_run(source=source))
    go(store, engine, job)
    folder = JobFolder.of(store.home, "run", job.id)
    assert json.loads(folder.env.read_text())["source_weights"] == {"small": "abc"}


def test_an_interrupted_run_goes_on_from_its_checkpoint_on_an_equal_fingerprint(
    store: Store, engine: Engine, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue(store, make_run())
    assert go(store, engine, job, stopped=True).state == State.QUEUED
    folder = JobFolder.of(store.home, "run", job.id)
    folder.checkpoint.write_text('[3, "elsewhere"]')
    with folder.metrics_writer() as writer:
        writer.append(*({"epoch": epoch, "loss": "elsewhere"} for epoch in (1, 2, 3)))
    row = go(store, engine, queue(store, make_run()))
    assert row.state == State.DONE
    assert [metric["loss"] == "elsewhere" for metric in folder.read_metrics()] == [True, True, True, False]


def test_on_another_fingerprint_a_run_starts_over(
    store: Store, engine: Engine, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue(store, make_run())
    go(store, engine, job, stopped=True)
    folder = JobFolder.of(store.home, "run", job.id)
    folder.checkpoint.write_text('[3, "elsewhere"]')
    monkeypatch.setenv("TINY_CPU", "another")
    assert go(store, engine, queue(store, make_run())).state == State.DONE
    assert [metric["epoch"] for metric in folder.read_metrics()] == [1, 2, 3, 4]


def test_without_a_checkpoint_nothing_of_a_dead_attempt_is_left(
    store: Store, engine: Engine, make_run: MakeRun
) -> None:
    job = queue(store, make_run())
    folder = JobFolder.of(store.home, "run", job.id)
    folder.make()
    with folder.metrics_writer() as writer:
        writer.append({"epoch": 99})
    folder.write_trace(99, b"")
    go(store, engine, job)
    assert [metric["epoch"] for metric in folder.read_metrics()] == [1, 2, 3, 4]
    assert not folder.traces.exists()


def test_a_result_that_an_earlier_attempt_left_is_taken_and_not_computed_again(
    store: Store, engine: Engine, make_run: MakeRun
) -> None:
    job = queue(store, make_run(options={"fail": "crash"}))
    folder = JobFolder.of(store.home, "run", job.id)
    folder.make()
    folder.write_result({"accuracy": 12.5})
    row = go(store, engine, job)
    assert (row.state, row.accuracy) == (State.DONE, 12.5)


def test_a_forced_run_archives_the_old_attempt(store: Store, engine: Engine, make_run: MakeRun) -> None:
    first = go(store, engine, queue(store, make_run()))
    again = go(store, engine, queue(store, make_run(), force=True))
    assert again.accuracy == first.accuracy
    assert JobFolder(store.home / "runs" / ".archive" / first.id / "1").read_result() is not None


def test_who_lost_its_claim_leaves_the_job_alone(store: Store, engine: Engine, make_run: MakeRun) -> None:
    job = queue(store, make_run(epochs=50))
    store.reconcile(lambda owner, heartbeat: False)
    other = replace(current(), pid=1)
    assert store.claim(other) is not None
    row = go(store, engine, job)
    assert (row.state, row.pid, row.attempts) == (State.RUNNING, 1, 2)
    assert JobFolder.of(store.home, "run", job.id).read_result() is None


def test_a_specification_of_another_version_is_refused_in_one_line(
    store: Store, engine: Engine, make_run: MakeRun
) -> None:
    job = queue(store, make_run())
    row = go(store, engine, replace(job, data='{"method": "l2tww", "colour": 3}'))
    assert (row.state, row.reason) == (State.FAILED, Reason.INVALID)
    assert "another version of l2t" in (row.message or "")


@pytest.mark.parametrize("nth", range(12))
def test_a_disk_that_is_full_from_any_write_on_fails_the_run_with_that_reason_and_a_retry_mends_it(
    store: Store, engine: Engine, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    writes = 0
    real = files._write

    def write(descriptor: int, data: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes > nth:
            os.write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor, data)

    job = queue(store, make_run())
    monkeypatch.setattr(files, "_write", write)
    row = go(store, engine, job)
    monkeypatch.undo()
    if row.state != State.DONE:  # else only the log could not be written
        assert (row.state, row.reason) == (State.QUEUED, Reason.DISK)
        store._all("UPDATE jobs SET not_before = NULL")  # the disk is mended
        row = go(store, engine, queue(store, make_run()))
    assert row.state == State.DONE
    assert [metric["epoch"] for metric in JobFolder.of(store.home, "run", job.id).read_metrics()] == [1, 2, 3, 4]


def test_an_error_of_the_store_is_not_the_runs_failure(
    store: Store, engine: Engine, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*arguments: object) -> None:
        raise StoreError("locked")

    job = queue(store, make_run())
    monkeypatch.setattr(Store, "progress", locked)
    with pytest.raises(StoreError, match="locked"):
        go(store, engine, job)
    assert store.run(job.id).row.state == State.RUNNING


@pytest.mark.parametrize(
    ("fail", "after"),
    [
        ("crash", After.RECYCLE),
        ("memory", After.RECYCLE),
        ("disk", After.WAIT),
        ("diverged", After.NEXT),
        ("invalid", After.NEXT),
        ("", After.NEXT),
    ],
)
def test_after_a_crash_or_a_full_disk_the_process_is_not_used_again(
    store: Store, engine: Engine, make_run: MakeRun, fail: str, after: After
) -> None:
    job = queue(store, make_run(options={"fail": fail}))
    assert attempt(store, current(), job, engine, threading.Event()) == after
