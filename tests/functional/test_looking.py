"""`l2t ls`, `show`, `report`, `doctor`, `methods` and `models` on a real store, by the real console script."""

import csv
import io
import json
import os
import pty
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from l2t.methods.registry import methods
from l2t.spec import RunSpec, SourceRef
from l2t.store.files import append_text, write_json
from l2t.store.folder import JobFolder
from l2t.store.rows import Owner, Submission
from l2t.store.state import Reason
from l2t.store.store import Store

L2T = str(Path(sys.executable).with_name("l2t"))
SOURCE = SourceRef(hash="ab" * 8, name="glyphs", model="resnet8", outputs=62)


def l2t(*arguments: str, code: int = 0) -> str:
    result = subprocess.run([L2T, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == code, result.stderr
    return result.stdout


def on_terminal(*arguments: str, columns: int = 80, **environment: str) -> str:
    """What `l2t` shows on a terminal."""
    main, follower = pty.openpty()
    settings = os.environ | {"COLUMNS": str(columns), "TERM": "xterm-256color"} | environment
    settings = {name: value for name, value in settings.items() if value or name != "NO_COLOR"}
    process = subprocess.Popen([L2T, *arguments], stdout=follower, stderr=subprocess.DEVNULL, env=settings)
    os.close(follower)
    shown = b""
    while True:
        try:
            block = os.read(main, 1 << 16)
        except OSError:  # Linux's end of file of a terminal
            break
        if not block:
            break
        shown += block
    os.close(main)
    assert process.wait(timeout=60) == 0
    return shown.decode()


@pytest.fixture
def home(tmp_path: Path, make_run: Callable[..., RunSpec]) -> Path:
    """18 runs: scratch and l2tww done with six seeds each, ufm with four done, one failed, one running."""
    rng = random.Random(1)
    specs = [
        make_run(seed=seed, method=method, source=None if method == "scratch" else SOURCE, options={})
        for method in ("scratch", "l2tww", "ufm")
        for seed in range(6)
    ]
    owner = Owner("box", "boot", 1, 1)
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 6, specs))
        for spec in specs[:-2]:
            job = store.claim(owner)
            assert job is not None
            mean = {"scratch": 80, "l2tww": 90, "ufm": 85}[spec.method]
            result = {"accuracy": rng.gauss(mean, 1), "parameters": 61514, "steps": 200}
            store.finish(job.id, owner, result, seconds=75.0, peak_memory=250_000_000)
        failing = store.claim(owner)
        assert failing is not None
        folder = JobFolder.of(tmp_path / "home", "run", failing.id)
        folder.make()
        write_json(folder.env, {"fingerprint": {"cpu": "a\x1b[31mchip", "threads": 1}, "python": "3.11"})
        with folder.metrics_writer() as metrics:
            metrics.append(*({"epoch": epoch, "loss": 2.0 / (epoch + 1), "lr": 0.1} for epoch in range(3)))
        append_text(folder.log, "2026-01-01T00:00:00Z attempt 1: ufm digits\n")
        append_text(
            folder.log,
            "2026-01-01T00:00:01Z attempt 1 failed (diverged)\nTraceback (most recent call last):\n  E: \x1b[2J\n",
        )
        store.fail(failing.id, owner, Reason.DIVERGED, "loss is nan in epoch 3")
        store.claim(owner)
    return tmp_path / "home"


def test_ls_names_method_data_shots_seed_state_accuracy_and_reason(home: Path) -> None:
    lines = l2t("ls").splitlines()
    assert lines[0].split() == ["run", "method", "data", "set", "shots", "seed", "state", "accuracy", "%", "age"]
    assert len(lines) == 1 + 18 + 2
    assert lines[1].split()[1:6] == ["scratch", "digits", "5", "0", "done"]
    assert lines[17].endswith("diverged (loss is nan in epoch 3)")
    assert "running" in lines[18]
    assert "epoch 0/4" in lines[18]
    assert lines[-1] == "18 runs: 1 running, 16 done, 1 failed"


def test_ls_filters_sorts_and_limits(home: Path) -> None:
    lines = l2t("ls", "method=l2tww,ufm", "seed=0-2", "state=done", "--sort", "-accuracy", "--limit", "4").splitlines()
    shown = [float(line.split()[6]) for line in lines[1:5]]
    assert shown == sorted(shown, reverse=True)
    assert lines[-1] == "4 runs: 4 done"


