"""h: which pixels to transfer, a positive weight for each position of each source channel (the thesis)."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Input = Literal["map", "pool3", "gap"]
Start = Literal["one", "default"]

GRID = 3
"""γ is learnt on GRID × GRID values and resized to the target's map."""

OFFSET = math.log(math.e - 1)
"""softplus(OFFSET) = 1."""


class Which(nn.Module):
    """The values before softplus: for each pair and channel a linear layer to 3×3.

    Inputs: map: the channel's own flattened map, H·W → 9; pool3: the same pooled to 3×3, 9 → 9; gap: all channels'
    means, C → 9C. Start one: zeros and an offset of ln(e − 1), so γ ≡ 1; default: PyTorch's, without offset.
    """

    def __init__(
        self, pairs: int, channels: int, size: int, source: Input, start: Start, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.source = source
        inputs = {"map": size * size, "pool3": GRID * GRID, "gap": channels}[source]
        self.weight = nn.Parameter(torch.zeros(pairs, channels, GRID * GRID, inputs))
        self.bias = nn.Parameter(torch.zeros(pairs, channels, GRID * GRID))
        self.offset = OFFSET if start == "one" else 0.0
        if start == "default":
            bound = 1 / math.sqrt(inputs)
            for parameter in (self.weight, self.bias):
                nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def forward(self, whole: Tensor) -> Tensor:
        """whole: the unresized source map [batch, channels, height, width] → [batch, pairs, channels, 9]."""
        if self.source == "gap":
            product = torch.einsum("bi,pcki->bpck", whole.mean((2, 3)), self.weight)
        else:
            maps = whole if self.source == "map" else functional.adaptive_avg_pool2d(whole, GRID)
            product = torch.einsum("bci,pcki->bpck", maps.flatten(2), self.weight)
        return product + self.bias + self.offset


def resize_matrix(size: int) -> Tensor:
    """The matrix [9, size · size], float64, that resizes 3×3 to size × size as `F.interpolate` does (bilinear).

    A product with it replaces the interpolation, whose backward pass is not deterministic on CUDA.
    """
    units = torch.eye(GRID * GRID, dtype=torch.float64).view(GRID * GRID, 1, GRID, GRID)
    return functional.interpolate(units, (size, size), mode="bilinear", align_corners=False).flatten(1)
