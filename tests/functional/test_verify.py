"""`l2t verify`: finished runs computed again, really, and what is said where the bits are not the same."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import prepared
import pytest
import tiny_engine

from l2t.data import catalog
from l2t.jobs.engine import Engine, load
from l2t.jobs.slots import SlotSettings
from l2t.jobs.verify import Outcome, Trial, draw, other_bits, other_machine
from l2t.jobs.worker import Limits, Signals, work
from l2t.spec import DataSettings, RunSpec, SourceRef
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.rows import Submission
from l2t.store.store import Store

COMMAND = [sys.executable, "-c", "from cli.app import main; main()"]

TINY = """
methods = ["scratch", "ufm"]
datasets = ["digits"]
shots = [1]
seeds = 2
target = "vgg-small"
train = { epochs = 1, eval_points = 1 }
data = { size = 8 }

[source]
name = "tiny"
dataset = "digits"
model = "resnet8"
train = { epochs = 1 }
data = { size = 8 }
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def home() -> Path:
    return Path(os.environ["L2T_HOME"])


def contents(home: Path) -> dict[str, str]:
    """Every file of a home but SQLite's own of the moment, by what is in it."""
    files = (path for path in home.rglob("*") if path.is_file() and not path.name.startswith("l2t.db-"))
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def l2t(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_real_runs_are_the_same_bits_and_what_was_changed_is_found(tmp_path: Path, temporary: Path, home: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY)
    assert l2t("queue", "add", "--recipe", str(recipe), "--device", "cpu").returncode == 0
    compute(home, load)
    with Store.read(home) as store:
        runs = {(row.method, row.seed): row.id for row in store.runs()}
    folders = {place: JobFolder.of(home, "run", id) for place, id in runs.items()}
    broken, moved = folders["scratch", 1], folders["ufm", 1]
    change(broken.result, weights="0" * 64)
    change(broken.env, code="b" * 16)
    fingerprint = json.loads(moved.env.read_text())["fingerprint"] | {"torch": "1.0", "gpu": "old"}
    change(moved.env, fingerprint=fingerprint)
    change(moved.result, weights="0" * 64)
    before = contents(home)

    done = l2t("verify", "--sample", "9", "--seed", "5", "--jobs", "1", "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    verdicts = {verdict["run"]: verdict for verdict in found["verdicts"]}
    outcomes = {place: verdicts[id]["outcome"] for place, id in runs.items()}
    assert outcomes == {
        ("scratch", 0): "identical",
        ("ufm", 0): "identical",
        ("scratch", 1): "differs",
        ("ufm", 1): "other machine",
    }
    assert verdicts[runs["scratch", 1]]["bits"] == ["weights"]
    assert verdicts[runs["scratch", 1]]["notes"][0].startswith("code bbbbbbbb → ")
    assert verdicts[runs["ufm", 1]]["other"][0].startswith("torch 1.0 → ")
    assert verdicts[runs["ufm", 1]]["other"][1] == "gpu old → none"
    assert (verdicts[runs["ufm", 1]]["difference"], verdicts[runs["ufm", 1]]["n"]) == (0.0, 2)
    assert (found["seed"], found["finished"], found["stopped"]) == (5, 4, False)
    assert "4 of 4 finished runs, drawn by --seed 5; about " in done.stderr
    assert contents(home) == before
    assert [*temporary.glob("l2t-*")] == []


def test_a_real_worker_computes_again_what_was_recorded_elsewhere(temporary: Path, home: Path, make_run: Any) -> None:
    checksum = catalog.prepare("digits", 8).checksum
    specs = [
        make_run(seed=seed, shots=1, epochs=1, checksum=checksum, data=DataSettings(size=8, padding=1, flip=False))
        for seed in range(2)
    ]
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 2, specs))
        prepared.work(store)
    before = contents(home)
    done = l2t("verify", f"id={specs[0].id}", "--seed", "5", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("l2t: 1 of 1 finished runs, drawn by --seed 5; about ")
    line, about = [line for line in done.stdout.splitlines() if line.startswith(specs[0].id[:8])]
    assert line.endswith("  other machine")
    assert re.match(r"[0-9a-f]{8}: [+−]\d+\.\d points = \d+\.\d sd \(n = 2\); cpu tiny → ", about)
    assert "1 other machine" in done.stdout
    assert contents(home) == before
    assert [*temporary.glob("l2t-*")] == []


def test_where_nothing_can_be_computed_nothing_is_proved(temporary: Path, home: Path, make_run: Any) -> None:
    source = SourceRef(hash="ab" * 8, name="glyphs", model="resnet8", outputs=62)
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [make_run(method="ufm", source=source)]))
        prepared.work(store)
    done = l2t("verify", "--json")
    assert done.returncode == 1
    [verdict] = json.loads(done.stdout)["verdicts"]
    assert (verdict["outcome"], verdict["repeated"], verdict["difference"]) == ("cannot run", None, None)
    assert "; 1 cannot run here" in done.stderr


