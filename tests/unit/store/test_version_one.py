"""A home that the first version of the store made is brought to the present one, and works."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from l2t.spec import RunSpec, SourceSpec
from l2t.store.filter import parse
from l2t.store.rows import Owner
from l2t.store.schema import MIGRATIONS, VERSION
from l2t.store.state import State
from l2t.store.store import Store

INSERT = (
    "INSERT INTO jobs (number, id, kind, name, state, position, epochs, created, finished) VALUES (?,?,?,?,?,?,?,?,?)"
)
RUN = "INSERT INTO runs (number, method, dataset, shots, seed, target, recipe, cell) VALUES (?,?,?,?,?,?,?,?)"


def old_home(home: Path, source: SourceSpec, waiting: RunSpec, done: RunSpec, failed: RunSpec) -> None:
    """One source and a run that waits for it, one run that is done and one that failed before that."""
    home.mkdir()
    database = sqlite3.connect(home / "l2t.db")
    for statement in MIGRATIONS[0]:
        database.execute(statement)
    jobs = [(source, "queued", None), (waiting, "queued", None), (done, "done", 9.0), (failed, "failed", 8.0)]
    for number, (spec, state, finished) in enumerate(jobs, 1):
        database.execute(INSERT, (number, spec.id, spec.kind, spec.name, state, number, 4, 1.0, finished))
        database.execute("INSERT INTO specs VALUES (?, ?)", (number, spec.model_dump_json()))
        if isinstance(spec, RunSpec):
            what = (spec.method, spec.dataset, spec.shots, spec.seed, spec.target, spec.recipe, spec.cell)
            database.execute(RUN, (number, *what))
        database.execute("INSERT OR IGNORE INTO sweeps VALUES ('abc', 1.0, 1.0, 'l2t run', 'demo', 3)")
        database.execute("INSERT INTO sweep_jobs VALUES ('abc', ?)", (number,))
    database.execute("INSERT INTO needs VALUES (2, 1)")
    database.execute("PRAGMA user_version = 1")
    database.commit()
    database.close()


def test_a_home_of_version_1_is_migrated_and_works(
    tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec], owner: Owner
) -> None:
    source = make_source(device="cuda")
    waiting = make_run(0, source=source.ref, device="cuda")
    done, failed = make_run(1), make_run(2)
    old_home(tmp_path / "old", source, waiting, done, failed)
    with Store.open(tmp_path / "old") as store:
        assert store._all("PRAGMA user_version") == [(VERSION,)]
        assert [(row.id, row.device, row.tags, row.note) for row in store.runs()] == [
            (waiting.id, "cuda", (), None),
            (done.id, "cpu", (), None),
            (failed.id, "cpu", (), None),
        ]
        assert [(job.id, job.ending) for job in store.ended_after(0)] == [(failed.id, 1), (done.id, 2)]
        assert (store.last_ending(), store.told()) == (2, 2)
        assert store.claim(owner, "cpu") is None
        job = store.claim(owner)
        assert job is not None
        assert (job.id, job.device, job.command) == (source.id, "cuda", "l2t run")
        assert store.claim(owner) is None
        store.finish(job.id, owner, {"accuracy": 50.0}, 1.0, 1)
        job = store.claim(owner, "cuda")
        assert job is not None
        assert job.id == waiting.id
        assert store.retry(parse(["state=failed"])).changed == 1
        assert store.claimable() == {"cpu": 1, "cuda": 0}
        assert store.sweep("abc").runs[State.RUNNING] == 1
        assert store.sweep("abc").cancelled is None
