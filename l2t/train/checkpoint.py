"""Checkpoints: whole, safe to load, and never trusted."""

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from l2t.store.files import write_atomic


def save(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values so that a reader finds the old file or the new one, whole."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomic(path, buffer.getvalue())


def load(path: Path, device: torch.device) -> dict[str, Any] | None:
    """What `save` wrote; None where there is no file or it cannot be read: the training then starts over.

    Unpickles tensors and plain values only, whatever the file holds.
    """
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError):
        return None
    return state if isinstance(state, dict) else None
