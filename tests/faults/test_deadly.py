"""SIGKILLs at chosen events, of workers and supervisors: every run is done, once, bit for bit as in a quiet sweep."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from l2t.data.catalog import quiet
from l2t.jobs.daemon import ask_down, start, wait_down
from l2t.jobs.inventory import Ready
from l2t.jobs.lock import holder
from l2t.jobs.plan import plan
from l2t.jobs.slots import SlotSettings
from l2t.spec import RunSpec, SourceSpec
from l2t.spec.recipe_file import read_recipe
from l2t.spec.request import SweepRequest
from l2t.store.folder import JobFolder
from l2t.store.rows import Submission
from l2t.store.state import State
from l2t.store.store import Store

HERE = Path(__file__).parent

KILLS = {"claim": (12, 30), "epoch": (16, 70), "rename": (10, 120), "renamed": (6, 120), "result": (10, 25)}
KILLS |= {"finish": (6, 25)}
"""Kills at each kind of event, 60 in all, and among how many of these events they are spread."""

VICTIMS = ("worker", "worker", "worker", "supervisor", "both")

RECIPE = """
title = "Small and quick, and every part of the engine in it"
methods = ["scratch", "ufm", "l2tww", "l2twww"]
datasets = ["digits"]
shots = [2]
seeds = 10
target = "vgg-small"

[train]
epochs = 6

[data]
size = 16

[source]
name = "digits-resnet8"
dataset = "digits"
model = "resnet8"
train = { epochs = 1 }
data = { size = 16 }
"""


def work(home: Path, asked: Submission, engine: str, slots: int, seconds: float) -> int:
    """Work until all has ended, starting a supervisor whenever there is none; how many were started."""
    with Store.open(home) as store:
        sweep = store.submit(asked).sweep
    started = 0
    deadline = time.monotonic() + seconds
    try:
        while not ended(home, sweep):
            assert time.monotonic() < deadline
            if holder(home) is None:
                start(home, SlotSettings(cpu=slots), engine)
                started += 1
            time.sleep(0.1)
    finally:
        ask_down(home, now=True)
        assert wait_down(home, 60)
    return started


def ended(home: Path, sweep: str) -> bool:
    with Store.read(home) as store:
        row = store.sweep(sweep)
    return not sum(counts[state] for counts in (row.runs, row.sources) for state in (State.QUEUED, State.RUNNING))


def schedule(folder: Path, seed: int) -> None:
    """Kills at seeded events."""
    folder.mkdir()
    draw = random.Random(seed)
    for kind, (number, events) in KILLS.items():
        for at in draw.sample(range(2, events), number):
            (folder / f"{kind}-{at}").write_text(draw.choice(VICTIMS))


def files(folder: JobFolder) -> dict[str, bytes]:
    """What is under the bit guarantee: the result (with the hash of the weights), metrics and traces."""
    found = {path.name: path.read_bytes() for path in sorted(folder.traces.glob("*.npz"))}
    return found | {"result": folder.result.read_bytes(), "metrics": repr(folder.read_metrics()).encode()}


def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Submission, engine: str, seconds: float) -> None:
    """The same sweep quietly and with 60 kills: the same bits, each run done once."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), str(HERE.parent)]))
    monkeypatch.setenv("DEADLY", str(tmp_path / "plan"))
    monkeypatch.setenv("DEADLY_ENGINE", engine)
    quiet, noisy = tmp_path / "quiet", tmp_path / "noisy"
    work(quiet, asked, engine, 2, seconds)
    schedule(tmp_path / "plan", seed=7)
    assert len(list((tmp_path / "plan").iterdir())) == 60
    started = work(noisy, asked, "deadly:load", 3, seconds)

    killed = Counter(path.read_text() for path in (tmp_path / "plan").glob("killed-*"))
    assert started > 1
    with Store.read(noisy) as store:
        rows = store.runs()
        assert not [(row.name, row.message) for row in store.ended_after(0) if row.state == State.FAILED]
        assert Counter(row.state for row in rows) == {State.DONE: len(asked.runs)}
        assert {job.state for job in store.sources()} <= {State.DONE}
    assert sum(killed.values()) == 60, sorted(path.name for path in (tmp_path / "plan").iterdir())
    assert killed.keys() == set(VICTIMS)
    assert sum(row.attempts for row in rows) > len(rows)
    for run in asked.runs:
        one, other = JobFolder.of(quiet, "run", run.id), JobFolder.of(noisy, "run", run.id)
        assert files(one) == files(other)
        assert not other.checkpoint.exists()
    for source in asked.sources:
        results = [JobFolder.of(home, "source", source.id).result.read_bytes() for home in (quiet, noisy)]
        assert results[0] == results[1]
    with Store.read(quiet) as one, Store.read(noisy) as other:
        assert {row.id: row.accuracy for row in one.runs()} == {row.id: row.accuracy for row in other.runs()}


@pytest.mark.slow
def test_sixty_kills_of_a_quick_engine(
    tmp_path: Path,
    make_run: Callable[..., RunSpec],
    make_source: Callable[..., SourceSpec],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = make_source(epochs=30)
    runs = [make_run(seed, epochs=12, source=source.ref, options={"sleep": 0.01}) for seed in range(40)]
    check(tmp_path, monkeypatch, Submission("l2t run", "demo", 40, runs, [source]), "tiny_engine:load", 240)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sixty_kills_of_forty_real_runs_on_three_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small.toml").write_text(RECIPE)
    recipe = read_recipe(str(tmp_path / "small.toml"))
    with Store.read(tmp_path / "home") as store:
        asked = plan(SweepRequest(recipe=recipe), Ready(store, lambda name: nullcontext(quiet)), "cpu")
    submission = Submission("l2t run", asked.recipe, 10, asked.runs, asked.sources)
    assert len(asked.runs) == 40
    check(tmp_path, monkeypatch, submission, "frequent_checkpoints:load", 1200)
