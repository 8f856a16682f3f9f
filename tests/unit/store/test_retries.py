"""Attempts that fail: what is tried again, when, and how often."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from l2t.spec import RunSpec, SourceSpec
from l2t.store.files import read_json
from l2t.store.filter import ALL, parse
from l2t.store.lifecycle import ATTEMPTS, BACKOFF_SECONDS, DISK_SECONDS, FAR_SECONDS
from l2t.store.rows import Job, Owner, RunRow, Submission, Submitted
from l2t.store.state import Reason, State
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]

YEAR = 365 * 86400.0


class Clock:
    """The wall clock, as a test sets it."""

    def __init__(self) -> None:
        self.now = 1.8e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


def dead(owner: Owner, heartbeat: float) -> bool:
    return False


def claim(store: Store, owner: Owner) -> Job:
    job = store.claim(owner)
    assert job is not None
    return job


def only(store: Store) -> RunRow:
    (row,) = store.runs()
    return row


def test_a_crash_is_tried_again_after_a_while_and_a_longer_one_until_it_fails(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, clock: Clock
) -> None:
    submit([make_run()])
    for wait in (BACKOFF_SECONDS, BACKOFF_SECONDS * 6):
        assert store.fail(claim(store, owner).id, owner, Reason.CRASHED, "KeyError: 'x'") is State.QUEUED
        assert only(store).not_before == clock.now + wait
        assert (only(store).reason, only(store).message) == (Reason.CRASHED, "KeyError: 'x'")
        clock.now += wait - 1
        assert store.claim(owner) is None
        assert store.claimable()["cpu"] == 0
        clock.now += 2
        assert store.claimable()["cpu"] == 1
    assert store.fail(claim(store, owner).id, owner, Reason.CRASHED, "KeyError: 'x'") is State.FAILED
    assert (only(store).state, only(store).attempts) == (State.FAILED, ATTEMPTS)
    store.retry(ALL)
    assert store.fail(claim(store, owner).id, owner, Reason.CRASHED, "x") is State.QUEUED  # counted anew


def test_a_message_of_any_bytes_is_kept(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run()])
    store.interrupt(claim(store, owner).id, owner, "caf\udce9")
    assert only(store).message == "caf\\udce9"
    store.fail(claim(store, owner).id, owner, Reason.INVALID, "no such file: caf\udce9")
    assert only(store).message == "no such file: caf\\udce9"


def test_crashes_that_get_further_each_time_never_fail(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, clock: Clock
) -> None:
    submit([make_run(epochs=100)])
    for epoch in range(1, 3 * ATTEMPTS):
        store.progress(claim(store, owner).id, owner, epoch, 100)
        assert store.fail(make_run(epochs=100).id, owner, Reason.CRASHED, "x") is State.QUEUED
        clock.now += BACKOFF_SECONDS + 1


@pytest.mark.parametrize("reason", [Reason.DIVERGED, Reason.INVALID, Reason.OUT_OF_MEMORY])
def test_what_would_happen_again_is_not_tried_again(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, reason: Reason
) -> None:
    submit([make_run()])
    assert store.fail(claim(store, owner).id, owner, reason, "x") is State.FAILED
    assert only(store).reason is reason


def test_memory_that_others_take_on_a_gpu_may_be_free_later(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, clock: Clock
) -> None:
    submit([make_run(device="cuda")])
    for expected in (State.QUEUED, State.QUEUED, State.FAILED):
        assert store.fail(claim(store, owner).id, owner, Reason.OUT_OF_MEMORY, "x") is expected
        clock.now += 100


def test_a_full_disk_is_never_counted_and_nothing_waits_once_it_is_back(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, clock: Clock
) -> None:
    submit([make_run()])
    for _ in range(3 * ATTEMPTS):
        assert store.fail(claim(store, owner).id, owner, Reason.DISK, "No space left") is State.QUEUED
        assert store.claim(owner) is None
        clock.now += DISK_SECONDS + 1
    store.fail(claim(store, owner).id, owner, Reason.DISK, "No space left")
    store.disk_is_back()
    claim(store, owner)


@pytest.mark.parametrize("jump", [YEAR, -YEAR, -FAR_SECONDS])
def test_a_clock_that_is_set_strands_nothing(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, clock: Clock, jump: float
) -> None:
    submit([make_run()])
    store.fail(claim(store, owner).id, owner, Reason.CRASHED, "x")
    assert store.claim(owner) is None
    clock.now += jump
    assert store.claimable()["cpu"] == 1
    claim(store, owner)


def test_the_first_death_of_a_process_costs_no_time_and_the_second_at_the_same_place_does(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, clock: Clock
) -> None:
    submit([make_run()])
    claim(store, owner)
    store.reconcile(dead)
    assert only(store).not_before is None
    claim(store, owner)
    store.reconcile(dead)
    assert only(store).not_before == clock.now + BACKOFF_SECONDS


def test_deaths_that_are_forgiven_never_count(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run()])
    for _ in range(3 * ATTEMPTS):
        claim(store, owner)
        assert store.reconcile(dead, forgiven=lambda dead: dead == owner) == 1
    assert (only(store).state, only(store).reason) == (State.QUEUED, Reason.LOST)


def test_only_jobs_of_the_device_are_claimed(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run(0), make_run(1, device="cuda"), make_run(2)])
    assert store.claimable() == {"cpu": 2, "cuda": 1}
    on_gpu = store.claim(owner, "cuda")
    assert on_gpu is not None
    assert (on_gpu.id, on_gpu.device, on_gpu.command) == (make_run(1, device="cuda").id, "cuda", "l2t run")
    assert store.claim(owner, "cuda") is None
    assert [row.device for row in store.runs()] == ["cpu", "cuda", "cpu"]


def test_what_waits_is_never_looked_at_by_a_claim(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    submit([make_run(seed, source=make_source().ref) for seed in range(3)], [make_source()])
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    store.claim(owner)
    store.claim(owner, "cpu")
    store.claimable()
    store._connection.set_trace_callback(None)
    plans = {
        detail
        for statement in statements
        if statement.startswith(("SELECT", "UPDATE"))
        for *_, detail in store._all(f"EXPLAIN QUERY PLAN {statement}")
    }
    assert "SEARCH jobs USING INDEX jobs_by_turn (state=? AND device=? AND waits=?)" in plans
    assert not {plan for plan in plans if plan.startswith("SCAN") and "(subquery" not in plan}


def test_where_new_jobs_begin_is_found_without_looking_at_all_that_were_claimed(store: Store) -> None:
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    assert store._turn("cpu", 0) == 1
    store._connection.set_trace_callback(None)
    plans = {detail for *_, detail in store._all(f"EXPLAIN QUERY PLAN {statements[0]}")}
    assert "SEARCH jobs USING INDEX jobs_by_claim (device=? AND priority=? AND claimed>?)" in plans
    assert not {plan for plan in plans if "B-TREE" in plan or plan.startswith("SCAN jobs")}


def test_retrying_a_run_makes_its_cancelled_sweep_wanted_again(store: Store, submit: Submit, make_run: MakeRun) -> None:
    sweep = submit([make_run(0), make_run(1)]).sweep
    store.cancel_sweep(sweep)
    assert not store.live_sweeps()
    assert store.retry(parse(["seed=0"])).changed == 1
    assert [row.id for row in store.live_sweeps()] == [sweep]
    record = read_json(store.home / "sweeps" / f"{sweep}.json")
    assert record is not None
    assert record["cancelled"] is None


def test_retrying_a_run_that_a_live_sweep_has_leaves_the_cancelled_one_cancelled(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    cancelled = submit([make_run(0), make_run(1)]).sweep
    live = submit([make_run(0), make_run(2)]).sweep
    store.cancel_sweep(cancelled)
    store.fail(claim(store, owner).id, owner, Reason.DIVERGED, "x")
    assert store.retry(parse(["seed=0"])).changed == 1
    assert [row.id for row in store.live_sweeps()] == [live]
    assert store.sweep(cancelled).cancelled is not None


def test_a_run_that_comes_back_when_its_forced_source_has_failed_fails_too(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    submit([make_run(source=source.ref)], [source])
    made = store.claim(owner)
    assert made is not None
    store.finish(made.id, owner, {"accuracy": 50.0}, 1.0, 1)
    running = store.claim(owner)
    assert running is not None
    store.submit(Submission("", "", 1, [], [source], force=True))
    other = replace(owner, pid=9)
    again = store.claim(other)
    assert again is not None
    assert again.id == source.id
    store.fail(again.id, other, Reason.DIVERGED, "loss is nan")
    assert store.interrupt(running.id, owner) is State.FAILED
    row = store.runs()[0]
    assert (row.reason, row.message) == (Reason.ARTEFACT, "its source glyphs failed: loss is nan")


def test_a_run_whose_source_is_forced_under_its_hands_waits_for_the_new_one(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    submit([make_run(source=source.ref)], [source])
    store.finish(claim(store, owner).id, owner, {}, 1.0, None)
    run = claim(store, owner)
    store.submit(Submission("l2t source train --force", "", 1, [], [source], force=True))
    again = claim(store, owner)
    assert store.fail(run.id, owner, Reason.INVALID, "weights of source glyphs are gone") is State.QUEUED
    assert store.claim(owner) is None
    store.finish(again.id, owner, {}, 1.0, None)
    assert claim(store, owner).id == run.id
