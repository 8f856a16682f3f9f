"""Changing the queue: order, pause, cancel, retry, forget."""

import errno
import os
from collections.abc import Callable

import pytest

from l2t.errors import StoreError, UsageError
from l2t.spec import RunSpec, SourceSpec
from l2t.store import files, lifecycle, queue
from l2t.store.filter import ALL, parse
from l2t.store.folder import JobFolder
from l2t.store.rows import Changed, Job, Owner, Submission, Submitted
from l2t.store.state import Reason, Request, State
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]


def claim(store: Store, owner: Owner) -> Job:
    job = store.claim(owner)
    assert job is not None
    return job


def claimed_seeds(store: Store, owner: Owner) -> list[int]:
    """Seeds of all that is left, in the order in which it is claimed."""
    seeds = {row.id: row.seed for row in store.runs()}
    jobs = []
    while (job := store.claim(owner)) is not None:
        store.finish(job.id, owner, {}, None, None)
        jobs.append(job)
    return [seeds[job.id] for job in jobs if job.kind == "run"]


def states(store: Store) -> list[State]:
    """States of all runs, in the order of asking."""
    return [row.state for row in store.runs()]


def test_sweeps_take_turns(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run(seed) for seed in range(6)])
    claim(store, owner)
    claim(store, owner)
    submit([make_run(seed) for seed in (10, 11)])
    assert claimed_seeds(store, owner) == [2, 10, 3, 11, 4, 5]


def test_a_sweep_that_waits_for_its_source_does_not_let_the_next_one_overtake_all_others(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    submit([make_run(100, source=make_source().ref)], [make_source()])
    assert claim(store, owner).kind == "source"
    submit([make_run(seed) for seed in range(4)])
    claim(store, owner)
    claim(store, owner)
    submit([make_run(seed) for seed in (10, 11)])
    assert claimed_seeds(store, owner) == [2, 10, 3, 11]


@pytest.mark.parametrize("laggard", ["disk", "resumed", "interrupted"])
def test_a_run_that_was_left_behind_does_not_let_a_new_sweep_overtake_all_others(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, laggard: str
) -> None:
    submit([make_run(seed) for seed in range(1000)])
    if laggard == "resumed":
        store.pause(parse(["seed=0"]))
    first = claim(store, owner)
    for _ in range(399):
        store.finish(claim(store, owner).id, owner, {}, None, None)
    if laggard == "disk":
        store.fail(first.id, owner, Reason.DISK, "No space left")
    elif laggard == "interrupted":
        store.interrupt(first.id, owner)
    else:
        store.finish(first.id, owner, {}, None, None)
        store.resume(ALL)
    submit([make_run(seed) for seed in range(1000, 2000)])
    mine = {make_run(seed).id for seed in range(1000)}
    claims = [claim(store, owner).id in mine for _ in range(400)]
    assert 199 <= sum(claims) <= 202
    assert 99 <= sum(claims[:200]) <= 102


def test_higher_priorities_come_first(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run(seed) for seed in range(3)])
    store.submit(Submission("", "", 1, [make_run(10)], priority=5))
    store.submit(Submission("", "", 1, [make_run(20)], priority=-5))
    assert store.prioritise(parse(["seed=2"]), 7) == Changed(1)
    assert [row.seed for row in store.queue()] == [2, 10, 0, 1, 20]
    assert claimed_seeds(store, owner) == [2, 10, 0, 1, 20]


def test_priorities_are_raised_and_lowered_each_from_where_it_is(
    store: Store, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(3)])
    store.prioritise(parse(["seed=1"]), 500)
    store.prioritise(parse(["seed=2"]), queue.MOST_PRIORITY)
    assert store.reprioritise(ALL, 1) == Changed(3)
    assert [row.priority for row in store.runs(ALL, "seed")] == [1, 501, queue.MOST_PRIORITY]
    store.reprioritise(parse(["seed=0"]), -2 * queue.MOST_PRIORITY)
    assert [row.priority for row in store.runs(parse(["seed=0"]))] == [-queue.MOST_PRIORITY]