def test_ls_json_is_a_list_of_runs_with_stable_keys(home: Path) -> None:
    runs = json.loads(l2t("ls", "--json"))
    assert len(runs) == 18
    assert {"id", "state", "method", "dataset", "shots", "seed", "accuracy", "reason", "cell", "source"} <= set(runs[0])
    assert [run["state"] for run in runs[-2:]] == ["failed", "running"]
    assert json.loads(l2t("ls", "method=fitnets", "--json")) == []


def test_a_list_on_a_terminal_is_cut_to_its_width_and_coloured_and_no_color_is_obeyed(home: Path) -> None:
    coloured = on_terminal("ls", columns=80)
    assert "\x1b[31mfailed" in coloured
    plain = on_terminal("ls", columns=80, NO_COLOR="1")
    assert "\x1b" not in plain
    assert max(len(line) for line in plain.splitlines()) <= 80
    assert "…" in plain


def test_show_tells_what_a_failed_run_was_how_it_went_and_its_last_traceback(home: Path) -> None:
    [failed] = json.loads(l2t("ls", "state=failed", "--json"))
    text = l2t("show", failed["id"][:10])
    assert text.startswith("ufm digits 5 shots seed 4: failed, diverged (loss is nan in epoch 3)\n")
    assert "source     glyphs (resnet8, abababababababab)" in text
    assert "2 → 0.6667  (3 epochs)" in text
    assert "train.momentum      0.9" in text
    assert "Traceback (most recent call last):" in text
    assert "\x1b" not in text
    assert "a\\x1b[31mchip" in text
    value = json.loads(l2t("show", failed["id"], "--json"))
    assert [row["epoch"] for row in value["metrics"]] == [0, 1, 2]
    assert value["spec"]["train"]["momentum"] == 0.9
    assert value["environment"]["python"] == "3.11"
    assert value["traceback"].startswith("Traceback")
    assert value["result"] is None


def test_show_tells_what_a_finished_run_found_and_cost(home: Path) -> None:
    run = json.loads(l2t("ls", "state=done", "--limit", "1", "--json"))[0]
    text = l2t("show", run["id"])
    assert f"{run['accuracy']:.1f} % on the whole test set" in text
    assert "61,514 parameters, 200 steps" in text
    assert "1 min, at most 250.0 MB of memory" in text
    folder = JobFolder.of(home, "run", run["id"])
    folder.make()
    folder.write_result({"class_hits": [74, 37, 0], "class_images": [74, 74, 74]})
    assert "0.0 … 100.0 %  (3 classes)" in l2t("show", run["id"])
    assert "Traceback" not in text


def test_report_compares_the_methods_of_the_store(home: Path) -> None:
    text = l2t("report")
    assert text.startswith(
        " Digits, VGG-small ← ResNet-8 (glyphs), 4 epochs, accuracy % ± 95 % interval, n in brackets\n"
    )
    assert " * differs from l2tww (Mann–Whitney U two-sided, Holm over 1 test, p < 0.05)." in text
    assert "No test against l2tww for ufm at 5 shots: fewer than 5 a side (4 and 6)." in text
    assert "1 further run failed (diverged)." in text
    assert "Runs still missing: 1 running." in text


def test_report_and_show_tell_how_far_the_weights_have_moved(home: Path) -> None:
    assert json.loads(l2t("report", "--weights", "--format", "json")) == []
    rows = json.loads(l2t("ls", "method=l2tww", "--json"))
    for seed, row in enumerate(rows[:2]):
        folder = JobFolder.of(home, "run", row["id"])
        folder.make()
        with folder.metrics_writer() as metrics:
            metrics.append({"epoch": 0, "w_moved": 0.0}, {"epoch": 4, "w_moved": 0.25 + seed, "lambda_moved": 0.5})
    [entry] = json.loads(l2t("report", "--weights", "--format", "json"))
    assert (entry["method"], entry["shots"], entry["n"]) == ("l2tww", 5, 2)
    assert entry["values"] == {"lambda_moved": 0.5, "w_moved": 0.75}
    [line] = [line for line in l2t("report", "--weights").splitlines() if line.startswith("digits")]
    assert line.split() == ["digits", "l2tww", "5", "2", "0.5", "0.75", *"–––––"]
    assert "w, mean distance from the start  0 → 0.25" in l2t("show", rows[0]["id"])
    assert l2t("report", "--weights", "--format", "csv", code=2) == ""


