"""The layers networks are built from.

Convolution and batch norm carry a second derivative of their own: unrolled SGD differentiates every backward pass
again, and torch's general formulas spend a third of their time in transposed convolutions and element-wise passes
that a hand-written one does not need (bench/meta_step.py).
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from l2t.models.second_order import batch_norm_relu, conv2d


class Network(nn.Module):
    """A network that shows its feature maps. A subclass has a `classifier` and says how images become its input."""

    classifier: nn.Module

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """images: [batch, 3, size, size] → what the classifier reads [batch, features], and the taps."""
        raise NotImplementedError

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """images: [batch, 3, size, size] → logits [batch, classes], and the taps."""
        features, taps = self.embed(images)
        return self.classifier(features), taps


class Conv2d(nn.Module):
    """A convolution, Kaiming-normal from `generator`, bias 0. Equivalent to `torch.nn.Conv2d`.

    fan: whether the start keeps the scale of gradients (fan_out) or of maps (fan_in), which matters without batch norm.
    """

    def __init__(
        self,
        before: int,
        after: int,
        kernel: int,
        *,
        generator: torch.Generator,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        fan: Literal["fan_in", "fan_out"] = "fan_out",
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.weight = nn.Parameter(torch.empty(after, before, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, mode=fan, nonlinearity="relu", generator=generator)
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_autocast_enabled(x.device.type):  # second derivatives are for full precision only
            return functional.conv2d(x, self.weight, self.bias, self.stride, self.padding)
        return conv2d(x, self.weight, self.bias, self.stride, self.padding)


class BatchNorm2d(nn.Module):
    """Batch norm whose running statistics move only while `tracking` is set. Else equivalent to `torch.nn.BatchNorm2d`.

    Virtual steps pass through the network with batch statistics and must leave the running ones alone.
    """

    running_mean: Tensor
    running_var: Tensor
    eps = 1e-5

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.momentum = 0.1
        self.tracking = True

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        if self.tracking:
            return functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, True, self.momentum, self.eps
            )
        return functional.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)


class BatchNormReLU2d(BatchNorm2d):
    """Batch norm and ReLU in one, with a fast second derivative."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or torch.is_autocast_enabled(x.device.type):
            return torch.relu(super().forward(x))
        y, mean, var = batch_norm_relu(x, self.weight, self.bias, self.eps)
        if self.tracking:
            with torch.no_grad():
                count = x.numel() // x.shape[1]
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * (count / (count - 1)), self.momentum)
        return y


class GridPool(nn.Module):
    """Mean of a square map over each cell of a grid of `side` × `side` cells, which overlap where they must.

    Equivalent to `torch.nn.AdaptiveAvgPool2d(side)`, whose backward pass is not deterministic on CUDA: a product with a
    fixed matrix. A map smaller than the grid is repeated.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] == self.side:
            return x
        cells = functional.adaptive_avg_pool1d(torch.eye(x.shape[-1], dtype=x.dtype, device=x.device), self.side)
        return cells.T @ x @ cells


def before_pools(layers: nn.Sequential, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """What `layers` make of x, and the map before each of their max-pools."""
    taps = []
    for layer in layers:
        if isinstance(layer, nn.MaxPool2d):
            taps.append(x)
        x = layer(x)
    return x, taps


@contextlib.contextmanager
def frozen_statistics(network: nn.Module) -> Iterator[None]:
    """Within, forward passes in training mode use batch statistics and leave the running ones alone.

    torch's own batch norms, which a third party's network may have, are told to keep none meanwhile.
    """
    ours = [module for module in network.modules() if isinstance(module, BatchNorm2d)]
    torchs = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    for norm in ours:
        norm.tracking = False
    for other in torchs:
        other.track_running_stats = False
    try:
        yield
    finally:
        for norm in ours:
            norm.tracking = True
        for other in torchs:
            other.track_running_stats = True


def normal_linear(before: int, after: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer, weight normal with standard deviation 0.01 from `generator`, bias 0."""
    linear = nn.Linear(before, after)
    nn.init.normal_(linear.weight, 0.0, 0.01, generator=generator)
    nn.init.zeros_(linear.bias)
    return linear


@torch.no_grad()
def start_as_torch(layer: nn.Module, generator: torch.Generator) -> None:
    """Give a convolution or linear layer PyTorch's default start, uniform in ± 1/√inputs, from `generator`.

    Drawn on the CPU, whatever device the layer is on.
    """
    parameters = dict(layer.named_parameters())
    bound = 1 / math.sqrt(parameters["weight"][0].numel())
    for parameter in parameters.values():
        parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator))


def kaiming_linear(before: int, after: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer that a ReLU follows, weight Kaiming-normal (fan-in) from `generator`, bias 0."""
    linear = nn.Linear(before, after)
    nn.init.kaiming_normal_(linear.weight, mode="fan_in", nonlinearity="relu", generator=generator)
    nn.init.zeros_(linear.bias)
    return linear
