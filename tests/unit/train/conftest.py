"""A small run on the embedded digits, trained in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from obedient import Obedient

from l2t.data import catalog
from l2t.methods.registry import methods
from l2t.spec import DataSettings, RunSpec, SourceSpec, TrainSettings
from l2t.store.folder import JobFolder
from l2t.train.run import train_run
from l2t.train.source import train_source


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the digits in it, decoded once."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("L2T_DATA", str(folder))
        catalog.prepare("digits", 16)
    return folder


@pytest.fixture
def spec(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunSpec]:
    """Makes a scratch run of 3 shots, 4 epochs, two steps an epoch, with what a test wants changed."""
    monkeypatch.setenv("L2T_DATA", str(shared_data))
    info = catalog.info("digits")
    assert info is not None

    def make(
        method: str = "scratch",
        options: dict[str, Any] | None = None,
        train: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        **changes: Any,
    ) -> RunSpec:
        plain = {
            "method": method,
            "options": methods.get(method)(**(options or {})).model_dump(),
            "dataset": "digits",
            "checksum": info.checksum,
            "classes": 10,
            "shots": 3,
            "seed": 0,
            "source": None,
            "target": "vgg-small",
            "train": TrainSettings(**({"epochs": 4, "batch": 16, "eval_images": 100} | (train or {}))),
            "data": DataSettings(**({"size": 16, "padding": 2, "flip": False} | (data or {}))),
        }
        return RunSpec.model_validate(plain | changes)

    return make


@pytest.fixture
def source(spec: Callable[..., RunSpec], tmp_path: Path) -> SourceSpec:
    """A source network, hardly trained, stored in the test's home."""
    like = spec()
    made = SourceSpec(
        name="small",
        dataset="digits",
        checksum=like.checksum,
        classes=10,
        model="resnet8",
        train=TrainSettings(epochs=1, batch=512, eval_images=100),
        data=like.data,
    )
    folder = JobFolder.of(tmp_path / "home", "source", made.id)
    folder.make()
    folder.write_result(train_source(made, folder, Obedient()))
    return made


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], JobFolder]]:
    """Trains a spec, in a folder of its own name, under a control that never stops."""

    def run(spec: RunSpec, control: Obedient | None = None, place: str = "quiet") -> tuple[dict[str, Any], JobFolder]:
        folder = JobFolder(tmp_path / place / spec.id)
        folder.make()
        return train_run(spec, folder, tmp_path / "home", control or Obedient()), folder

    return run