def test_what_a_preferred_run_needs_is_preferred(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    submit([make_run(seed) for seed in range(3)])
    submit([make_run(10, source=make_source().ref)], [make_source()])
    store.prioritise(parse(["seed=10"]), 3)
    assert claim(store, owner).kind == "source"
    submit([make_run(11, source=make_source(seed=1).ref)], [make_source(seed=1)])
    store.move(parse(["seed=11"]), "first")
    assert claim(store, owner).kind == "source"


def test_what_is_asked_for_with_a_higher_priority_gets_it_and_so_does_what_it_needs(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    submit([make_run(seed) for seed in range(3)])
    submit([make_run(10, source=source.ref), make_run(11)], [source])
    store.submit(Submission("", "", 1, [make_run(12, source=source.ref)], [source], priority=10))
    assert claim(store, owner).id == source.id
    store.submit(Submission("", "", 1, [make_run(11)], priority=5))
    store.submit(Submission("", "", 1, [make_run(11)]))  # asked for by somebody else too, who is in no hurry
    assert claim(store, owner).id == make_run(11).id
    assert {row.seed: row.priority for row in store.runs()} == {0: 0, 1: 0, 2: 0, 10: 0, 11: 5, 12: 10}


def test_what_a_retried_run_needs_is_as_urgent_as_it_is(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    submit([make_run(seed, source=source.ref) for seed in (0, 1)], [source])
    store.prioritise(parse(["seed=1"]), 7)
    store.prioritise(parse(["seed=0"]), 3)
    store.cancel(parse(["seed=1"]))
    store._all("UPDATE jobs SET priority = 3 WHERE kind = 'source'")  # asked for again by others meanwhile
    submit([make_run(seed) for seed in (2, 3)])
    store.prioritise(parse(["seed=2,3"]), 5)
    store.retry(parse(["seed=1"]))
    assert claim(store, owner).id == source.id


def test_runs_are_moved_to_either_end_in_the_order_that_they_have(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(6)])
    assert store.move(parse(["seed=3,4"]), "first") == Changed(2)
    assert store.move(parse(["seed=0,1"]), "last") == Changed(2)
    assert claimed_seeds(store, owner) == [3, 4, 2, 5, 0, 1]


def test_paused_runs_wait_until_they_are_resumed(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run(seed) for seed in range(3)])
    running = claim(store, owner)
    assert store.pause(ALL) == Changed(2, finishing=1)
    assert store.requested(running.id, owner) is Request.HOLD
    assert store.claim(owner) is None
    assert store.claimable() == {"cpu": 0, "cuda": 0}
    assert store.resume(parse(["seed=2"])) == Changed(1)
    assert claim(store, owner).id == make_run(2).id


@pytest.mark.parametrize("ending", ["interrupt", "fail", "reconcile"])
@pytest.mark.parametrize("request_", list(Request))
def test_what_is_asked_of_a_running_job_happens_however_its_attempt_ends(
    store: Store,
    owner: Owner,
    submit: Submit,
    make_run: MakeRun,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    request_: Request,
) -> None:
    monkeypatch.setattr(lifecycle, "BACKOFF_SECONDS", 0.0)
    submit([make_run()])
    job = claim(store, owner)
    asked = store.cancel(ALL) if request_ is Request.CANCEL else store.pause(ALL, now=request_ is Request.PAUSE)
    assert asked == (Changed(0, finishing=1) if request_ is Request.HOLD else Changed(0, asked=1))
    assert store.requested(job.id, owner) is request_
    assert store.runs()[0].request is request_
    if ending == "interrupt":
        store.interrupt(job.id, owner)
    elif ending == "fail":
        store.fail(job.id, owner, Reason.CRASHED, "x")
    else:
        store.reconcile(lambda owner, heartbeat: False)
    row = store.runs()[0]
    assert row.state == (State.CANCELLED if request_ is Request.CANCEL else State.PAUSED)
    assert (row.request, row.pid) == (None, None)
    store.retry(ALL)
    store.resume(ALL)
    assert store.requested(claim(store, owner).id, owner) is None


def test_a_result_counts_more_than_a_request(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run()])
    job = claim(store, owner)
    store.cancel(ALL)
    store.finish(job.id, owner, {}, None, None)
    assert (store.runs()[0].state, store.runs()[0].request) == (State.DONE, None)


def test_a_pause_does_not_take_a_cancellation_back_but_asking_again_does(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run()])
    job = claim(store, owner)
    store.cancel(ALL)
    store.pause(ALL, now=True)
    store.resume(ALL)
    assert store.requested(job.id, owner) is Request.CANCEL
    submit([make_run()])
    assert store.requested(job.id, owner) is None


