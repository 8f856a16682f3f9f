"""Networks to and from files: stored as tensors, compared by a hash of their bits."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from l2t.errors import DataError
from l2t.models.build import build
from l2t.models.layers import Network
from l2t.models.registry import models
from l2t.spec import ArtefactRef, SourceRef
from l2t.store.folder import JobFolder
from l2t.train import checkpoint


def digest(weights: dict[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bits of all tensors."""
    sha = hashlib.sha256()
    for name in sorted(weights):
        value = weights[name].detach().cpu().contiguous()
        sha.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        sha.update(value.numpy().tobytes())
    return sha.hexdigest()


def load_source(home: Path, ref: SourceRef, device: torch.device) -> Network:
    """A stored source network, frozen, in eval mode, on the device. Raises DataError where its file is no good."""
    folder = JobFolder.of(home, "source", ref.hash)
    weights = _load(folder, f"source {ref.name}", "import it again, or l2t store rebuild, then l2t up, trains it")
    network = build(models.get(ref.model), ref.outputs, torch.Generator())
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise DataError(f"{folder.weights} does not hold a {ref.model} with {ref.outputs} outputs") from error
    return network.to(device).eval().requires_grad_(False)


def load_artefact(home: Path, ref: ArtefactRef, device: torch.device) -> dict[str, Tensor]:
    """The weights that a phase made, on the device. Raises DataError where its file is no good."""
    folder = JobFolder.of(home, "artefact", ref.hash)
    weights = _load(folder, ref.name, f"delete {folder.path}; l2t store rebuild, then l2t up, makes it again")
    return {name: value.to(device) for name, value in weights.items()}


def _load(folder: JobFolder, what: str, remedy: str) -> dict[str, Tensor]:
    weights = checkpoint.load(folder.weights)
    if weights is None or digest(weights) != (folder.read_result() or {}).get("weights"):
        raise DataError(f"the weights of {what} are gone or damaged: {folder.weights} ({remedy})")
    return weights
