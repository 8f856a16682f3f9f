"""Artefacts that need artefacts: made once, in order, and what cannot be made fails all that waits for it."""

from collections.abc import Callable

import pytest

from l2t.spec import ArtefactSpec, RunSpec, SourceRef, TrainSettings
from l2t.store.filter import ALL, parse
from l2t.store.lifecycle import ATTEMPTS
from l2t.store.rows import Job, Owner, Submission, Submitted
from l2t.store.state import Reason, State
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]


def make_artefact(name: str, *needs: str) -> ArtefactSpec:
    return ArtefactSpec(phase="tiny", name=name, options={"of": "digits"}, needs=needs, train=TrainSettings(epochs=2))


FIRST = make_artefact("first")
SECOND = make_artefact("second", FIRST.id)
REF = SourceRef(hash=SECOND.id, name="second", model="resnet8", outputs=2)


@pytest.fixture
def chained(submit: Submit, make_run: MakeRun) -> Submitted:
    """Two runs that need the second artefact, which needs the first, and one that needs nothing."""
    return submit([make_run(0, source=REF), make_run(1, source=REF), make_run(2)], [FIRST, SECOND])


def claim(store: Store, owner: Owner) -> Job:
    job = store.claim(owner)
    assert job is not None
    return job


def test_the_name_is_no_part_of_an_artefacts_identity_and_all_else_is() -> None:
    assert FIRST.model_copy(update={"name": "other"}).id == FIRST.id
    changes = ({"phase": "x"}, {"options": {}}, {"needs": ("x",)}, {"device": "cuda"}, {"engine": 0})
    assert len({FIRST.id, SECOND.id, *(FIRST.model_copy(update=change).id for change in changes)}) == 7


def test_each_is_built_once_and_nothing_before_what_it_needs(
    store: Store, owner: Owner, chained: Submitted, make_run: MakeRun
) -> None:
    first = claim(store, owner)
    assert (first.kind, first.spec()) == ("artefact", FIRST)
    assert claim(store, owner).id == make_run(2).id
    assert store.claim(owner) is None
    store.finish(FIRST.id, owner, {}, 1.0, 1)
    assert claim(store, owner).spec() == SECOND
    assert store.claim(owner) is None
    store.finish(SECOND.id, owner, {}, 1.0, 1)
    assert {claim(store, owner).id for _ in range(2)} == {make_run(seed, source=REF).id for seed in (0, 1)}
    assert store.claim(owner) is None
    found = store.artefact("second")
    assert found is not None
    assert (found.hash, found.kind, found.outputs) == (SECOND.id, "artefact", 0)
    assert store.sweep(chained.sweep).artefacts[State.DONE] == 2


def test_asked_for_by_two_sweeps_it_is_built_once(
    store: Store, owner: Owner, chained: Submitted, make_run: MakeRun
) -> None:
    again = store.submit(Submission("", "", 1, [make_run(7, source=REF)], [FIRST, SECOND]))
    assert (again.sources.new, again.sources.waiting) == (0, 2)
    kinds = []
    while (job := store.claim(owner)) is not None:
        store.finish(job.id, owner, {}, 1.0, 1)
        kinds.append(job.kind)
    assert sorted(kinds) == ["artefact"] * 2 + ["run"] * 4


def test_a_failure_fails_all_behind_it_and_a_retry_of_one_run_begins_at_the_beginning(
    store: Store, owner: Owner, chained: Submitted, make_run: MakeRun
) -> None:
    store.fail(claim(store, owner).id, owner, Reason.INVALID, "no such data")
    states = {row.seed: (row.state, row.reason) for row in store.runs()}
    assert states == dict.fromkeys((0, 1), (State.FAILED, Reason.ARTEFACT)) | {2: (State.QUEUED, None)}
    assert "first" in (store.runs()[0].message or "")
    assert store.sweep(chained.sweep).artefacts[State.FAILED] == 2
    store.retry(parse(["seed=0"]))
    assert store.sweep(chained.sweep).artefacts[State.QUEUED] == 2
    assert {claim(store, owner).id for _ in range(2)} == {FIRST.id, make_run(2).id}
    assert store.claim(owner) is None


def test_one_that_keeps_dying_fails_all_behind_it(store: Store, owner: Owner, chained: Submitted) -> None:
    store.cancel(parse(["source=none"]))
    for _ in range(ATTEMPTS):
        store._all("UPDATE jobs SET not_before = NULL")
        assert claim(store, owner).id == FIRST.id
        store.reconcile(lambda owner, heartbeat: False)
    assert [row.state for row in store.runs()] == [State.FAILED, State.FAILED, State.CANCELLED]
    assert store.live_sweeps() == []


def test_cancelling_the_runs_cancels_the_whole_chain(store: Store, chained: Submitted) -> None:
    store.cancel(parse(["seed=0"]))
    assert store.sweep(chained.sweep).artefacts[State.QUEUED] == 2
    store.cancel(ALL)
    assert store.sweep(chained.sweep).artefacts[State.CANCELLED] == 2
