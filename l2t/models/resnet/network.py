"""CIFAR residual networks as torch modules."""

import torch
from torch import Tensor, nn

from l2t.models.layers import BatchNorm2d, Conv2d, Network, normal_linear
from l2t.models.resnet.config import WIDTHS, ResnetInfo


class BasicBlock(nn.Module):
    """Two 3×3 convolutions with batch norm beside a shortcut: identity, or 1×1 convolution where the shape changes."""

    def __init__(self, before: int, width: int, stride: int, generator: torch.Generator) -> None:
        super().__init__()
        self.conv1 = Conv2d(before, width, 3, stride=stride, padding=1, bias=False, generator=generator)
        self.bn1 = BatchNorm2d(width)
        self.conv2 = Conv2d(width, width, 3, padding=1, bias=False, generator=generator)
        self.bn2 = BatchNorm2d(width)
        self.shortcut = nn.Sequential()
        if before != width or stride != 1:
            self.shortcut.append(Conv2d(before, width, 1, stride=stride, bias=False, generator=generator))
            self.shortcut.append(BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(inner + self.shortcut(x))


class Resnet(Network):
    """Stem 3×3 convolution with bias, three stages of basic blocks, mean over positions, one linear layer."""

    def __init__(self, info: ResnetInfo, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.conv1 = Conv2d(3, WIDTHS[0], 3, padding=1, generator=generator)
        self.bn1 = BatchNorm2d(WIDTHS[0])
        self.blocks = nn.ModuleList()
        before = WIDTHS[0]
        for stage, width in enumerate(WIDTHS):
            for block in range(info.blocks):
                stride = 2 if stage and not block else 1
                self.blocks.append(BasicBlock(before, width, stride, generator))
                before = width
        self.classifier = normal_linear(before, classes, generator)

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = torch.relu(self.bn1(self.conv1(images)))
        taps = []
        for block in self.blocks:
            x = block(x)
            taps.append(x)
        return x.mean((2, 3)), taps


def build(info: ResnetInfo, classes: int, generator: torch.Generator) -> Resnet:
    """A residual network with fresh weights: convolutions Kaiming-normal (fan-out), linear weight normal (0.01)."""
    return Resnet(info, classes, generator)