def test_report_formats_agree(home: Path) -> None:
    tables = json.loads(l2t("report", "--brief", "--format", "json"))["tables"]
    rows = list(csv.DictReader(io.StringIO(l2t("report", "--brief", "--format", "csv"))))
    assert [float(row["mean"]) for row in rows] == [entry["summary"]["mean"] for entry in tables[0]["entries"]]
    mean = f"{tables[0]['entries'][0]['summary']['mean']:.1f}"
    assert all(mean in l2t("report", "--brief", "--format", name) for name in ("rich", "md", "latex"))


def test_report_takes_filter_baseline_and_family(home: Path) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(
                l2t("report", "method=scratch,ufm", "--baseline", "ufm", "--family", "dataset", "--format", "csv")
            )
        )
    )
    assert [(row["row"], row["baseline"]) for row in rows] == [("scratch", "ufm"), ("ufm", "")]


def test_a_filter_that_hides_seeds_leaves_the_result_interim(home: Path) -> None:
    assert "interim, without stars" in l2t("report", "seed=0-4")


def test_report_chooses_runs_by_options_too(home: Path) -> None:
    def rows(*arguments: str) -> set[str]:
        return {
            row["row"] for row in csv.DictReader(io.StringIO(l2t("report", "--brief", *arguments, "--format", "csv")))
        }

    assert rows("--since", "1h") >= {"ufm", "scratch"}
    assert rows("--since", "1h", "--filter", "method=ufm,scratch seed=0-4", "seed=0-2") == {"ufm", "scratch"}
    assert rows("--tag", "nothing-has-it") == set()
    assert "say nothing of the methods" in l2t("report", "--brief", "accuracy>0")
    assert l2t("report", "--since", "yesterday", code=2) == ""


def test_a_brief_report_is_the_beginning_of_the_whole(home: Path) -> None:
    brief, whole = l2t("report", "--brief"), l2t("report")
    assert "Cliff's δ" in whole
    assert "Cliff's δ" not in brief
    assert whole.startswith(brief.splitlines()[0])
    assert "Provenance" in whole


SECTIONS = ("--all-tests", "--power", "2", "--per-class", "--costs", "--provenance", "--against", "thesis")


@pytest.mark.slow
def test_report_has_the_sections_that_are_asked_for_in_every_format(home: Path) -> None:
    found = json.loads(l2t("report", *SECTIONS, "--format", "json"))["sections"]
    assert list(found) == ["against", "all_tests", "power", "per_class", "costs", "provenance"]
    for format in ("rich", "md", "latex", "html"):
        text = l2t("report", *SECTIONS, "--format", format)
        for title in ("Beside the thesis", "Further tests", "Power", "Accuracy of each class", "Provenance"):
            assert title in text, format
        assert not re.search(r"\b(nan|inf|None)\b", text)
    assert l2t("report", "--per-class", "--format", "csv", code=2) == ""


def test_a_report_goes_to_a_file_in_the_format_of_its_ending(home: Path, tmp_path: Path) -> None:
    for ending, beginning in {
        "html": "<!DOCTYPE html>",
        "md": "### Digits",
        "tex": "% needs",
        "txt": " Digits",
    }.items():
        file = tmp_path / f"report.{ending}"
        assert l2t("report", "--brief", "--out", str(file)) == ""
        assert file.read_text().startswith(beginning)
    assert l2t("report", "--brief", "--out", str(tmp_path), code=2) == ""
    assert l2t("report", "--brief", "--out", str(tmp_path / "none" / "report.md"), code=2) == ""
    assert len(list(tmp_path.glob("report*"))) == 4


