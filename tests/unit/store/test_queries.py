"""Questions to the store."""

from collections.abc import Callable

import pytest

from l2t.errors import UsageError
from l2t.spec import RunSpec, SourceSpec
from l2t.store.filter import parse
from l2t.store.rows import ArtefactRow, Owner, Pace, Submitted
from l2t.store.state import Reason, State
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]


def artefact(hash: str, name: str, created: float) -> ArtefactRow:
    return ArtefactRow(hash, "source", name, "resnet32", "tinyimagenet", 200, "weights.tar", 49.2, None, created)


@pytest.fixture
def swept(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> str:
    """Four runs: done at 50 %, done at 70 %, failed, running."""
    sweep = submit([make_run(seed) for seed in range(4)]).sweep
    for accuracy in (50.0, 70.0):
        job = store.claim(owner)
        assert job is not None
        store.finish(job.id, owner, {"accuracy": accuracy}, accuracy / 10, None)
    failing = store.claim(owner)
    assert failing is not None
    store.fail(failing.id, owner, Reason.DIVERGED, "loss is nan in epoch 3")
    store.claim(owner)
    return sweep


def test_runs_sort_by_any_column_and_what_has_no_value_comes_last(store: Store, swept: str) -> None:
    assert [row.seed for row in store.runs(order="-accuracy")] == [1, 0, 2, 3]
    assert [row.seed for row in store.runs(order="accuracy")] == [0, 1, 2, 3]
    assert [row.seed for row in store.runs(order="state")] == [0, 1, 2, 3]
    assert [row.seed for row in store.runs(order="-seed", limit=2, offset=1)] == [2, 1]
    assert [row.id for row in store.runs(order="id")] == sorted(row.id for row in store.runs())
    with pytest.raises(UsageError, match="accuracy"):
        store.runs(order="accurcy; DROP TABLE jobs")


def test_a_run_is_named_by_its_id_or_an_unambiguous_beginning(store: Store, swept: str, make_run: MakeRun) -> None:
    run = make_run(2)
    for name in (run.id, run.id[:9]):
        detail = store.run(name)
        assert detail.spec == run
        assert (detail.row.reason, detail.row.message) == (Reason.DIVERGED, "loss is nan in epoch 3")


@pytest.mark.parametrize("name", ["", "zzz", "%", "*", "' OR 1 --"])
def test_no_such_run_is_one_line(store: Store, swept: str, name: str) -> None:
    with pytest.raises(UsageError, match="no run"):
        store.run(name)


def test_an_ambiguous_beginning_names_the_runs(store: Store, submit: Submit, make_run: MakeRun) -> None:
    runs = [make_run(seed) for seed in range(17)]  # two of them share their first digit
    submit(runs)
    digits = [run.id[0] for run in runs]
    shared = max(digits, key=digits.count)
    with pytest.raises(UsageError, match=r"more than one run: .* Give more digits") as caught:
        store.run(shared)
    assert all(run.id in str(caught.value) for run in sorted(runs, key=lambda run: run.id) if run.id[0] == shared)


def test_a_sweep_counts_and_lists_its_jobs(store: Store, swept: str, owner: Owner) -> None:
    row = store.sweep(swept)
    assert {state: number for state, number in row.runs.items() if number} == {"done": 2, "failed": 1, "running": 1}
    assert [job.name for job in store.running(swept)] == ["scratch digits 5 shots seed 3"]
    assert store.running(swept)[0].pid == owner.pid
    assert [(job.state, job.accuracy) for job in store.ended_after(0, swept)] == [
        ("done", 50),
        ("done", 70),
        ("failed", None),
    ]
    assert store.paces(swept) == [Pace("scratch", 1, 6.0)]
    with pytest.raises(UsageError, match="no sweep"):
        store.sweep("nothing")


def test_specifications_come_by_id(store: Store, swept: str, make_run: MakeRun) -> None:
    texts = store.specs(parse(["state=done"]))
    assert {id: RunSpec.model_validate_json(text) for id, text in texts.items()} == {
        make_run(seed).id: make_run(seed) for seed in (0, 1)
    }


def test_a_name_means_the_newest_artefact_and_a_beginning_of_a_hash_the_only_one(store: Store) -> None:
    old, new = artefact("ab" * 8, "resnet32", 1.0), artefact("ac" * 8, "resnet32", 2.0)
    for row in (new, old):
        store.add_artefact(row)
    assert store.artefacts() == [new, old]
    assert store.artefact("resnet32") == new
    assert store.artefact("ab") == old
    assert store.artefact("nothing") is None
    assert store.artefact("") is None
    with pytest.raises(UsageError, match="more than one artefact"):
        store.artefact("a")


def test_an_artefact_added_again_is_one(store: Store) -> None:
    store.add_artefact(artefact("ab" * 8, "first", 1.0))
    store.add_artefact(artefact("ab" * 8, "second", 2.0))
    assert [row.name for row in store.artefacts()] == ["second"]


def test_counts_name_every_state(store: Store) -> None:
    assert store.count() == dict.fromkeys(State, 0)


def test_what_is_no_run_is_refused_with_what_it_is(
    store: Store, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    sweep = submit([make_run(0, source=source.ref)], [source]).sweep
    with pytest.raises(UsageError, match=r"is no run but made for runs: .*glyphs.* Name the runs that wait for it"):
        store.run(source.id[:8])
    with pytest.raises(UsageError, match=f"is a sweep: write sweep={sweep}"):
        store.run(sweep)
    with pytest.raises(UsageError, match="no run 'nothing'"):
        store.run("nothing")
