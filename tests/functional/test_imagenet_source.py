"""Source networks with torchvision's ImageNet weights, as a user asks for them; no test reaches the network."""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from l2t.data.catalog import quiet
from l2t.jobs.inventory import Ready
from l2t.jobs.plan import plan
from l2t.models.imagenet.published import rename
from l2t.models.imagenet.weights import IMAGENET, Published
from l2t.spec.request import SweepRequest, default_recipe
from l2t.store.store import Store
from l2t.train.weights import digest, load_source

FILE = IMAGENET["imagenet-resnet18"].file
URL = IMAGENET["imagenet-resnet18"].url


def l2t(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cli.app import main; main()", *arguments]
    nowhere = {"https_proxy": "http://127.0.0.1:1"}  # nothing listens there
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | nowhere)


def data() -> Path:
    return Path(os.environ["L2T_DATA"])


def home() -> Path:
    return Path(os.environ["L2T_HOME"])


@pytest.fixture
def images(tmp_path: Path) -> str:
    """A data set of 2 classes with 3 images each to learn and 2 to test."""
    pixels = np.random.default_rng(0)
    for split, count in (("train", 3), ("test", 2)):
        for label in ("a", "b"):
            folder = tmp_path / "images" / split / label
            folder.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(pixels.integers(0, 256, (32, 32, 3), np.uint8)).save(folder / f"{number}.png")
    return f"folder:{tmp_path / 'images'}"


def run(images: str) -> tuple[str, ...]:
    asked = "--method ufm --source imagenet-resnet18 --target vgg-small --shots 2 --seeds 1 --epochs 2 --jobs 1"
    return ("run", *asked.split(), "--dataset", images, "--set", "data.size=32")


def test_without_a_network_one_line_says_which_file_goes_where(images: str) -> None:
    dry = l2t(*run(images), "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    [missing] = json.loads(dry.stdout)["missing"]
    assert missing == f"source network imagenet-resnet18: the first run with it downloads {FILE} (46.8 MB)"

    ran = l2t(*run(images))
    assert ran.returncode == 2
    line = ran.stderr.splitlines()[-1]
    assert line.startswith("l2t: ")
    for part in (FILE, URL, str(data() / "weights"), "l2t source import FILE --name imagenet-resnet18"):
        assert part in line
    assert not home().exists()
    shown = l2t("source", "show", "imagenet-resnet18")
    assert shown.returncode == 2
    assert FILE in shown.stderr


def test_a_damaged_file_is_refused(images: str) -> None:
    (data() / "weights").mkdir(parents=True)
    (data() / "weights" / FILE).write_bytes(b"no weights")
    ran = l2t(*run(images))
    assert ran.returncode == 2
    assert "is damaged or another file: its sha256 begins with" in ran.stderr.splitlines()[-1]
    assert not home().exists()


def test_a_file_in_the_data_folder_is_imported_listed_and_learnt_from(
    images: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table's file has a checksum that only the real weights have, so the table here has another."""
    torch.manual_seed(0)
    weights = torchvision.models.resnet18().state_dict()
    (data() / "weights").mkdir(parents=True)
    torch.save(weights, written := data() / "weights" / "written.pth")
    sha = hashlib.sha256(written.read_bytes()).hexdigest()
    mine = Published("imagenet-resnet18", f"resnet18-{sha[:8]}.pth", 46.8)
    written.rename(written.with_name(mine.file))
    monkeypatch.setitem(IMAGENET, mine.name, mine)

    sweep = {"methods": ("ufm",), "datasets": (images,), "shots": (2,), "seeds": (0, 1), "targets": ("resnet8",)}
    request = SweepRequest(default_recipe((images,)), sources=(mine.name,), **sweep)
    with Store.read(home()) as store:
        found = plan(request, Ready(store, lambda name: nullcontext(quiet)), "cpu")
    assert len(found.runs) == 2
    [ref] = {run.source for run in found.runs}
    assert (ref.name, ref.model, ref.outputs) == (mine.name, "imagenet-resnet18", 1000)
    network = load_source(home(), ref, torch.device("cpu"))
    ours = {rename(key): value for key, value in weights.items() if not key.endswith("num_batches_tracked")}
    assert digest(network.state_dict()) == digest(ours)

    [listed] = json.loads(l2t("source", "list", "--json").stdout)
    assert (listed["hash"], listed["origin"], listed["state"]) == (ref.hash, mine.file, "done")
    ran = l2t(*run(images), "--json")
    assert ran.returncode == 0, ran.stderr
    with Store.read(home()) as store:
        [done] = store.runs()
        [spec] = map(json.loads, store.specs().values())
    assert done.state == "done"
    assert (spec["source"]["hash"], spec["source"]["model"]) == (ref.hash, "imagenet-resnet18")
