"""`l2t run`, as a user calls it: real workers, the real engine, tiny runs."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from l2t.store.state import State
from l2t.store.store import Store

GOLDEN = Path(__file__).parent / "golden"
COMMAND = [sys.executable, "-c", "from cli.app import main; main()"]

TINY = """
title = "as small as runs can be"
methods = ["scratch", "ufm"]
datasets = ["digits"]
shots = [1]
seeds = 2
target = "vgg-small"
train = { epochs = 2, eval_points = 1 }
data = { size = 8 }

[source]
name = "tiny"
dataset = "digits"
model = "resnet8"
train = { epochs = 1 }
data = { size = 8 }
"""


def l2t(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


def home() -> Path:
    return Path(os.environ["L2T_HOME"])


WITHOUT = "done without this trace; --force does"


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return str(path)


def accuracies(document: str) -> dict[str, float]:
    return {run["id"]: run["accuracy"] for run in json.loads(document)["runs"]}


def test_a_trace_of_runs_that_are_done_is_said_to_be_missing(tiny: str) -> None:
    asked = ("run", "--recipe", tiny, "--method", "scratch", "--seeds", "2", "--jobs", "1")
    trace = ("--trace", "features.0.bias[0]", "--trace", "gamma[0-0,0,0,0]")
    assert WITHOUT not in l2t(*asked).stderr
    assert f"l2t: 2 runs are {WITHOUT}" in l2t(*asked, *trace).stderr
    assert WITHOUT not in l2t(*asked, "--trace", "gamma[0-0,0,0,0]").stderr  # scratch has none
    assert WITHOUT not in l2t(*asked, *trace, "--force").stderr
    assert WITHOUT not in l2t(*asked, *trace).stderr


def test_runs_are_trained_once_with_the_source_that_the_recipe_defines(tiny: str) -> None:
    first = l2t("run", "--recipe", tiny, "--jobs", "2", "--json")
    assert first.returncode == 0, first.stderr
    lines = first.stderr.splitlines()
    assert lines[0].startswith(
        "l2t: from recipe tiny: methods scratch, ufm; data digits; shots 1; 2 seeds; source tiny"
    )
    assert "4 runs on" in lines[1]
    assert [line for line in lines if line.startswith("l2t: done  tiny")]
    assert "4 of 4 runs are done. l2t report" in lines[-1]
    assert len(accuracies(first.stdout)) == 4

    again = l2t("run", "--recipe", tiny, "--json")
    assert again.returncode == 0
    assert accuracies(again.stdout) == accuracies(first.stdout)
    assert "4 done before, 0 to do" in again.stderr

    more = l2t("run", "--recipe", tiny, "--seeds", "3", "--dry-run", "--json")
    planned = json.loads(more.stdout)
    assert (planned["runs"]["done"], planned["runs"]["new"], planned["sources"][0]["state"]) == (4, 2, "done")
    assert planned["measured"]

    forced = l2t("run", "--recipe", tiny, "--method", "scratch", "--seeds", "1", "--force", "--json")
    assert "0 done before, 1 to do" in forced.stderr
    assert accuracies(forced.stdout).items() <= accuracies(first.stdout).items()


def test_a_diverged_run_fails_alone_and_is_tried_again(tiny: str) -> None:
    asked = ("run", "--recipe", tiny, "--method", "scratch", "--seeds", "1", "--set", "train.lr=1e9,0.1")
    result = l2t(*asked)
    assert result.returncode == 1
    assert "diverged: " in result.stderr
    assert "1 of 2 runs failed: 1 diverged. l2t show " in result.stderr
    assert result.stdout == ""
    planned = json.loads(l2t(*asked, "--dry-run", "--json").stdout)
    assert (planned["runs"]["retried"], planned["runs"]["done"]) == (1, 1)


@pytest.mark.parametrize("stop", [signal.SIGINT, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)])
def test_a_stopped_sweep_continues_with_the_same_command(tiny: str, stop: signal.Signals) -> None:
    asked = [*COMMAND, "run", "--recipe", tiny, "--method", "scratch", "--seeds", "1", "--epochs", "250", "--json"]
    process = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not any(run.epoch for run in runs()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(stop)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "stopped: 0 of 1 runs are done. The same command continues" in err
    assert json.loads(out)["left"] == 1
    [row] = runs()
    assert row.state is State.QUEUED
    assert (home() / "runs" / row.id / "checkpoint.pt").exists()

    result = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    [row] = runs()
    assert (row.state, row.epoch, row.attempts) == (State.DONE, 250, 2)


def test_a_home_that_is_removed_while_runs_are_on_is_no_success(tiny: str) -> None:
    asked = [*COMMAND, "run", "--recipe", tiny, "--method", "scratch", "--seeds", "1", "--epochs", "300", "--json"]
    process = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not any(run.epoch for run in runs()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for file in home().glob("l2t.db*"):
        file.unlink()
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, ""), err
    # Whichever looks first: the loop that keeps the workers, or what counts the runs afterwards.
    said = ("its store or supervisor.lock replaced", "the store was removed or exchanged meanwhile")
    assert any(words in err.splitlines()[-1] for words in said), err
    result = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def runs() -> list[object]:
    with Store.read(home()) as store:
        return store.runs()


def test_a_terminal_gets_a_bar_and_a_line_for_each_active_run(tiny: str) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [*COMMAND, "run", "--recipe", tiny, "--epochs", "200", "--seeds", "1"])
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # how Linux tells that the other end is closed
            break
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    text = shown.decode()
    assert "━" in text
    assert "0/2 done" in text
    assert "scratch digits 1 shot seed 0" in text
    assert "/200" in text
    assert text.endswith("l2t report compares the methods\r\n")


def test_the_thesis_is_1740_runs_before_anything_is_there() -> None:
    result = l2t("run", "--recipe", "thesis", "--dry-run", "--jobs", "2", "--device", "cpu")
    assert result.returncode == 0, result.stderr
    assert result.stdout == (GOLDEN / "dry_run_thesis.txt").read_text()
    assert not home().exists()
    assert not Path(os.environ["L2T_DATA"]).exists()


def test_the_cells_of_an_ablation_are_told_by_what_they_change() -> None:
    asked = ("--dataset", "digits", "--target", "vgg-small", "--source", "glyphs-resnet8", "--set", "data.size=16")
    result = l2t("run", "--recipe", "ablation", *asked, "--dry-run", "--jobs", "2", "--device", "cpu")
    assert result.stdout == (GOLDEN / "dry_run_ablation.txt").read_text()


def test_a_dry_run_shows_what_tells_cells_apart(tiny: str) -> None:
    result = l2t("run", "--recipe", tiny, "--set", "method.beta=0.1,1", "--dry-run", "--jobs", "2", "--device", "cpu")
    assert result.stdout == (GOLDEN / "dry_run_sweep.txt").read_text()
    assert not home().exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--method", "l2tw"], 'no method "l2tw". Did you mean l2tww? (l2t methods lists all)'),
        (["--dataset", "digit"], 'no data set "digit". Did you mean digits? (l2t data list lists all)'),
        (["--dataset", "folder:no/where"], "no folder "),
        (["--source", "nothing"], 'no source network "nothing".'),
        (["--source", "tinyimagenet-resnet32"], "l2t source import FILE --name tinyimagenet-resnet32"),
        (["--target", "vgg"], 'no model "vgg". Did you mean vgg9?'),
        (["--recipe", "theses"], 'no recipe "theses". Did you mean thesis?'),
        (["--recipe", "absent.toml"], "recipe absent.toml cannot be read: No such file"),
        (["--shots", "500"], "digits has 100 training images of class 8, 500 shots were asked for."),
        (["--shots", "0"], '--shots "0" is not a number of at least 1'),
        (["--shots=-5"], '--shots "-5"'),
        (["--seeds", "0"], "--seeds 0 asks for no run"),
        (["--epochs", "0"], "train.epochs=0: input should be greater than or equal to 1"),
        (["--jobs", "0"], "--jobs"),
        (["--set", "method.betta=1"], 'no option "method.betta". Did you mean method.beta?'),
        (
            ["--method", "scratch", "--set", "method.beta=1"],
            "scratch has no method.beta: it is an option of",
        ),
        (["--method", "finetune", "--target", "resnet9"], 'no model "resnet9". Did you mean resnet8?'),
        (["--set", "data.rare_class=10"], "digits has no class 10 to make rare"),
        (["--set", "data.size=8", "--target", "vgg9"], "vgg9 takes images of 32 pixels or more"),
        (["--precision", "bf16"], "bf16 is too coarse"),
        (
            ["--pairs", "2-3"],
            "there is no pair 2-3: pairs count stage ends, the source's first. ResNet-8 has 3 (0 to 2)",
        ),
        (["--pairs", "first"], "method.pairs=first: input should be all, one-to-one, single, or pairs of stage ends"),
        (["--precision", "tf32", "--device", "cpu"], "take --precision fp32"),
        (["--epochs", "2", "--set", "train.epochs=3"], "train.epochs is set twice"),
        (["--trace", "weight"], "weight"),
        (["--trace", "nosuch.weight[0]"], "vgg-small has no nosuch.weight"),
        (["--trace", "gamm[0-0,0,0,0]"], "only lambda, w, gamma belong to a pair"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(arguments: list[str], says: str) -> None:
    result = l2t("run", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    progress = ("l2t: from ", "l2t: digits: decode")  # what takes longer than a moment tells of itself
    lines = [line for line in result.stderr.splitlines() if not line.startswith(progress)]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("l2t: ")
    assert says in lines[0]
    assert not home().exists()


def test_an_unknown_key_of_a_recipe_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('methods = ["ufm"]\n\n[train]\nepoch = 3\n')
    result = l2t("run", "--recipe", str(path))
    assert result.returncode == 2
    assert result.stderr.startswith(f'l2t: {path}, line 4: train.epoch: no setting "train.epoch". Did you mean')


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: str) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("L2T_HOME", str(tmp_path / "file" / "home"))
    result = l2t("run", "--recipe", tiny, "--method", "scratch")
    assert result.returncode == 2
    assert str(tmp_path / "file") in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_names_are_completed_without_torch() -> None:
    code = (
        "import sys; from cli.completion import *; "
        "print(complete_methods('scratch,l2t'), complete_recipes('th'), complete_models('resnet3'),"
        " complete_datasets('tin'), complete_sources('imagenet-resnet1'), complete_pairs('all,s'),"
        " 'torch' in sys.modules, 'pandas' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == (
        "['scratch,l2tww', 'scratch,l2twww'] ['thesis'] ['resnet32', 'resnet38'] ['tinyimagenet']"
        " ['imagenet-resnet18', 'imagenet-resnet152'] ['all,single'] False False"
    )


def test_the_shell_asks_for_completions_through_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_L2T_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "l2t run --recipe t")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert l2t().stdout.split() == ["thesis"]
