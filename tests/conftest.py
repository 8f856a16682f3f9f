"""Fixtures that many parts share: small specifications, and a home of the test's own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l2t.spec import DataSettings, RunSpec, SourceSpec, TrainSettings

TESTS = Path(__file__).parent
# Before torch is imported. Tests run side by side, one on each core: with more threads they wait for one another, and
# what trains large networks took five times as long.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever touches the user's home or data folder."""
    monkeypatch.setenv("L2T_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("L2T_DATA", str(tmp_path / "data"))


@pytest.fixture
def make_source() -> Callable[..., SourceSpec]:
    """A source training, with what a test wants changed."""

    def make(epochs: int = 4, **changes: Any) -> SourceSpec:
        plain = {"name": "glyphs", "dataset": "glyphs", "checksum": "g" * 16, "classes": 62, "model": "resnet8"}
        settings = {"train": TrainSettings(epochs=epochs), "data": DataSettings()}
        return SourceSpec.model_validate(plain | settings | changes)

    return make


@pytest.fixture
def make_run() -> Callable[..., RunSpec]:
    """A run, with what a test wants changed."""

    def make(seed: int = 0, epochs: int = 4, **changes: Any) -> RunSpec:
        plain = {"method": "scratch", "options": {}, "dataset": "digits", "checksum": "d" * 16, "classes": 10}
        what = {"shots": 5, "seed": seed, "source": None, "target": "vgg-small", "recipe": "demo"}
        settings = {"train": TrainSettings(epochs=epochs), "data": DataSettings()}
        return RunSpec.model_validate(plain | what | settings | changes)

    return make


@pytest.fixture
def tiny_engine(monkeypatch: pytest.MonkeyPatch) -> str:
    """Import string of the engine in tests/tiny_engine.py, for this process and for workers that it starts."""
    monkeypatch.syspath_prepend(TESTS)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    return "tiny_engine:load"
