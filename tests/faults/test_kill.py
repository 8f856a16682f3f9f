"""Workers killed with SIGKILL at seeded points: every run is done, once, bit for bit as in a quiet sweep."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from l2t.data.catalog import quiet
from l2t.jobs.gpus import NoGpus
from l2t.jobs.inventory import Ready
from l2t.jobs.lock import HomeLock
from l2t.jobs.plan import plan
from l2t.jobs.slots import SlotSettings
from l2t.jobs.supervisor import Supervisor
from l2t.jobs.watch import SweepWatch
from l2t.methods.registry import methods as registry
from l2t.spec import RunSpec, SourceSpec
from l2t.spec.recipe_file import read_recipe
from l2t.spec.request import SweepRequest
from l2t.spec.values import read_setting
from l2t.store.folder import JobFolder
from l2t.store.rows import Submission
from l2t.store.state import State
from l2t.store.store import Store

RECIPE = """
title = "Small and quick, and every part of the engine in it"
methods = [{methods}]
datasets = ["digits"]
shots = [2]
seeds = 1
target = "vgg-small"

[train]
epochs = 10
eval_images = 100

[data]
size = 16

[source]
name = "digits-resnet8"
dataset = "digits"
model = "resnet8"
train = { epochs = 2 }
data = { size = 16 }
"""


def pictures(folder: Path) -> Path:
    """A data set of two classes of noise, small enough for a network that is trained on all of it."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 20, 16, 16), dtype=np.uint8)
    for split, first, count in (("train", 0, 16), ("test", 16, 4)):
        for label in range(2):
            (folder / split / f"{label}").mkdir(parents=True)
            for number, image in enumerate(noise[label, first : first + count]):
                Image.fromarray(image).save(folder / split / f"{label}" / f"{number}.png")
    return folder


def finish(home: Path, asked: Submission, engine: str, workers: int, kills: int, seed: int) -> Counter[str]:
    """Work until all is done, killing the worker of a running job `kills` times: each time at an epoch drawn at random
    beyond the one that the job was killed at before, and at a random moment within it. Returns the kills that met, by
    the kind of job."""
    draw = random.Random(seed)
    with Store.open(home) as store:
        sweep = store.submit(asked).sweep
    target: dict[str, int] = {}
    met = Counter[str]()
    deadline = time.monotonic() + 600
    slots = SlotSettings(cpu=workers)
    with (
        HomeLock(home, "up") as lock,
        Supervisor(lock, slots, False, NoGpus(), engine) as supervisor,
        SweepWatch(home, sweep) as watch,
    ):
        while not (status := watch.poll()).finished:
            supervisor.poll()
            assert time.monotonic() < deadline, status
            for active in status.running:
                job = active.job
                if met.total() < kills and job.pid and job.epoch >= target.setdefault(job.id, draw.randrange(1, 4)):
                    time.sleep(draw.uniform(0, 0.2))
                    with suppress(ProcessLookupError):  # done meanwhile
                        os.kill(job.pid, signal.SIGKILL)
                        target[job.id] = job.epoch + draw.randrange(1, 4)
                        met[job.kind] += 1
            time.sleep(0.02)
    return met


def files(folder: JobFolder) -> dict[str, bytes]:
    """What is under the bit guarantee: the result (with the hash of the weights), metrics and traces."""
    found = {path.name: path.read_bytes() for path in sorted(folder.traces.glob("*.npz"))}
    return found | {"result": folder.result.read_bytes(), "metrics": repr(folder.read_metrics()).encode()}


def all_done(home: Path) -> None:
    with Store.read(home) as store:
        assert {row.state for row in store.runs()} == {State.DONE}
        assert {job.state for job in store.sources()} <= {State.DONE}
        for sweep in store.sweeps():
            assert sum(sweep.artefacts.values()) == sweep.artefacts[State.DONE]


@pytest.mark.parametrize(
    ("methods", "workers", "kills"),
    [
        pytest.param(["ufm", "l2twww"], 1, 4),
        pytest.param(list(registry), 2, 28, marks=[pytest.mark.slow, pytest.mark.timeout(1200)], id="every method"),
    ],
)
def test_killed_real_runs_end_with_the_bits_of_undisturbed_ones(
    methods: list[str], workers: int, kills: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    (tmp_path / "small.toml").write_text(RECIPE.replace("{methods}", ", ".join(f'"{name}"' for name in methods)))
    through = f"method.through=folder:{pictures(tmp_path / 'pictures')}", "method.through_epochs=8"
    settings = tuple(map(read_setting, through)) if "intermediate" in methods else ()
    request = SweepRequest(recipe=read_recipe(str(tmp_path / "small.toml")), settings=settings)
    with Store.read(tmp_path / "home") as store:
        asked = plan(request, Ready(store, lambda name: nullcontext(quiet)), "cpu")
    assert {artefact.phase for artefact in asked.artefacts} == {
        phase for name in methods for phase in registry.get(name).makes
    }
    shared = (*asked.sources, *asked.artefacts)
    submission = Submission("l2t run", asked.recipe, 1, asked.runs, shared)
    finish(tmp_path / "quiet", submission, "l2t.jobs.engine:load", workers, kills=0, seed=0)
    met = finish(tmp_path / "noisy", submission, "frequent_checkpoints:load", workers, kills=kills, seed=1)
    assert met.total() >= 3 * kills // 4
    assert met["artefact"] >= len(asked.artefacts) // 2
    all_done(tmp_path / "noisy")
    logs = [path.read_text() for path in (tmp_path / "noisy").glob("*/*/log.txt")]
    assert any("on from its checkpoint" in log for log in logs)
    for job in (*asked.runs, *shared):
        undisturbed = files(JobFolder.of(tmp_path / "quiet", job.kind, job.id))
        assert files(JobFolder.of(tmp_path / "noisy", job.kind, job.id)) == undisturbed, job.name


def test_killed_workers_lose_and_double_nothing(
    tmp_path: Path,
    make_run: Callable[..., RunSpec],
    make_source: Callable[..., SourceSpec],
    tiny_engine: str,
) -> None:
    source = make_source(epochs=30)
    runs = [make_run(seed, epochs=40, source=source.ref, options={"sleep": 0.025}) for seed in range(12)]
    submission = Submission("l2t run", "demo", 12, runs, [source])
    finish(tmp_path / "quiet", submission, tiny_engine, 2, kills=0, seed=0)
    met = finish(tmp_path / "noisy", submission, tiny_engine, 2, kills=15, seed=2)
    assert met.total() >= 10  # on a busy machine some find nothing left to kill
    all_done(tmp_path / "noisy")
    for run in runs:
        assert files(JobFolder.of(tmp_path / "noisy", "run", run.id)) == files(
            JobFolder.of(tmp_path / "quiet", "run", run.id)
        )