@pytest.mark.parametrize(
    "options",
    [
        ("--against", "nothing-of-this-name"),
        ("--against", "thesis", "--published-n", "1"),
        ("--power", "0"),
        ("--all-tests", "--rope", "nan"),
        ("--metric", "best"),
    ],
)
def test_report_refuses_what_it_cannot_do_in_one_line(home: Path, options: tuple[str, ...]) -> None:
    result = subprocess.run([L2T, "report", *options], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_report_explains_a_cell(home: Path) -> None:
    text = l2t("report", "--explain", "method=ufm")
    assert "planned runs are in the table" in text
    assert json.loads(l2t("report", "--explain", "method=ufm", "--format", "json"))["sections"]


def test_report_on_a_terminal_fits_it(home: Path) -> None:
    shown = on_terminal("report", columns=60, NO_COLOR="1")
    assert max(len(line) for line in shown.splitlines()) <= 60


def test_report_marks_the_best_bold_on_a_terminal(home: Path) -> None:
    assert "\x1b[1m" in on_terminal("report", columns=120)


def test_report_refuses_to_mix_settings_and_splits_them_when_asked(
    tmp_path: Path, make_run: Callable[..., RunSpec]
) -> None:
    options = [{"beta": beta, "pairs": "all"} for beta in (0.1, 0.5)]
    specs = [make_run(seed=seed, method="ufm", source=SOURCE, options=each) for each in options for seed in range(2)]
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 2, specs))
    result = subprocess.run([L2T, "report"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "l2t: runs of ufm on Digits at 5 shots differ in more than the seed: method.beta (0.1: 2 runs, 0.5: 2 runs)."
        " Give them rows of their own with --split-by method.beta, or choose by sweep, tag or state\n"
    )
    text = l2t("report", "--split-by", "method.beta", "--baseline", "ufm beta=0.5")
    assert " ufm beta=0.1   – (0/2)" in text
    assert "Runs still missing: 4 waiting." in text


def test_report_without_runs_says_what_to_do() -> None:
    result = subprocess.run([L2T, "report"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "l2t: no runs yet: l2t run starts some, l2t doctor says what is there\n"
    assert json.loads(l2t("report", "--format", "json"))["tables"] == []


def test_doctor_finds_torch_and_says_what_to_do_about_what_is_missing(home: Path) -> None:
    checks = {check["name"]: check for check in json.loads(l2t("doctor", "--json"))}
    assert checks["torch"]["verdict"] == "ok"
    assert checks["data cifar10"]["advice"] == "l2t data prepare cifar10 downloads it"
    assert checks["store"]["found"] == "18 runs: 1 running, 16 done, 1 failed"
    assert "l2t source import FILE" in checks["sources"]["advice"]


def test_methods_are_described_by_their_configs() -> None:
    listed = [line.split()[0] for line in l2t("methods").splitlines()[1 : 1 + len(list(methods))]]
    assert listed == list(methods) == [method["name"] for method in json.loads(l2t("methods", "--json"))]
    value = json.loads(l2t("methods", "show", "ufm", "--json"))
    beta = next(option for option in value["options"] if option["name"] == "beta")
    assert (beta["default"], beta["type"]) == (0.5, "number ≥ 0")
    assert "5.4" in beta["help"]
    assert "method.beta = 0.5    (number ≥ 0)" in l2t("methods", "show", "l2tww")
    assert "Needs: no source network" in l2t("methods", "show", "scratch")
    assert "the target is one of its architecture" in l2t("methods", "show", "finetune")
    assert "Made before the run, once for all runs that need it: teacher" in l2t("methods", "show", "kd")


def test_a_method_shows_its_loss_in_symbols_and_words() -> None:
    losses = {name: config.loss.strip().partition("\n\n") for name, config in methods.items()}
    assert all(symbols.startswith("L = ") and words for symbols, _, words in losses.values())
    symbols, _, words = losses["l2twww"]
    shown = l2t("methods", "show", "l2twww")
    assert all(f"  {line}\n" in shown for line in symbols.splitlines())
    assert " ".join(words.split()) in shown


def test_models_are_described_by_their_infos() -> None:
    value = json.loads(l2t("models", "resnet32", "--classes", "200", "--json"))
    assert value["parameters"] == 479_272
    assert [tap["index"] for tap in value["taps"] if tap["stage"]] == [4, 9, 14]
    text = l2t("models", "vgg9")
    assert "64" in text
    assert "32×32" in text
