"""LeNet-5 as a torch module."""

import torch
from torch import Tensor, nn

from l2t.models.base import ModelInfo
from l2t.models.layers import Conv2d, GridPool, Network, before_pools, kaiming_linear, normal_linear
from l2t.models.lenet.config import GRID, HIDDEN, WIDTHS


class Lenet(Network):
    """Two 5×5 convolutions with ReLU and 2×2 max-pool, a grid of means, two linear layers with ReLU, one more.

    Oracle: torch's own layers with the same weights, float64 (tests/numerics/test_models.py).
    """

    def __init__(self, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(Conv2d(3, WIDTHS[0], 5, generator=generator, fan="fan_in"), nn.ReLU(), nn.MaxPool2d(2)),
            *(Conv2d(*WIDTHS, 5, generator=generator, fan="fan_in"), nn.ReLU(), nn.MaxPool2d(2)),
            GridPool(GRID),
            nn.Flatten(),
        )
        self.hidden = nn.Sequential(
            *(kaiming_linear(WIDTHS[1] * GRID**2, HIDDEN[0], generator), nn.ReLU()),
            *(kaiming_linear(*HIDDEN, generator), nn.ReLU()),
        )
        self.classifier = normal_linear(HIDDEN[1], classes, generator)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        grid, taps = before_pools(self.features, images)
        return self.hidden(grid), taps


def build(info: ModelInfo, classes: int, generator: torch.Generator) -> Lenet:
    """LeNet-5 with fresh weights: Kaiming-normal (fan-in), the classifier normal (0.01), biases 0."""
    return Lenet(classes, generator)
