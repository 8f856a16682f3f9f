"""AlexNet for small images as a torch module."""

import torch
from torch import Tensor, nn

from l2t.models.base import ModelInfo
from l2t.models.layers import Conv2d, Network, before_pools, normal_linear


class Alexnet(Network):
    """Five convolutions with bias and ReLU, three 2×2 max-pools, mean over positions, one linear layer.

    Oracle: torch's own layers with the same weights, float64 (tests/numerics/test_models.py).
    """

    def __init__(self, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(Conv2d(3, 64, 11, stride=4, padding=5, generator=generator, fan="fan_in"), nn.ReLU(), nn.MaxPool2d(2)),
            *(Conv2d(64, 192, 5, padding=2, generator=generator, fan="fan_in"), nn.ReLU(), nn.MaxPool2d(2)),
            *(Conv2d(192, 384, 3, padding=1, generator=generator, fan="fan_in"), nn.ReLU()),
            *(Conv2d(384, 256, 3, padding=1, generator=generator, fan="fan_in"), nn.ReLU()),
            *(Conv2d(256, 256, 3, padding=1, generator=generator, fan="fan_in"), nn.ReLU(), nn.MaxPool2d(2)),
        )
        self.classifier = normal_linear(256, classes, generator)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        maps, taps = before_pools(self.features, images)
        return maps.mean((2, 3)), taps


def build(info: ModelInfo, classes: int, generator: torch.Generator) -> Alexnet:
    """AlexNet with fresh weights: convolutions Kaiming-normal (fan-in), linear normal (0.01), biases 0."""
    return Alexnet(classes, generator)
