"""`l2t run` from a convolutional source to a vision transformer, as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

RECIPE = """
title = "as small as runs can be"
methods = ["l2twww"]
datasets = ["digits"]
shots = [1]
seeds = 1
target = "{target}"
train = {{ epochs = 1, eval_points = 1, lr = 0.01 }}
data = {{ size = 8 }}

[source]
name = "tiny"
dataset = "digits"
model = "{source}"
train = {{ epochs = 1, lr = 0.01 }}
data = {{ size = 8 }}
"""


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("resnet8", "vit-tiny"),
        pytest.param("vit-tiny", "vgg-small", marks=pytest.mark.slow),
        pytest.param("vit-small", "vit-tiny", marks=pytest.mark.slow),
    ],
)
def test_tokens_are_matched_as_maps_are(source: str, target: str, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE.format(source=source, target=target))
    command = [sys.executable, "-c", "from cli.app import main; main()", "run", "--recipe", str(recipe), "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    [run] = json.loads(result.stdout)["runs"]
    assert run["state"] == "done"
    assert 0 < run["accuracy"] <= 100
