"""Networks to and from files: built from the registry, stored as tensors, compared by a hash of their bits."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from l2t.errors import DataError
from l2t.models.layers import Network
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec import SourceRef
from l2t.store.folder import JobFolder
from l2t.train import checkpoint


def build(model: str, classes: int, generator: torch.Generator) -> Network:
    """A fresh network of the registry with a classifier of `classes` outputs."""
    info = models.get(model)
    network: Network = load_object(info.build)(info, classes, generator)
    return network


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
    path = folder.weights
    weights = checkpoint.load(path)
    if weights is None or digest(weights) != (folder.read_result() or {}).get("weights"):
        raise DataError(f"the weights of source {ref.name} are gone or damaged: {path} (train or import it again)")
    network = build(ref.model, ref.outputs, torch.Generator())
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise DataError(f"{path} does not hold a {ref.model} with {ref.outputs} outputs") from error
    return network.to(device).eval().requires_grad_(False)
