"""The network `pyramid` as a torch module."""

import itertools

import torch
from torch import Tensor, nn

from l2t.models.base import ModelInfo
from l2t.models.layers import BatchNormReLU2d, Conv2d, Network, normal_linear
from l2t_stripes.pyramid import WIDTHS


class Pyramid(Network):
    """Three convolutions of stride 2; the map of each is a tap."""

    def __init__(self, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        layers = []
        for before, after in itertools.pairwise(WIDTHS):
            convolution = Conv2d(before, after, 3, stride=2, padding=1, bias=False, generator=generator)
            layers.append((convolution, BatchNormReLU2d(after)))
        self.convolutions = nn.ModuleList(convolution for convolution, _ in layers)
        self.norms = nn.ModuleList(norm for _, norm in layers)
        self.classifier = normal_linear(WIDTHS[-1], classes, generator)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        taps, x = [], images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = norm(convolution(x))
            taps.append(x)
        return x.mean((2, 3)), taps


def build(info: ModelInfo, classes: int, generator: torch.Generator) -> Pyramid:
    """Draws only from `generator`: a run's randomness comes from the named streams of its seed."""
    return Pyramid(classes, generator)
