"""The 1×1 convolutions r that take target channels to source channels."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from l2t.matching.pairs import Pair
from l2t.models.base import ModelInfo
from l2t.models.layers import Conv2d, start_as_torch


class Adapters(nn.Module):
    """r for every pair, with bias, nothing after, PyTorch's default start (uniform in ± 1/√channels).

    The pairs of one target tap share one convolution: its outputs are the channels of their source maps, in order.
    """

    def __init__(self, pairs: Sequence[Pair], source: ModelInfo, target: ModelInfo, generator: torch.Generator) -> None:
        super().__init__()
        self.sources = {tap: [p.source for p in pairs if p.target == tap] for tap in sorted({p.target for p in pairs})}
        self.maps = nn.ModuleDict()
        for tap, sources in self.sources.items():
            before = target.taps[tap].channels
            after = sum(source.taps[index].channels for index in sources)
            self.maps[str(tap)] = Conv2d(before, after, 1, generator=generator)
            start_as_torch(self.maps[str(tap)], generator)

    def forward(self, taps: Sequence[Tensor]) -> dict[int, Tensor]:
        """Target tap → its map in source channels [batch, channels of its sources, height, width]."""
        return {tap: self.maps[str(tap)](taps[tap]) for tap in self.sources}
