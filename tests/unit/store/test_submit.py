"""Asking for runs: what is queued, kept and tried again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from l2t.spec import RunSpec, SourceSpec
from l2t.store.rows import Counts, Owner, Planned, Submission, Submitted
from l2t.store.state import Reason, State
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]


def claim(store: Store, owner: Owner) -> str:
    job = store.claim(owner)
    assert job is not None
    return job.id


def test_each_state_is_counted_and_a_preview_says_the_same_and_writes_nothing(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    runs = [make_run(seed) for seed in range(6)]
    submit(runs[:5])
    store.finish(claim(store, owner), owner, {}, None, None)
    store.fail(claim(store, owner), owner, Reason.DIVERGED, "x")
    claim(store, owner)
    asked = Submission("l2t run", "demo", 6, [*runs, runs[0]])
    before = store.runs()
    planned = store.preview(asked)
    assert planned.runs == Counts(new=1, done=1, waiting=2, running=1, retried=1)
    assert planned.runs.left == 5
    assert planned.states[runs[0].id] == State.DONE
    assert runs[5].id not in planned.states
    assert store.runs() == before
    assert store.submit(asked).runs == planned.runs
    assert [row.state for row in store.runs()] == ["done", "queued", "running", "queued", "queued", "queued"]


def test_the_same_runs_asked_for_again_are_the_same_sweep(store: Store, submit: Submit, make_run: MakeRun) -> None:
    one = submit([make_run(0), make_run(1)])
    assert submit([make_run(1), make_run(0)]).sweep == one.sweep
    assert submit([make_run(0)]).sweep != one.sweep
    assert len(store.sweeps()) == 2
    assert store.sweep(one.sweep).runs[State.QUEUED] == 2


def test_a_sweep_is_a_small_file_too(store: Store, submit: Submit, make_run: MakeRun) -> None:
    sweep = submit([make_run(0)]).sweep
    record = json.loads((store.home / "sweeps" / f"{sweep}.json").read_text())
    assert (record["command"], record["recipe"], record["seeds_planned"]) == ("l2t run", "demo", 30)
    assert record["jobs"] == [make_run(0).id]


def test_a_retried_run_has_forgotten_why_it_failed(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run()])
    store.fail(claim(store, owner), owner, Reason.DIVERGED, "loss is nan")
    assert store.runs()[0].reason == Reason.DIVERGED
    submit([make_run()])
    row = store.runs()[0]
    assert (row.state, row.reason, row.message, row.finished, row.attempts) == (State.QUEUED, None, None, None, 0)


def test_forcing_does_done_runs_again_and_no_source(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    runs = [make_run(0, source=source.ref), make_run(1, source=source.ref)]
    submit(runs, [source])
    store.finish(claim(store, owner), owner, {"accuracy": 90.0}, 1.0, 1)
    store.finish(claim(store, owner), owner, {"accuracy": 80.0}, 1.0, 1)
    planned = store.preview(Submission("", "", 2, runs, [source], force=True))
    assert (planned.runs, planned.sources) == (Counts(waiting=1, retried=1), Counts(done=1))
    submit(runs, [source], force=True)
    assert [(row.state, row.accuracy, row.seconds) for row in store.runs()] == [(State.QUEUED, None, None)] * 2
    job = store.claim(owner)
    assert job is not None
    assert job.redo
    store.archived(job.id, owner)
    assert store.artefact("glyphs") is not None


def test_forcing_a_source_alone_takes_the_old_one_away(
    store: Store, owner: Owner, submit: Submit, make_source: MakeSource
) -> None:
    submit([], [make_source()])
    store.finish(claim(store, owner), owner, {"accuracy": 90.0}, 1.0, 1)
    assert submit([], [make_source()], force=True).sources == Counts(retried=1)
    assert store.artefact("glyphs") is None
    assert store.sources()[0].state == State.QUEUED


def test_runs_asked_for_again_try_their_failed_source_again(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    run = make_run(source=make_source().ref)
    submit([run], [make_source()])
    store.fail(claim(store, owner), owner, Reason.DIVERGED, "loss is nan")
    assert store.runs()[0].reason == Reason.ARTEFACT
    submit([run])  # the source is not named, but stored under the hash that the run has
    assert store.sources()[0].state == State.QUEUED
    job = store.claim(owner)
    assert job is not None
    assert job.kind == "source"


def test_a_run_whose_source_was_imported_waits_for_nothing(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    run = make_run(source=make_source().ref)
    submit([run])
    assert claim(store, owner) == run.id


def test_a_queued_run_follows_the_last_request_in_what_is_not_its_identity(
    store: Store, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run()])
    submit([make_run(recipe="thesis", trace=("features.0.weight[0,0,0,0]",))])
    detail = store.run(make_run().id)
    assert detail.row.recipe == detail.spec.recipe == "thesis"
    assert detail.spec.trace == ("features.0.weight[0,0,0,0]",)


def test_an_empty_submission_is_a_sweep_of_nothing(store: Store) -> None:
    asked = Submission("l2t run", "demo", 0, [])
    assert store.preview(asked) == Planned(Counts(), Counts(), {})
    assert sum(store.sweep(store.submit(asked).sweep).runs.values()) == 0


def test_a_command_line_of_any_bytes_is_kept(store: Store, make_run: MakeRun) -> None:
    store.submit(Submission("l2t run --note caf\udce9", "caf\udce9", 1, [make_run()]))
    assert store.sweeps()[0].command == "l2t run --note caf\\udce9"


@pytest.mark.parametrize("name", ["../../etc", "a'; DROP TABLE jobs; --", 'quo"te', "line\nbreak", "\x1b[31mred", "\0"])
def test_hostile_names_are_kept_as_they_are_and_reach_no_path(
    store: Store, submit: Submit, make_run: MakeRun, make_source: MakeSource, name: str
) -> None:
    run = make_run(dataset=f"folder:{name}", recipe=name, source=make_source(name=name).ref)
    store.submit(Submission(name, name, 1, [run], [make_source(name=name)]))
    row = store.runs()[0]
    assert (row.dataset, row.recipe, row.source) == (f"folder:{name}", name, name)
    assert store.sweeps()[0].command == name
    assert sorted(path.name for path in store.home.iterdir() if path.is_dir()) == ["sweeps"]
    assert [len(path.stem) for path in Path(store.home / "sweeps").iterdir()] == [8]
