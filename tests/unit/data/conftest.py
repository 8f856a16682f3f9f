from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of this test's own."""
    folder = tmp_path / "l2t data"
    monkeypatch.setenv("L2T_DATA", str(folder))
    return folder
