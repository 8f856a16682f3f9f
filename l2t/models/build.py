"""Networks of the registry, built. Worker-side."""

import torch

from l2t.models.base import ModelInfo
from l2t.models.layers import Network
from l2t.registry import load_object


def build(info: ModelInfo, classes: int, generator: torch.Generator) -> Network:
    """A fresh network of this architecture with a classifier of `classes` outputs."""
    network: Network = load_object(info.build)(info, classes, generator)
    return network