@pytest.fixture
def recorded(home: Path, make_run: Any) -> list[RunSpec]:
    """Five runs of one cell that the tiny engine has done."""
    specs = [make_run(seed=seed) for seed in range(5)]
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 5, specs))
    compute(home)
    return specs


def compute(home: Path, load: Callable[[], Engine] = tiny_engine.load) -> None:
    """Do all that is queued, in this process."""
    with Store.open(home) as store:
        work(store, "cpu", False, load, Limits(idle=0.0), Signals(Event(), Event()))


def verdicts(home: Path, number: int = 9) -> dict[str, Any]:
    with Store.read(home) as store:
        rows, texts, cells = store.runs(), store.specs(), {cell.cell: cell for cell in store.cells()}
    with Trial(home, draw(rows, number, 1), texts, SlotSettings(cpu=1)) as trial:
        if trial.sweep is not None:
            compute(trial.home)
        return {verdict.run: verdict for verdict in trial.verdicts(cells)}


def test_equal_seeds_draw_equal_samples_of_finished_runs(
    temporary: Path, home: Path, recorded: list[RunSpec], make_run: Any
) -> None:
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [make_run(seed=9)]))
        rows = store.runs()
    drawn = [[row.id for row in draw(order, 3, seed)] for seed in (1, 1, 2) for order in (rows, rows[::-1])]
    assert drawn[0] == drawn[1] == drawn[2]
    assert drawn[0] != drawn[4]
    assert len({*drawn[0]}) == 3
    assert {row.id for row in draw(rows, 99, 1)} == {spec.id for spec in recorded}


def test_a_changed_metric_is_found_with_its_epoch(temporary: Path, home: Path, recorded: list[RunSpec]) -> None:
    folder = JobFolder.of(home, "run", recorded[2].id)
    lines = folder.metrics.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | {"loss": 0.5})
    folder.metrics.write_text("\n".join(lines) + "\n")
    found = verdicts(home)
    assert found[recorded[2].id].outcome is Outcome.DIFFERS
    assert found[recorded[2].id].bits[0].startswith("metrics from epoch 3 on (loss 0.5 → ")
    assert {found[spec.id].outcome for spec in recorded if spec != recorded[2]} == {Outcome.IDENTICAL}


def test_the_difference_is_told_in_deviations_of_the_cell(temporary: Path, home: Path, recorded: list[RunSpec]) -> None:
    folder = JobFolder.of(home, "run", recorded[0].id)
    change(folder.env, fingerprint={"cpu": "another"})
    change(folder.result, final="other")
    with Store.open(home) as store:
        [cell] = store.cells()
        store._all("UPDATE runs SET accuracy = accuracy + 2 WHERE seed = 0")
    verdict = verdicts(home)[recorded[0].id]
    assert verdict.outcome is Outcome.ELSEWHERE
    assert verdict.n == 5
    assert verdict.difference == pytest.approx(-2)
    assert verdict.deviations == pytest.approx(2 / verdict.sd)
    assert cell.sd != verdict.sd


