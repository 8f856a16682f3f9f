"""What methods have made before their runs, as a user meets it: shared, failed, damaged, made again."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from l2t.store.filter import parse
from l2t.store.folder import JobFolder
from l2t.store.state import Reason, State
from l2t.store.store import Store

COMMAND = [sys.executable, "-c", "from cli.app import main; main()"]

TINY = """
title = "as small as runs with phases can be"
methods = ["kd", "factor-transfer"]
datasets = ["digits"]
shots = [1]
seeds = 2
target = "vgg-small"
train = { epochs = 1, eval_points = 1 }
data = { size = 8 }
method = { paraphraser_epochs = 1 }

[source]
name = "tiny"
dataset = "digits"
model = "resnet8"
train = { epochs = 1 }
data = { size = 8 }
"""


def l2t(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recipe, and home and data as its runs left them."""
    folder = tmp_path_factory.mktemp("computed")
    (folder / "tiny.toml").write_text(TINY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("L2T_HOME", str(folder / "home"))
        patch.setenv("L2T_DATA", str(folder / "data"))
        done = l2t("run", "--recipe", str(folder / "tiny.toml"), "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def home(computed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the home, the test's own."""
    home = Path(os.environ["L2T_HOME"])
    shutil.copytree(computed / "home", home)
    monkeypatch.setenv("L2T_DATA", str(computed / "data"))
    return home


@pytest.fixture
def tiny(computed: Path) -> str:
    return str(computed / "tiny.toml")


def artefacts(home: Path) -> dict[str, JobFolder]:
    """Folders of what phases made, by its name."""
    with Store.read(home) as store:
        made = {row.name: row.hash for row in store.artefacts() if row.kind == "artefact"}
    return {name: JobFolder.of(home, "artefact", hash) for name, hash in made.items()}


PARAPHRASER = "paraphraser of tiny on digits"
TEACHERS = [f"teacher of digits 1 shot seed {seed}" for seed in range(2)]


def test_what_runs_share_is_made_once_and_used_by_what_asks_for_the_same(home: Path, tiny: str) -> None:
    made = artefacts(home)
    assert sorted(made) == [PARAPHRASER, *TEACHERS]
    with Store.read(home) as store:
        needs = {(row.method, row.seed): store.run(row.id).spec.artefacts for row in store.runs()}
        attempts = store.job(made[PARAPHRASER].path.name).attempts
    assert [ref.name for seed in range(2) for ref in needs["kd", seed]] == TEACHERS
    assert [ref.name for seed in range(2) for ref in needs["factor-transfer", seed]] == [PARAPHRASER] * 2
    assert attempts == 1

    def planned(*changes: str) -> tuple[dict[str, int], Counter[tuple[str, str]]]:
        """Runs and artefacts of a request, by state."""
        settings = [word for change in changes for word in ("--set", change)]
        dry = l2t("run", "--recipe", tiny, *settings, "--dry-run", "--json")
        found = json.loads(dry.stdout)
        return found["runs"], Counter((each["phase"], each["state"]) for each in found["artefacts"])

    runs, states = planned()
    assert (runs["done"], runs["left"]) == (4, 0)
    assert states == {("paraphraser", "done"): 1, ("teacher", "done"): 2}
    runs, states = planned("method.weight=100,500", "method.share=0.25,0.5")
    assert (runs["done"], runs["new"]) == (4, 6)
    assert states == {("paraphraser", "done"): 1, ("paraphraser", "new"): 1, ("teacher", "done"): 2}


def test_a_teacher_is_the_finetune_run_of_its_seed_bit_for_bit(home: Path, tiny: str) -> None:
    done = l2t("run", "--recipe", tiny, "--method", "finetune", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "target" not in done.stderr.splitlines()[0]  # it trains the source's architecture, not the recipe's target
    made = artefacts(home)
    with Store.read(home) as store:
        runs = {row.seed: JobFolder.of(home, "run", row.id) for row in store.runs() if row.method == "finetune"}
    for seed, name in enumerate(TEACHERS):
        results = [json.loads(folder.result.read_text()) for folder in (made[name], runs[seed])]
        assert results[0]["weights"] == results[1]["weights"]


def test_a_phase_that_fails_fails_its_runs_and_says_why_once(home: Path, tiny: str) -> None:
    asked = ("--set", "method.teacher_lr=1e9", "--epochs", "9", "--seeds", "1")
    failed = l2t("run", "--recipe", tiny, "--method", "kd", *asked, "--jobs", "1")
    assert failed.returncode == 1
    lines = [line for line in failed.stderr.splitlines() if line.startswith("l2t: failed ")]
    assert lines[0].startswith(f"l2t: failed  {TEACHERS[0]}  diverged: loss is nan at epoch ")
    assert f"its artefact {TEACHERS[0]} failed: loss is nan at epoch " in lines[1]
    assert len(lines) == 2
    with Store.read(home) as store:
        [run] = [row for row in store.runs() if row.state is State.FAILED]
    assert run.reason is Reason.ARTEFACT
    assert str(run.message).startswith(f"its artefact {TEACHERS[0]} failed: loss is nan at epoch ")
    assert f"1 of 1 runs failed: 1 without what they need. l2t show {run.id} tells" in failed.stderr
    assert str(run.message) in l2t("ls", "state=failed").stdout
    [line] = [line for line in l2t("show", run.id).stdout.splitlines() if line.startswith("  teacher ")]
    assert line.split()[1:8] == TEACHERS[0].split()
    shown = l2t("show", line.split("(")[1].rstrip(")")).stdout
    assert shown.startswith(f"{TEACHERS[0]}: failed, diverged (loss is nan at epoch ")
    assert "DivergedError: loss is nan" in shown


def test_a_run_is_verified_with_what_its_phase_made(home: Path) -> None:
    with Store.read(home) as store:
        run = next(row for row in store.runs() if row.method == "kd" and row.seed == 0)
    verified = l2t("verify", f"id={run.id}", "--sample", "1", "--jobs", "1")
    assert verified.returncode == 0, verified.stderr
    assert "1 identical" in verified.stdout
    artefacts(home)[TEACHERS[0]].weights.unlink()
    verified = l2t("verify", f"id={run.id}", "--json")
    assert verified.returncode == 1
    [verdict] = json.loads(verified.stdout)["verdicts"]
    assert verdict["outcome"] == "cannot run"
    assert verdict["why"].startswith(f"weights.pt of {TEACHERS[0]} (")
    assert verdict["why"].endswith(") is gone: l2t store rebuild, then l2t up, makes it again")


def damage(weights: Path) -> None:
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])


def test_damaged_weights_are_noticed_and_queued_to_be_made_again(home: Path) -> None:
    weights = artefacts(home)[PARAPHRASER].weights
    damage(weights)
    checked = l2t("store", "check")
    assert checked.returncode == 1
    [line] = [line for line in checked.stdout.splitlines() if line.startswith("wrong")]
    assert line.split()[1] == f"artefacts/{weights.parent.name}"
    assert "its weights are damaged" in line
    assert line.endswith("l2t store rebuild")
    assert "7 jobs are done, 1 queued" in l2t("store", "rebuild").stdout
    assert sorted(artefacts(home)) == TEACHERS
    with Store.read(home) as store:
        assert [row.kind for row in store.artefacts() if row.name == "tiny"] == ["source"]
        job = store.job(weights.parent.name)
    assert (job.kind, job.name, job.state) == ("artefact", PARAPHRASER, State.QUEUED)
    assert l2t("store", "check").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("other", [False, True])
def test_what_a_run_says_of_damaged_weights_makes_them_again_the_same(home: Path, tiny: str, other: bool) -> None:
    before: dict[str, Any] = {name: folder.read_result() for name, folder in artefacts(home).items()}
    made = artefacts(home)[PARAPHRASER]
    if other:  # a sound file, of other weights
        shutil.copy(artefacts(home)[TEACHERS[0]].weights, made.weights)
    else:
        damage(made.weights)
    asked = ("run", "--recipe", tiny, "--method", "factor-transfer", "--set", "method.weight=7", "--seeds", "1")
    failed = l2t(*asked, "--jobs", "1")
    assert failed.returncode == 1
    assert f"the weights of {PARAPHRASER} are gone or damaged: " in failed.stderr
    assert f"(delete {made.path}; l2t store rebuild, then l2t up, makes it again)" in failed.stderr
    shutil.rmtree(made.path)
    assert "7 jobs are done, 2 queued" in l2t("store", "rebuild").stdout
    done = l2t(*asked, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert {name: folder.read_result() for name, folder in artefacts(home).items()} == before
    assert l2t("store", "check").returncode == 0


def test_networks_of_the_source_s_architecture_take_no_other_target(home: Path, tiny: str) -> None:
    refused = l2t("run", "--recipe", tiny, "--method", "finetune", "--target", "vgg9", "--dry-run")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == (
        "l2t: finetune trains a network of its source's architecture: that of tiny is resnet8, the target asked "
        "for vgg9. Leave --target out, or take a source of that architecture"
    )
    added = l2t("queue", "add", "--recipe", tiny, "--method", "finetune,ufm", "--seeds", "1")
    assert added.returncode == 0, added.stderr
    with Store.read(home) as store:
        targets = {row.method: row.target for row in store.runs() if row.method in ("finetune", "ufm")}
    assert targets == {"finetune": "resnet8", "ufm": "vgg-small"}


def test_the_queue_tells_what_runs_wait_for(home: Path, tiny: str) -> None:
    assert l2t("queue", "add", "--recipe", tiny, "--method", "kd", "--shots", "2", "--seeds", "8").returncode == 0
    listed = l2t("queue", "list").stdout.splitlines()
    assert listed[-7].startswith("1 job of the queue waits for artefact teacher of digits 2 shots seed 0 (")
    assert listed[-7].endswith(", queued)")
    assert listed[-1] == "2 more wait for 2 others"
    with Store.read(home) as store:
        waiting = store.runs(parse(["method=kd", "shots=2", "seed=0"]))[0].id
    assert "\n  waits for  teacher of digits 2 shots seed 0\n" in l2t("show", waiting).stdout
