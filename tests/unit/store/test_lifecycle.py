"""Claims, ends and dead owners."""

import errno
from collections.abc import Callable

import pytest

from l2t.spec import RunSpec, SourceSpec
from l2t.store import lifecycle
from l2t.store.folder import JobFolder
from l2t.store.lifecycle import ATTEMPTS
from l2t.store.rows import Job, Owner, Submitted
from l2t.store.state import ClaimLostError, Reason, State
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]


def dead(owner: Owner, heartbeat: float) -> bool:
    return False


def living(owner: Owner, heartbeat: float) -> bool:
    return True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What crashed is tried again without waiting."""
    monkeypatch.setattr(lifecycle, "BACKOFF_SECONDS", 0.0)


def claim(store: Store, owner: Owner) -> Job:
    job = store.claim(owner)
    assert job is not None
    return job


def test_runs_are_claimed_in_the_order_of_asking_and_with_their_specification(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    runs = [make_run(seed) for seed in (3, 1, 2)]
    submit(runs)
    jobs = [claim(store, owner) for _ in runs]
    assert [job.spec() for job in jobs] == runs
    assert [(job.kind, job.attempts, job.redo) for job in jobs] == [("run", 1, False)] * 3
    assert store.claim(owner) is None


def test_a_run_is_claimable_only_when_its_source_is_done(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    submit([make_run(source=source.ref), make_run(1)], [source])
    first = claim(store, owner)
    assert (first.kind, first.spec()) == ("source", source)
    assert claim(store, owner).id == make_run(1).id
    assert store.claim(owner) is None
    store.finish(source.id, owner, {"accuracy": 91.5}, 3.0, 1)
    assert claim(store, owner).kind == "run"
    artefact = store.artefact(source.id[:6])
    assert artefact is not None
    assert (artefact.name, artefact.model, artefact.outputs, artefact.accuracy) == ("glyphs", "resnet8", 62, 91.5)


def test_the_summary_of_a_result_is_in_the_table(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run()])
    result = {"accuracy": 88.5, "best_val": {"epoch": 3, "val_accuracy": 90.0, "accuracy": 87.0}, "rare_recall": 12.0}
    store.finish(claim(store, owner).id, owner, result | {"parameters": 5, "steps": 6}, 7.5, 8)
    row = store.runs()[0]
    assert (row.accuracy, row.best_val, row.rare_recall) == (88.5, 87.0, 12.0)
    assert (row.parameters, row.steps, row.seconds, row.peak_memory) == (5, 6, 7.5, 8)
    assert (row.state, row.epoch, row.host, row.pid) == (State.DONE, row.epochs, None, None)


def test_an_interrupted_run_is_queued_again_and_shows_how_far_it_was(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run()])
    for _ in range(ATTEMPTS + 1):  # stopping on request never counts against the limit
        job = claim(store, owner)
        store.progress(job.id, owner, 2, 6)
        store.interrupt(job.id, owner)
    row = store.runs()[0]
    assert (row.state, row.reason, row.epoch, row.epochs) == (State.QUEUED, Reason.STOPPED, 2, 6)


@pytest.mark.parametrize(
    "call",
    [
        lambda store, id, owner: store.finish(id, owner, {}, None, None),
        lambda store, id, owner: store.fail(id, owner, Reason.CRASHED, "x"),
        lambda store, id, owner: store.interrupt(id, owner),
        lambda store, id, owner: store.progress(id, owner, 1, 2),
        lambda store, id, owner: store.heartbeat(id, owner),
        lambda store, id, owner: store.archived(id, owner),
    ],
)
def test_who_lost_the_claim_changes_nothing(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, call: Callable[[Store, str, Owner], None]
) -> None:
    submit([make_run()])
    job = claim(store, owner)
    assert store.reconcile(dead) == 1
    other = Owner("box", "boot", owner.pid, owner.start_ticks + 1)  # the same pid, used again
    claim(store, other)
    before = store.runs()
    with pytest.raises(ClaimLostError, match=job.id):
        call(store, job.id, owner)
    assert store.runs() == before


def test_the_living_are_left_alone(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run()])
    claim(store, owner)
    assert store.reconcile(living) == 0
    assert store.runs()[0].state == State.RUNNING


def test_a_dead_owners_run_is_queued_again_and_done_if_its_result_is_on_disk(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(0), make_run(1)])
    finished = claim(store, owner)
    claim(store, owner)
    folder = JobFolder.of(store.home, "run", finished.id)
    folder.make()
    folder.write_attempt(1, 2.0, 5)
    folder.write_result({"accuracy": 77.0})
    assert store.reconcile(dead) == 2
    one, other = store.runs()
    assert (one.state, one.accuracy, one.seconds, one.peak_memory) == (State.DONE, 77.0, 2.0, 5)
    assert (other.state, other.reason) == (State.QUEUED, Reason.LOST)
    assert other.message == "its process (pid 100 on box) died"


def test_the_result_of_a_forced_run_that_is_not_archived_yet_is_not_its_own(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run()])
    folder = JobFolder.of(store.home, "run", claim(store, owner).id)
    folder.make()
    folder.write_result({"accuracy": 77.0})
    store.finish(folder.path.name, owner, {"accuracy": 77.0}, None, None)
    submit([make_run()], force=True)
    assert claim(store, owner).redo
    store.reconcile(dead)
    assert store.runs()[0].state == State.QUEUED
    job = claim(store, owner)
    assert job.redo
    store.archived(job.id, owner)
    store.reconcile(dead)
    assert store.runs()[0].state == State.DONE  # from here on a result in the folder is this attempt's


def test_attempts_that_get_no_further_count_until_the_run_fails(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(epochs=100)])
    for epoch in (5, 9, 9, 8):  # the second got further than the first; then two that did not
        store.progress(claim(store, owner).id, owner, epoch, 100)
        store.reconcile(dead)
        assert store.runs()[0].state == State.QUEUED
    store.progress(claim(store, owner).id, owner, 10, 100)  # further again: the count begins anew
    store.reconcile(dead)
    for _ in range(ATTEMPTS):
        assert store.runs()[0].state == State.QUEUED
        claim(store, owner)
        store.reconcile(dead)
    row = store.runs()[0]
    assert (row.state, row.reason) == (State.FAILED, Reason.CRASHED)
    assert row.message == "its process died 3 times in a row without getting past epoch 10"
    submit([make_run(epochs=100)])
    claim(store, owner)
    store.reconcile(dead)
    assert store.runs()[0].state == State.QUEUED  # a retry has all its attempts again


def test_a_source_that_keeps_dying_fails_what_waits_for_it(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    submit([make_run(source=make_source().ref)], [make_source()])
    for _ in range(ATTEMPTS):
        claim(store, owner)
        store.reconcile(dead)
    row = store.runs()[0]
    assert (row.state, row.reason) == (State.FAILED, Reason.ARTEFACT)
    assert "glyphs" in (row.message or "")


def test_a_folder_that_cannot_be_read_holds_up_no_other_job(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(3)])
    ids = [claim(store, owner).id for _ in range(3)]
    folders = [JobFolder.of(store.home, "run", id) for id in ids]
    for folder, path in ((folders[0], folders[0].result), (folders[1], folders[1].metrics)):
        folder.make()
        path.symlink_to(path)
    said: list[tuple[str, int | None]] = []
    assert store.reconcile(dead, unreadable=lambda id, error: said.append((id, error.errno))) == 1
    assert said == [(id, errno.ELOOP) for id in ids[:2]]
    assert [row.state for row in store.runs()] == [State.RUNNING, State.RUNNING, State.QUEUED]
    assert store.reconcile(dead) == 0
    folders[0].result.unlink()
    assert store.reconcile(dead) == 1
    assert [row.state for row in store.runs()] == [State.QUEUED, State.RUNNING, State.QUEUED]
