"""`l2t source`, as a user calls it."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

PUBLISHED = Path(__file__).parents[3] / "shared" / "source" / "tinyimagenet-200-resnet32.pth.tar"


def l2t(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cli.app import main; main()", "source", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def home() -> Path:
    return Path(os.environ["L2T_HOME"])


TRAIN = (
    "train",
    "--name",
    "tiny",
    "--dataset",
    "digits",
    "--model",
    "resnet8",
    "--epochs",
    "1",
    "--set",
    "data.size=8",
)


def test_a_trained_source_is_listed_shown_and_not_trained_again() -> None:
    trained = l2t(*TRAIN, "--json")
    assert trained.returncode == 0, trained.stderr
    made = json.loads(trained.stdout)
    assert (made["name"], made["model"], made["dataset"], made["outputs"]) == ("tiny", "resnet8", "digits", 10)
    assert made["parameters"] == 78_058
    assert Path(made["folder"], "weights.pt").is_file()
    assert 0 < made["accuracy"] <= 100

    assert json.loads(l2t("list", "--json").stdout)[0]["hash"] == made["hash"]
    assert json.loads(l2t("show", made["hash"][:6], "--json").stdout) == made
    shown = l2t("show", "tiny").stdout
    assert "ResNet-8, 10 classes, 78,058 parameters" in shown
    assert made["hash"] in shown

    again = l2t(*TRAIN, "--json")
    assert again.stderr == ""
    assert json.loads(again.stdout) == made


def test_an_empty_home_has_no_sources_and_is_not_made() -> None:
    result = l2t("list")
    assert result.returncode == 0
    assert "l2t source train makes one" in result.stderr
    assert not home().exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "tiny"], 'no source network "tiny".'),
        ([*TRAIN[:5], "--model", "resnet9"], 'no model "resnet9". Did you mean resnet8?'),
        ([*TRAIN, "--set", "method.beta=1"], "method.beta: a source network is trained without a transfer method"),
        ([*TRAIN, "--set", "train.lr=0.1,1"], "one value"),
        ([*TRAIN, "--set", "train.epochs=1"], "train.epochs is set twice"),
        ([*TRAIN, "--set", "data.rare_class=1"], "a source network is trained on its whole data set"),
        (["train", "--name", "a,b", *TRAIN[3:]], '--name "a,b": up to 64 letters'),
        (["import", "absent.pth", "--name", "a"], "no file absent.pth"),
        (["import", __file__, "--name", "a"], "test_run_source.py"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(arguments: list[str], says: str) -> None:
    result = l2t(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("l2t: ")
    assert says in line
    assert not home().exists()


class Malicious:
    """Unpickled by a careless reader, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_malicious_checkpoint_is_refused_and_never_executed(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    file.write_bytes(pickle.dumps({"state_dict": Malicious(tmp_path / "executed")}))
    result = l2t("import", str(file), "--name", "net")
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert str(file) in line
    assert not (tmp_path / "executed").exists()
    assert not home().exists()


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published checkpoint is not beside this repository")
def test_the_published_checkpoint_is_imported_once() -> None:
    first = json.loads(l2t("import", str(PUBLISHED), "--name", "tinyimagenet-resnet32", "--json").stdout)
    assert (first["model"], first["outputs"], first["parameters"]) == ("resnet32", 200, 479_272)
    second = json.loads(l2t("import", str(PUBLISHED), "--name", "tinyimagenet-resnet32", "--json").stdout)
    assert second["hash"] == first["hash"]
    assert len(json.loads(l2t("list", "--json").stdout)) == 1
