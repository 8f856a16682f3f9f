"""Checkpoints and weights on disk: whole, checked, and never trusted."""

import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from l2t.store.files import write_atomic


def save(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values so that a reader finds the old file or the new one, whole."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomic(path, buffer.getbuffer())


def load(path: Path) -> dict[str, Any] | None:
    """What `save` wrote, on the CPU; None where there is no file, or it is not, bit for bit, what was written.

    Unpickles tensors and plain values only, whatever the file holds.
    """
    if not path.is_file():  # opening a pipe would wait for ever
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:  # torch does not compare the checksums that it wrote
                return None
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged file fails in as many ways as there are bytes
        return None
    return state if isinstance(state, dict) else None
