"""VGG networks as torch modules."""

import torch
from torch import Tensor, nn

from l2t.models.layers import BatchNormReLU2d, Conv2d, Network, normal_linear
from l2t.models.vgg.config import VggInfo


class Vgg(Network):
    """3×3 convolutions with bias, batch norm, ReLU and 2×2 max-pools; mean over positions; one linear layer."""

    def __init__(self, info: VggInfo, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 3
        for layer in info.plan:
            if isinstance(layer, int):
                layers += [Conv2d(width, layer, 3, padding=1, generator=generator), BatchNormReLU2d(layer)]
                width = layer
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = normal_linear(width, classes, generator)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        taps = []
        x = images
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                taps.append(x)
            x = layer(x)
        return x.mean((2, 3)), taps


def build(info: VggInfo, classes: int, generator: torch.Generator) -> Vgg:
    """A VGG network with fresh weights: convolutions Kaiming-normal (fan-out), linear normal (0.01), biases 0."""
    return Vgg(info, classes, generator)
