"""A small run on the embedded digits, trained in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from obedient import Obedient

from l2t.data import catalog
from l2t.methods.phases import PhaseImages
from l2t.methods.registry import methods
from l2t.spec import ArtefactSpec, DataSettings, RunSpec, SourceSpec, TrainSettings
from l2t.store.folder import JobFolder
from l2t.train.artefact import make_artefact
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


OPTIONS = {"intermediate": {"through": "glyphs", "through_epochs": 1}}
"""Of methods whose defaults ask for data that a test has not."""


@dataclass(frozen=True)
class Embedded:
    """What a plan would tell of phases' data."""

    size: int

    def images(self, name: str) -> PhaseImages:
        info = catalog.prepare(name, self.size)
        data = DataSettings(size=self.size, padding=info.padding, flip=info.flip)
        return PhaseImages(info.name, info.checksum, len(info.classes), data)

    def source_dataset(self) -> str:
        return "digits"


@pytest.fixture
def phases() -> dict[str, ArtefactSpec]:
    """What the test's runs need to have made, by hash."""
    return {}


@pytest.fixture
def spec(shared_data: Path, phases: dict[str, ArtefactSpec], monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunSpec]:
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
        config = methods.get(method)(**(OPTIONS.get(method, {}) | (options or {})))
        source = changes.get("source")
        plain = {
            "method": method,
            "options": config.effective(),
            "dataset": "digits",
            "checksum": info.checksum,
            "classes": 10,
            "shots": 3,
            "seed": 0,
            "source": None,
            "target": source.model if source and config.same_architecture else "vgg-small",
            "train": TrainSettings(**({"epochs": 4, "batch": 16, "eval_images": 100} | (train or {}))),
            "data": DataSettings(**({"size": 16, "padding": 2, "flip": False} | (data or {}))),
        }
        run = RunSpec.model_validate(plain | changes)
        made = config.phases(run, Embedded(run.data.size)) if source else ()
        phases.update({artefact.id: artefact for artefact in made})
        return run.model_copy(update={"artefacts": tuple(artefact.ref for artefact in made)})

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


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of artefacts that some test made: others link them."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def train(
    tmp_path: Path, phases: dict[str, ArtefactSpec], made: Path
) -> Callable[..., tuple[dict[str, Any], JobFolder]]:
    """Trains a spec, in a folder of its own name, under a control that never stops, after what it needs."""

    def run(spec: RunSpec, control: Obedient | None = None, place: str = "quiet") -> tuple[dict[str, Any], JobFolder]:
        for ref in spec.artefacts:
            artefact, link = JobFolder(made / ref.hash), JobFolder.of(tmp_path / "home", "artefact", ref.hash)
            if artefact.read_result() is None:
                artefact.make()
                artefact.write_result(make_artefact(phases[ref.hash], artefact, tmp_path / "home", Obedient()))
            if not link.path.exists():
                link.path.symlink_to(artefact.path)
        folder = JobFolder(tmp_path / place / spec.id)
        folder.make()
        return train_run(spec, folder, tmp_path / "home", control or Obedient()), folder

    return run
