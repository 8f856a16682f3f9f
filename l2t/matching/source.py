"""The frozen source network's side of matching: its maps, resized to each target tap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from l2t.models.layers import Network


@dataclass(frozen=True)
class SourceMaps:
    """What one batch looks like to the source.

    whole: source tap → its own map [batch, channels, height, width]; resized: target tap → the maps of its sources in
    the tap's size, concatenated over channels [batch, channels of its sources, height, width].
    """

    whole: dict[int, Tensor]
    resized: dict[int, Tensor]


@torch.no_grad()
def source_maps(
    network: Network, images: Tensor, sources: Mapping[int, Sequence[int]], sizes: Mapping[int, int]
) -> SourceMaps:
    """Maps of `images` [batch, 3, size, size] in the source `network`, in eval mode, without gradient.

    sources: target tap → source taps; sizes: target tap → height and width of its map. The source map is resized, by
    bilinear interpolation without antialiasing (thesis figure 32 and code).
    """
    _, taps = network(images)
    whole = {index: taps[index] for index in sorted({index for tap in sources.values() for index in tap})}
    resized = {}
    for tap, indices in sources.items():
        size = (sizes[tap], sizes[tap])
        maps = [
            whole[index]
            if whole[index].shape[2:] == size
            else functional.interpolate(whole[index], size, mode="bilinear", align_corners=False, antialias=False)
            for index in indices
        ]
        resized[tap] = torch.cat(maps, 1)
    return SourceMaps(whole, resized)
