"""Cells are counted as their runs change, and the counts are those that counting all runs anew gives."""

import sqlite3
from pathlib import Path

import pytest

from l2t.store.filter import parse
from l2t.store.rows import Submission
from l2t.store.schema import MIGRATIONS, VERSION
from l2t.store.state import Reason, State
from l2t.store.store import Store


def counted(store):
    """The counts by state of each cell, from its runs one by one."""
    found = {}
    for row in store.runs():
        found.setdefault(row.cell, dict.fromkeys(State, 0))[row.state] += 1
    return found


def held(store):
    return {cell.cell: {state: getattr(cell, state.value) for state in State} for cell in store.cells()}


def test_counts_are_those_of_the_runs_after_every_change(store, submit, make_run, owner):
    runs = [make_run(seed, shots=shots) for shots in (5, 10) for seed in range(4)]
    steps = [
        lambda: submit(runs),
        lambda: store.finish(store.claim(owner).id, owner, {"accuracy": 50.0}, 1.0, 1),
        lambda: store.fail(store.claim(owner).id, owner, Reason.DIVERGED, "loss"),
        lambda: store.claim(owner),
        lambda: store.pause(parse(["shots=10"])),
        lambda: store.cancel(parse(["shots=10"])),
        lambda: store.retry(parse(["seed=0"])),
        lambda: submit(runs[:2], force=True),
        lambda: store.clear(parse(["state=failed,cancelled"])),
    ]
    for step in steps:
        before, was = store.signature(), store.cells()
        step()
        assert held(store) == counted(store)
        assert (store.signature() == before) == (store.cells() == was)
    assert all(cell.planned == sum(held(store)[cell.cell].values()) for cell in store.cells())


def test_a_cell_has_mean_and_spread_of_its_finite_accuracies(store, submit, make_run, owner):
    submit([make_run(seed) for seed in range(4)])
    for accuracy in (40.0, 60.0, float("inf"), None):
        store.finish(store.claim(owner).id, owner, {"accuracy": accuracy}, 1.0, 1)
    (cell,) = store.cells()
    assert (cell.done, cell.n, cell.mean, cell.sd) == (4, 2, 50.0, pytest.approx(200**0.5))
    assert store.cell_specs([cell.cell, "none"])[cell.cell]["shots"] == 5


@pytest.mark.parametrize("accuracies", [(float("inf"), 60.0), (float("-inf"), None), (None, 60.0), (60.0, 40.0)])
def test_a_cell_is_named_after_the_run_asked_for_first_whatever_it_found(store, submit, make_run, owner, accuracies):
    runs = [make_run(seed) for seed in range(3)]
    submit(runs)
    for accuracy in accuracies:
        store.finish(store.claim(owner).id, owner, {"accuracy": accuracy}, 1.0, 1)
    (cell,) = store.cells()
    assert (cell.run, cell.done) == (runs[0].id, 2)


def test_the_digest_differs_where_a_run_is_done_again_with_the_same_accuracy(store, submit, make_run, owner):
    submit([make_run()])
    digests = []
    for force in (False, True):
        submit([make_run()], force=force)
        store.finish(store.claim(owner).id, owner, {"accuracy": 50.0}, 1.0, 1)
        digests.append(store.cells()[0].digest)
    assert len({*digests}) == 2


def test_a_store_of_version_2_is_counted_when_it_is_migrated(tmp_path: Path, make_run):
    with Store.open(tmp_path / "new") as store:
        store.submit(Submission("l2t run", "demo", 3, [make_run(seed) for seed in range(3)]))
        cells = store.cells()
    (tmp_path / "old").mkdir()
    database = sqlite3.connect(tmp_path / "old" / "l2t.db")
    for statement in [*MIGRATIONS[0], *MIGRATIONS[1]]:
        database.execute(statement)
    database.execute("PRAGMA user_version = 2")
    database.execute("DELETE FROM endings")
    database.execute("ATTACH ? AS new", (str(tmp_path / "new" / "l2t.db"),))
    for table in ("jobs", "specs", "runs", "sweeps", "sweep_jobs", "endings"):
        database.execute(f"INSERT INTO {table} SELECT * FROM new.{table}")
    database.commit()
    database.close()
    with Store.read(tmp_path / "old") as store:
        assert store.cells() == cells
        assert store._one("PRAGMA user_version") == VERSION


def test_only_the_latest_summaries_of_a_kind_are_kept(store):
    store.keep_summary("tables:0", "[]")
    for number in range(70):
        store.keep_summary(f"cells:{number}", "{}")
    assert (store.summary("cells:0"), store.summary("cells:69")) == (None, "{}")
    assert store.summary("tables:0") == "[]"
