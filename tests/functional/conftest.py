"""The recorded home, for what drives the screens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from screens import demo


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """As `l2t tui --demo` has it, at a fixed time and on a fixed machine; colours as the terminal has them."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    with demo(tmp_path / "demo", monkeypatch) as made:
        yield made
