"""Published checkpoints: read exactly, refused safely."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from l2t.data.augment import to_device
from l2t.errors import DataError
from l2t.models.base import ModelInfo
from l2t.models.build import build
from l2t.models.layers import Network
from l2t.models.registry import models
from l2t.models.resnet.published import rename
from l2t.spec import SourceRef
from l2t.store.store import Store
from l2t.train.evaluate import count_hits
from l2t.train.import_source import fit, import_source, read
from l2t.train.material import Labelled
from l2t.train.weights import digest, load_source

PUBLISHED = Path(__file__).parents[4] / "shared" / "source" / "tinyimagenet-200-resnet32.pth.tar"
IMAGES = Path(__file__).parents[4] / "shared" / "data" / "tiny_imagenet_32_100c.npz"


def published_names(blocks: int) -> dict[str, str]:
    """Our name → the published one, spelt out block by block."""
    names = {}
    for block in range(3 * blocks):
        stage, place = divmod(block, blocks)
        theirs = f"block{2 * stage + 1}" if place == 0 else f"blocks{2 * stage + 2}.{place - 1}"
        names[f"blocks.{block}."] = f"{theirs}."
    return names | {"classifier.": "fc.", "shortcut.": "downsample."}


def write_published(path: Path, model: str, blocks: int, outputs: int) -> dict[str, torch.Tensor]:
    """A checkpoint as the published code writes it, in the old file format; returns our weights."""
    ours = build(models.get(model), outputs, torch.Generator().manual_seed(3)).state_dict()
    theirs = {}
    for name, value in ours.items():
        for mine, other in published_names(blocks).items():
            name = name.replace(mine, other)
        theirs[name] = value
        if name.endswith("running_var"):
            theirs[name.replace("running_var", "num_batches_tracked")] = torch.tensor(7)
    content = {"state_dict": theirs, "epoch": 104, "test_prec": 49.15, "num_classes": outputs}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return ours


def test_names_of_every_block_are_translated() -> None:
    for blocks in (3, 5):
        for mine, theirs in published_names(blocks).items():
            if mine.startswith("blocks"):
                assert rename(f"{theirs}conv1.weight", blocks) == f"{mine}conv1.weight"


@pytest.mark.parametrize(("model", "blocks"), [("resnet32", 5), ("resnet20", 3)])
def test_a_published_checkpoint_is_stored_with_its_very_weights(model: str, blocks: int, tmp_path: Path) -> None:
    ours = write_published(tmp_path / "net.pth.tar", model, blocks, 200)
    hash = import_source(tmp_path / "net.pth.tar", "mine", tmp_path / "home")
    assert import_source(tmp_path / "net.pth.tar", "mine", tmp_path / "home") == hash
    with Store.read(tmp_path / "home") as store:
        row = store.artefact("mine")
    assert row is not None
    assert (row.hash, row.model, row.outputs, row.accuracy) == (hash, model, 200, 49.15)
    network = load_source(
        tmp_path / "home", SourceRef(hash=hash, name="mine", model=model, outputs=200), torch.device("cpu")
    )
    assert digest(network.state_dict()) == digest(ours)


def test_a_truncated_file_is_damaged(tmp_path: Path) -> None:
    write_published(tmp_path / "net.pth", "resnet32", 5, 200)
    data = (tmp_path / "net.pth").read_bytes()
    for length in (0, 10, 1000, len(data) // 2, len(data) - 1):
        (tmp_path / "cut.pth").write_bytes(data[:length])
        with pytest.raises(DataError, match=r"cut\.pth"):
            fit(tmp_path / "cut.pth", read(tmp_path / "cut.pth")[0])


class Malice:
    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.touched}",)


@pytest.mark.parametrize("legacy", [True, False])
def test_a_malicious_pickle_is_refused_and_not_executed(legacy: bool, tmp_path: Path) -> None:
    path, touched = tmp_path / "evil.pth", tmp_path / "touched"
    torch.save({"state_dict": Malice(touched)}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(DataError, match="refused"):
        read(path)
    path.write_bytes(pickle.dumps(Malice(touched)))
    with pytest.raises(DataError):
        read(path)
    assert not touched.exists()


def test_what_fits_nearly_is_refused_with_its_difference_from_the_nearest(tmp_path: Path) -> None:
    write_published(tmp_path / "net.pth", "resnet20", 3, 10)
    whole = read(tmp_path / "net.pth")[0]
    without = {key: value for key, value in whole.items() if key != "bn1.running_var"}
    with pytest.raises(DataError, match=r"nearest is resnet20, where bn1\.running_var is missing, not \(16,\)$"):
        fit(tmp_path / "net.pth", without)
    wider = whole | {"conv1.weight": torch.zeros(16, 4, 3, 3)}
    with pytest.raises(DataError, match=r"resnet20, where conv1\.weight is \(16, 4, 3, 3\), not \(16, 3, 3, 3\)$"):
        fit(tmp_path / "net.pth", wider)
    with pytest.raises(DataError, match=r"nearest is resnet20, where more is \(1,\), not there$"):
        fit(tmp_path / "net.pth", whole | {"more": torch.zeros(1)})


def test_only_the_network_that_fits_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def build_and_tell(info: ModelInfo, outputs: int, generator: torch.Generator) -> Network:
        built.append(info.title)
        return build(info, outputs, generator)

    monkeypatch.setattr("l2t.train.import_source.build", build_and_tell)
    write_published(tmp_path / "net.pth", "resnet20", 3, 10)
    assert fit(tmp_path / "net.pth", read(tmp_path / "net.pth")[0])[:2] == ("resnet20", 10)
    assert built == ["ResNet-20"]


def test_another_architecture_is_refused_with_the_first_difference(tmp_path: Path) -> None:
    weights = {"conv1.weight": torch.zeros(64, 3, 7, 7), "fc.bias": torch.zeros(1000)}
    torch.save({"state_dict": weights}, tmp_path / "resnet18.pth")
    with pytest.raises(DataError, match="fits no architecture"):
        import_source(tmp_path / "resnet18.pth", "other", tmp_path / "home")
    assert not (tmp_path / "home").exists()


@pytest.mark.skipif(not (PUBLISHED.exists() and IMAGES.exists()), reason="needs ../shared/source and ../shared/data")
def test_the_published_network_reads_tiny_imagenet_as_measured(tmp_path: Path) -> None:
    """37.92 % of 5,000 validation images (100 of the 200 classes, all 200 outputs compete), measured once."""
    import numpy as np

    hash = import_source(PUBLISHED, "tinyimagenet-resnet32", tmp_path / "home")
    ref = SourceRef(hash=hash, name="tinyimagenet-resnet32", model="resnet32", outputs=200)
    network = load_source(tmp_path / "home", ref, torch.device("cpu"))
    with np.load(IMAGES) as arrays:
        images = to_device(arrays["x_test"], torch.device("cpu"))
        labels = 2 * torch.from_numpy(arrays["y_test"].astype(np.int64))
    with torch.no_grad():
        hits = count_hits(lambda batch: network(batch)[0], Labelled(images, labels))
    assert 100 * int(hits) / len(labels) == pytest.approx(37.92, abs=0.2)