def test_resuming_takes_back_a_pause_that_is_asked_for(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run()])
    job = claim(store, owner)
    store.pause(ALL, now=True)
    assert store.resume(ALL) == Changed(1)
    assert store.requested(job.id, owner) is None


def test_cancelling_a_sweep_leaves_what_another_live_one_wants(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    one = submit([make_run(seed) for seed in (0, 1, 2)]).sweep
    other = submit([make_run(seed) for seed in (2, 3)]).sweep
    claim(store, owner)
    assert store.cancel_sweep(one) == Changed(1, asked=1, kept=1)
    assert states(store) == ["running", "cancelled", "queued", "queued"]
    assert store.sweep(one).cancelled is not None
    assert [sweep.id for sweep in store.live_sweeps()] == [other]
    assert store.cancel_sweep(other) == Changed(2)
    submit([make_run(seed) for seed in (0, 1, 2)])
    assert store.sweep(one).cancelled is None
    assert states(store) == ["running", "queued", "queued", "cancelled"]
    with pytest.raises(UsageError, match="no sweep"):
        store.cancel_sweep("nothing")


def test_a_source_that_nothing_needs_any_more_is_cancelled_and_one_asked_for_by_itself_is_not(
    store: Store, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    wanted, needless = make_source(seed=1), make_source(seed=2)
    submit([], [wanted])
    sweep = submit([make_run(seed, source=source.ref) for seed, source in enumerate((wanted, needless))]).sweep
    submit([make_run(1, source=needless.ref)], [needless])
    store.cancel(parse(["seed=0"]))
    assert {job.id: job.state for job in store.sources()} == {wanted.id: "queued", needless.id: "queued"}
    store.cancel_sweep(sweep)
    assert {job.id: job.state for job in store.sources()} == {wanted.id: "queued", needless.id: "queued"}
    store.cancel(ALL)
    assert {job.id: job.state for job in store.sources()} == {wanted.id: "queued", needless.id: "cancelled"}


def test_a_running_source_that_nothing_needs_any_more_is_asked_to_stop_until_it_is_wanted_again(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    submit([make_run(source=make_source().ref)], [make_source()])
    job = claim(store, owner)
    assert store.cancel(ALL) == Changed(1)
    assert store.requested(job.id, owner) is Request.CANCEL
    store.retry(ALL)
    assert store.requested(job.id, owner) is None
    store.cancel(ALL)
    submit([make_run(source=make_source().ref)], [make_source()])
    assert store.requested(job.id, owner) is None
    store.cancel(ALL)
    assert store.interrupt(job.id, owner) is State.CANCELLED
    submit([], [make_source()])  # by itself
    assert claim(store, owner).id == job.id
    store.retry(ALL)
    store.cancel(ALL)
    assert store.requested(job.id, owner) is None


def test_a_sweep_of_sources_alone_can_be_cancelled(store: Store, submit: Submit, make_source: MakeSource) -> None:
    sweep = submit([], [make_source(seed=1), make_source(seed=2)]).sweep
    assert store.cancel_sweep(sweep) == Changed(2)
    assert [job.state for job in store.sources()] == ["cancelled"] * 2


def test_retrying_runs_tries_what_they_need_again(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    submit([make_run(seed, source=make_source().ref) for seed in (0, 1)], [make_source()])
    store.pause(parse(["seed=1"]))  # what is paused fails with its source too, else it would wait for ever
    store.fail(claim(store, owner).id, owner, Reason.DIVERGED, "loss is nan")
    assert [(row.state, row.reason) for row in store.runs()] == [(State.FAILED, Reason.ARTEFACT)] * 2
    assert store.retry(parse(["seed=0"])) == Changed(1)
    assert states(store) == ["queued", "failed"]
    assert claim(store, owner).kind == "source"
    assert store.retry(parse(["state=queued"])) == Changed(0)


def test_clearing_forgets_failed_and_cancelled_runs_and_never_done_ones(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    runs = [make_run(seed) for seed in range(4)]
    submit(runs)
    store.finish(claim(store, owner).id, owner, {}, None, None)
    failed = claim(store, owner)
    folder = JobFolder.of(store.home, "run", failed.id)
    folder.make()
    folder.log.write_text("what happened")
    store.fail(failed.id, owner, Reason.DIVERGED, "x")
    store.cancel(parse(["seed=2"]))
    assert store.clear(ALL) == Changed(2)
    assert [row.seed for row in store.runs()] == [0, 3]
    assert not folder.path.exists()
    assert (store.home / "runs" / ".archive" / failed.id / "1" / "log.txt").read_text() == "what happened"
    assert store._all("PRAGMA foreign_key_check") == []
    submit(runs)
    assert states(store) == ["done", "queued", "queued", "queued"]


def test_forgetting_much_lets_others_go_on_and_an_error_keeps_what_is_left(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit([make_run(seed) for seed in range(40)])
    store.cancel(parse(["seed=0-29"]))
    folders = [JobFolder.of(store.home, "run", make_run(seed).id) for seed in range(30)]
    for folder in folders:
        folder.make()
    monkeypatch.setattr(queue, "SHORT_SECONDS", 0.001)
    archive = JobFolder.archive
    others: list[Job] = []

    def failing(folder: JobFolder) -> None:
        if folder.path == folders[20].path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder.path))
        archive(folder)

    def between(seconds: float) -> None:
        with Store.open(store.home) as other:
            others.extend(job for job in [other.claim(owner)] if job)

    with monkeypatch.context() as patch:
        patch.setattr(JobFolder, "archive", failing)
        patch.setattr(queue.time, "sleep", between)
        with pytest.raises(StoreError, match=r"Input/output error\. 20 of 30 runs were forgotten before"):
            store.clear(ALL)
    assert others
    assert {row.seed for row in store.runs()} == set(range(20, 40))
    assert [folder.path.exists() for folder in folders] == [False] * 20 + [True] * 10
    archive(folders[20])  # it was killed just before the end of the transaction
    assert store.clear(ALL) == Changed(10)


def test_endings_only_grow_whatever_is_done_again_or_forgotten(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    sweep = submit([make_run(seed) for seed in range(3)]).sweep
    assert store.last_ending() == 0
    store.finish(claim(store, owner).id, owner, {}, None, None)
    store.fail(claim(store, owner).id, owner, Reason.DIVERGED, "x")
    store.cancel(parse(["seed=2"]))
    assert [(job.ending, job.state) for job in store.ended_after(0)] == [(1, "done"), (2, "failed"), (3, "cancelled")]
    assert store.sweeps_ended([make_run(1).id])[0].id == sweep
    store.retry(parse(["seed=1"]))
    assert store.sweeps_ended([make_run(1).id]) == []
    store.clear(parse(["seed=2"]))  # the last ending is forgotten, and not given again
    assert (store.last_ending(), [job.ending for job in store.ended_after(0)]) == (3, [1])
    store.finish(claim(store, owner).id, owner, {}, None, None)
    submit([make_run(0)], force=True)
    store.finish(claim(store, owner).id, owner, {}, None, None)
    assert [job.ending for job in store.ended_after(3, sweep)] == [4, 5]
    assert store.ended_after(5) == []


def test_what_was_told_is_remembered_and_never_goes_back(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(2)])
    assert store.told() == 0
    for _ in range(2):
        store.finish(claim(store, owner).id, owner, {}, None, None)
    store.tell(1)
    store.tell(0)
    with Store.open(store.home) as other:
        assert (other.told(), [job.ending for job in other.ended_after(other.told())]) == (1, [2])
        other.tell(9)  # nothing that is still to happen is told already
    assert store.told() == 2


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize(
    "change",
    [
        lambda store, sweep: store.tag(ALL, ["a"]),
        lambda store, sweep: store.annotate(ALL, "a"),
        lambda store, sweep: store.cancel_sweep(sweep),
    ],
)
def test_where_the_file_cannot_be_written_nothing_changes(
    store: Store,
    submit: Submit,
    make_run: MakeRun,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    change: Callable[[Store, str], object],
) -> None:
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(code, os.strerror(code))

    sweep = submit([make_run()]).sweep
    before = list(store._connection.iterdump())
    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(StoreError, match=f"{os.strerror(code)}. Nothing was (changed|cancelled)"):
        change(store, sweep)
    assert list(store._connection.iterdump()) == before


def test_retry_takes_a_cancel_back_that_nobody_has_heard_of(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run()])
    job = claim(store, owner)
    store.cancel(ALL)
    assert store.retry(ALL) == Changed(1)
    assert store.requested(job.id, owner) is None
