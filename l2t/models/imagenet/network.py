"""torchvision's networks as ours: its modules, our batch norm, our start and our taps. Only workers import it."""

from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from l2t.models.imagenet.config import GRID, TorchvisionInfo
from l2t.models.layers import BatchNorm2d, GridPool, Network, before_pools


class TorchvisionResnet(Network):
    """`torchvision.models.resnet…`, in training mode with our batch norm, whose statistics can be frozen.

    Oracle: torchvision's own network with the same weights (tests/numerics/test_imagenet.py).
    """

    def __init__(self, info: TorchvisionInfo, classes: int) -> None:
        super().__init__()
        whole = _torchvision(info, norm_layer=BatchNorm2d)
        self.conv1, self.bn1, self.relu, self.maxpool = whole.conv1, whole.bn1, whole.relu, whole.maxpool
        self.layer1, self.layer2, self.layer3, self.layer4 = whole.layer1, whole.layer2, whole.layer3, whole.layer4
        self.classifier = nn.Linear(info.features, classes)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        taps = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in stage:
                x = block(x)
                taps.append(x)
        return x.mean((2, 3)), taps


class TorchvisionVgg(Network):
    """`torchvision.models.vgg16` without dropout. Its first two linear layers are called `hidden`.

    Oracle: torchvision's own network with the same weights (tests/numerics/test_imagenet.py).
    """

    def __init__(self, info: TorchvisionInfo, classes: int) -> None:
        super().__init__()
        whole = _torchvision(info)
        first, relu, _, second, _, _, _ = whole.classifier
        self.features = whole.features
        self.pool = GridPool(GRID)
        self.hidden = nn.Sequential(first, relu, second, relu)
        self.classifier = nn.Linear(info.features, classes)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        x, taps = before_pools(self.features, images)
        return self.hidden(self.pool(x).flatten(1)), taps


def build_resnet(info: TorchvisionInfo, classes: int, generator: torch.Generator) -> TorchvisionResnet:
    """A ResNet with fresh weights: convolutions Kaiming-normal (fan-out), linear weight normal (0.01), biases 0."""
    with torch.device("meta"):
        network = TorchvisionResnet(info, classes)
    _start(network, generator)
    return network


def build_vgg(info: TorchvisionInfo, classes: int, generator: torch.Generator) -> TorchvisionVgg:
    """A VGG-16 with fresh weights: convolutions Kaiming-normal (fan-out), linear weights normal (0.01), biases 0."""
    with torch.device("meta"):
        network = TorchvisionVgg(info, classes)
    _start(network, generator)
    return network


def _torchvision(info: TorchvisionInfo, **options: Any) -> Any:
    return getattr(models, info.constructor)(weights=None, **options)


def _start(network: Network, generator: torch.Generator) -> None:
    """Give memory and fresh weights to a network that has neither: torchvision draws from torch's own generator."""
    network.to_empty(device="cpu")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01, generator=generator)
        elif isinstance(module, BatchNorm2d):
            nn.init.ones_(module.weight)
            module.running_mean.zero_()
            module.running_var.fill_(1.0)
        if isinstance(module, nn.Conv2d | nn.Linear | BatchNorm2d) and module.bias is not None:
            nn.init.zeros_(module.bias)
