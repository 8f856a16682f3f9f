"""The heartbeat of a job whose steps are long, and what a training learns through it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l2t.jobs import heartbeat
from l2t.jobs.heartbeat import Heartbeat
from l2t.jobs.owner import current
from l2t.spec import RunSpec
from l2t.store.filter import ALL
from l2t.store.rows import Job, Submission
from l2t.store.state import ClaimLostError
from l2t.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as store:
        yield store


@pytest.fixture
def job(store: Store, make_run: Callable[..., RunSpec]) -> Job:
    store.submit(Submission("", "", 1, [make_run()]))
    job = store.claim(current())
    assert job is not None
    return job


def test_the_store_hears_of_a_job_whose_training_says_nothing(
    store: Store, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    first = store.run(job.id).row.heartbeat
    deadline = time.monotonic() + 10
    with Heartbeat(store, current(), job, threading.Event()):
        while store.run(job.id).row.heartbeat == first:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_progress_is_told_at_once_and_then_at_most_twice_a_second(store: Store, job: Job) -> None:
    with Heartbeat(store, current(), job, threading.Event()) as control:
        for epoch in range(1, 100):
            control.progress(epoch, 100, {})
        row = store.run(job.id).row
        assert (row.epoch, row.epochs) == (1, 100)
        time.sleep(heartbeat.PROGRESS_SECONDS)
        control.progress(100, 100, {})
    assert store.run(job.id).row.epoch == 100


def test_a_stop_is_heard_and_a_lost_claim_ends_the_training(store: Store, job: Job) -> None:
    stop = threading.Event()
    with Heartbeat(store, current(), job, stop) as control:
        assert not control.stop_requested()
        stop.set()
        assert control.stop_requested()
        store.reconcile(lambda owner, heartbeat: False)
        with pytest.raises(ClaimLostError):
            control.progress(1, 2, {})


def wait_for(control: Heartbeat) -> None:
    deadline = time.monotonic() + 10
    while not control.stop_requested():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_request_to_pause_stops_the_training(store: Store, job: Job) -> None:
    with Heartbeat(store, current(), job, threading.Event()) as control:
        assert not control.stop_requested()
        assert store.pause(ALL, now=True).asked == 1
        wait_for(control)


def test_a_training_whose_claim_was_lost_ends_at_its_next_step(store: Store, job: Job) -> None:
    with Heartbeat(store, current(), job, threading.Event()) as control:
        store.reconcile(lambda owner, heartbeat: False)
        with pytest.raises(ClaimLostError):
            wait_for(control)
