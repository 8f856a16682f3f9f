"""`l2t data`, as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def l2t(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cli.app import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder data set of two classes with one image each, and a file that is none."""
    for index, name in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        Image.fromarray(np.full((10, 10, 3), index, np.uint8)).save(tmp_path / "pictures" / name / "0.png")
    (tmp_path / "pictures" / "train" / "cat" / "notes.txt").touch()
    return tmp_path / "pictures"


def test_list_shows_every_set_and_what_is_ready():
    before = l2t("data", "list")
    assert before.returncode == 0
    assert before.stderr == ""
    assert "tinyimagenet" in before.stdout
    assert l2t("data", "prepare", "digits", "--size", "16").stdout.startswith(
        "digits: 1057 training and 740 test images"
    )
    entries = {entry["name"]: entry for entry in json.loads(l2t("data", "list", "--json").stdout)}
    assert entries["digits"]["ready"] == [16]
    assert entries["cifar100"]["missing"] == "cifar-100-binary.tar.gz"
    assert (entries["stl10"]["class_count"], entries["stl10"]["train"]) == (10, 5000)


def test_prepare_tells_of_files_that_were_left_out(pictures: Path):
    result = l2t("data", "prepare", f"folder:{pictures}", "--json")
    assert "files left out because they are no images: 1" in result.stderr
    [info] = json.loads(result.stdout)
    assert info["name"] == f"folder:{pictures}"
    assert (info["classes"], info["train_counts"], info["ignored"]) == (["cat", "dog"], [1, 1], 1)
    assert f"folder:{pictures}" in l2t("data", "list").stdout


def test_a_prepared_folder_that_has_gone_is_listed_with_the_reason(pictures: Path):
    l2t("data", "prepare", f"folder:{pictures}")
    pictures.rename(pictures.with_name("moved"))
    result = l2t("data", "list")
    assert result.returncode == 0
    assert f"no folder {pictures}" in result.stdout


def test_info_shows_classes_and_counts_as_table_and_as_json():
    l2t("data", "prepare", "digits", "--size", "8")
    assert "    8  8        100    74" in l2t("data", "info", "digits").stdout.splitlines()
    plain = json.loads(l2t("data", "info", "digits", "--json").stdout)
    assert plain["train_counts"][8] == 100
    assert plain["checksum"].startswith("sha256:")


def test_info_of_what_was_never_prepared_says_how_to_prepare_it():
    assert "l2t data prepare glyphs" in l2t("data", "info", "glyphs").stdout


def test_verify_mends_damaged_images_and_says_so(tmp_path: Path):
    l2t("data", "prepare", "digits", "--size", "8")
    assert l2t("data", "verify", "digits").returncode == 0
    [file] = (tmp_path / "data").glob("decoded/*/x_test.npy")
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    result = l2t("data", "verify", "digits", "--json")
    assert result.returncode == 1
    assert "8×8 were damaged" in result.stderr
    assert json.loads(result.stdout)[0]["mended"] == [8]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "digit"], 'l2t: no data set "digit". Did you mean digits? (l2t data list lists all)'),
        (["prepare", "folder:nowhere"], "l2t: no folder "),
        (["info", "folder:nowhere"], "l2t: no folder "),
        (["verify", "digits"], "l2t: digits is not prepared: l2t data prepare digits"),
        (["prepare", "digits", "--size", "0"], "l2t: "),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], message: str, tmp_path: Path):
    result = l2t("data", *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith(message)
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert not list((tmp_path / "data").rglob("*.npy"))
