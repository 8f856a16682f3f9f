"""g: where to transfer, a weight for each pair of layers."""

import math

import torch
from torch import Tensor, nn


class Where(nn.Module):
    """λ = relu6(Linear_{C→1}(mean over positions of the source map)), one layer a pair.

    Starts with PyTorch's default weight (uniform in ± 1/√channels) and bias 1.
    """

    def __init__(self, pairs: int, channels: int, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1 / math.sqrt(channels)
        self.weight = nn.Parameter(torch.empty(pairs, channels).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.ones(pairs))

    def forward(self, means: Tensor) -> Tensor:
        """means: [batch, channels] → λ: [batch, pairs], in [0, 6]."""
        return nn.functional.relu6(means @ self.weight.T + self.bias)
