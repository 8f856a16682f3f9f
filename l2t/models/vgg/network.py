"""VGG networks as torch modules."""

from typing import Literal

import torch
from torch import Tensor, nn

from l2t.models.layers import BatchNormReLU2d, Conv2d, Network, before_pools, kaiming_linear, normal_linear
from l2t.models.vgg.config import HIDDEN, VggInfo


class Vgg(Network):
    """3×3 convolutions with bias, batch norm, ReLU and 2×2 max-pools; mean over positions; linear layers.

    Oracle: torchvision's layers with the same weights, float64 (tests/numerics/test_models.py).
    """

    def __init__(self, info: VggInfo, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 3
        for layer in info.plan:
            if isinstance(layer, int):
                fan: Literal["fan_in", "fan_out"] = "fan_out" if info.norm else "fan_in"
                layers.append(Conv2d(width, layer, 3, padding=1, generator=generator, fan=fan))
                layers.append(BatchNormReLU2d(layer) if info.norm else nn.ReLU())
                width = layer
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Sequential()
        for _ in range(info.hidden):
            self.hidden.append(kaiming_linear(width, HIDDEN, generator)).append(nn.ReLU())
            width = HIDDEN
        self.classifier = normal_linear(width, classes, generator)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        maps, taps = before_pools(self.features, images)
        return self.hidden(maps.mean((2, 3))), taps


def build(info: VggInfo, classes: int, generator: torch.Generator) -> Vgg:
    """A VGG network with fresh weights: convolutions Kaiming-normal (fan-out with batch norm, else fan-in), hidden
    linear layers too (fan-in), the classifier normal (0.01), biases 0."""
    return Vgg(info, classes, generator)