def test_what_cannot_be_computed_says_why(temporary: Path, home: Path, make_run: Any) -> None:
    source = SourceRef(hash="ab" * 8, name="glyphs", model="resnet8", outputs=62)
    sourced, lost = make_run(seed=1, method="ufm", source=source), make_run(seed=2)
    fails, diverges = (make_run(seed=3, options={"fail": how, "at": 1}) for how in ("invalid", "diverged"))
    card = make_run(seed=4, device="cuda", method="ufm")
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [sourced, lost, fails, diverges, card]))
        prepared.work(store)
    JobFolder.of(home, "run", lost.id).result.unlink()
    for spec in (fails, diverges):
        change(JobFolder.of(home, "run", spec.id).env, fingerprint={"device": "cpu", "threads": 1})
    found = verdicts(home)
    assert found[sourced.id].why == (
        "weights.pt of its source network glyphs (abababab) is gone: "
        "import it again, or l2t store rebuild, then l2t up, trains it"
    )
    assert found[lost.id].why == "its result.json is gone or damaged (l2t store check says more)"
    assert found[fails.id].why == "invalid: too many shots"
    assert found[diverges.id].why == "diverged: loss is nan in epoch 1"
    assert {found[spec.id].outcome for spec in (sourced, lost, fails)} == {Outcome.IMPOSSIBLE}
    if found[card.id].outcome is Outcome.IMPOSSIBLE:  # else there is one
        assert "--device cuda: " in str(found[card.id].why)
    assert [*temporary.glob("l2t-*")] == []


def test_source_networks_are_reached_by_links_and_stay(
    temporary: Path, home: Path, make_run: Any, make_source: Any
) -> None:
    source = make_source()
    spec = make_run(method="ufm", source=source.ref)
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [spec], [source]))
        prepared.work(store)
        rows, texts = store.runs(), store.specs()
    before = contents(home)
    with Trial(home, rows, texts, SlotSettings(cpu=1)) as trial:
        assert JobFolder.of(trial.home, "source", source.id).weights.read_bytes() == prepared.WEIGHTS
        with Store.read(trial.home) as store:
            assert store.claimable() == {"cpu": 1, "cuda": 0}
    assert not trial.home.exists()
    assert contents(home) == before


def test_what_allows_other_bits(make_run: Any) -> None:
    spec, equal = make_run(), {"fingerprint": {"cpu": "x", "threads": 1}, "source_weights": {"a": "b"}}
    assert other_machine(equal, equal | {"code": "other", "host": "other"}, spec) == ()
    assert other_machine(equal, {"fingerprint": {"cpu": "x", "threads": 2}, "source_weights": {"a": "b"}}, spec) == (
        "threads 1 → 2",
    )
    assert other_machine(equal, equal | {"source_weights": {"a": "c"}}, spec) == (
        "its source network, or what a phase made for it, has other weights now",
    )
    assert other_machine({}, equal, spec) == ("its env.json does not tell on which machine it was computed",)
    assert other_machine(equal, equal, make_run(engine=99)) == ("engine 99 → 1",)


def test_values_that_one_of_them_lacks_are_not_compared(tmp_path: Path) -> None:
    first, second = JobFolder(tmp_path / "a"), JobFolder(tmp_path / "b")
    for folder, extra in ((first, {"old": 1}), (second, {"new": 2})):
        folder.make()
        write_json(folder.result, {"weights": "w", "accuracy": 1.0} | extra)
        with folder.metrics_writer() as metrics:
            metrics.append({"epoch": 1, "loss": 1.0} | extra)
    assert other_bits(first, second) == ()
    with second.metrics_writer() as metrics:
        metrics.append({"epoch": 2, "loss": 1.0})
    assert other_bits(first, second) == ("metrics of epoch 2 are missing in one of them",)


def test_an_interrupted_verification_leaves_nothing_behind(temporary: Path, home: Path, make_run: Any) -> None:
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [make_run(epochs=4000)]))
        prepared.work(store)
    before = contents(home)
    process = subprocess.Popen(
        [*COMMAND, "verify", "--jobs", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not [*temporary.glob("*/logs/worker-*.log")] and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "stopped: 0 of 1 runs were compared. --seed " in err
    assert out == ""
    assert contents(home) == before
    assert [*temporary.glob("l2t-*")] == []


def test_nothing_to_compute_is_said(home: Path, make_run: Any) -> None:
    empty = l2t("verify")
    assert (empty.returncode, empty.stdout) == (2, "")
    assert "no runs yet" in empty.stderr
    assert not home.exists()
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [make_run()]))
    waiting = l2t("verify")
    assert waiting.returncode == 2
    assert "none of these 1 runs is finished" in waiting.stderr
