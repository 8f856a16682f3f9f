"""torchvision's files of weights: named as torchvision names them, taken only where they are what they say."""

import hashlib
from pathlib import Path

import pytest
import torchvision

from l2t.data.catalog import quiet
from l2t.errors import DataError
from l2t.models.imagenet.weights import IMAGENET, Published
from l2t.models.registry import models

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
MINE = Published("imagenet-resnet18", f"resnet18-{DIGEST[:8]}.pth", 0.1)


@pytest.mark.parametrize("name", IMAGENET)
def test_files_are_those_of_torchvision(name: str) -> None:
    constructor = name.removeprefix("imagenet-").replace("vit-b16", "vit_b_16")
    weights = torchvision.models.get_model_weights(constructor).IMAGENET1K_V1
    published = IMAGENET[name]
    assert published.url == weights.url
    assert published.megabytes == pytest.approx(weights.meta["_file_size"] * 2**20 / 1e6, abs=0.1)
    assert models.get(published.model).parameters(1000) == weights.meta["num_params"]


def put(data: Path, content: bytes) -> Path:
    path = data / "weights" / MINE.file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_a_file_in_the_data_folder_is_taken(tmp_path: Path) -> None:
    assert MINE.missing(tmp_path)
    path = put(tmp_path, CONTENT)
    assert not MINE.missing(tmp_path)
    assert MINE.fetch(tmp_path, quiet) == path


def test_another_file_of_that_name_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, CONTENT[:-1])
    with pytest.raises(DataError, match=f"its sha256 begins with .*, not {DIGEST[:8]}. Replace it") as error:
        MINE.fetch(tmp_path, quiet)
    assert str(path) in str(error.value)
    assert MINE.url in str(error.value)
    assert path.read_bytes() == CONTENT[:-1]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"")
    with pytest.raises(DataError, match=f"cannot use the data folder {tmp_path}"):
        MINE.fetch(tmp_path, quiet)
