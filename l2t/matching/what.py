"""f: what to transfer, a weight for each source channel."""

import torch
from torch import Tensor, nn


class What(nn.Module):
    """w = softmax(Linear_{C→C}(mean over positions of the source map)), one layer a pair; starts uniform (zeros)."""

    def __init__(self, pairs: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(pairs, channels, channels))
        self.bias = nn.Parameter(torch.zeros(pairs, channels))

    def forward(self, means: Tensor) -> Tensor:
        """means: [batch, channels] → w: [batch, pairs, channels], summing to 1 over channels."""
        return torch.softmax(torch.einsum("bc,pkc->bpk", means, self.weight) + self.bias, -1)
