"""φ: the meta-networks of all pairs, and the weights they give to the matching loss."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from l2t.matching.loss import Weights
from l2t.matching.what import What
from l2t.matching.where import Where
from l2t.matching.which import Which, resize_matrix

Softplus = Literal["before", "after"]
Scale = Literal["free", "mean-one"]


class MetaNetworks(nn.Module):
    """w, λ and γ of every pair, from the unresized source maps; a part that is missing weighs evenly (w 1/C, λ 1, γ 1).

    sources: target tap → source taps; sizes: target tap → height and width of its map. what, where, which: source tap →
    network of all its pairs, in the order of their target taps; None where the part is left out.
    """

    def __init__(
        self,
        sources: Mapping[int, Sequence[int]],
        sizes: Mapping[int, int],
        what: Mapping[int, What] | None,
        where: Mapping[int, Where] | None,
        which: Mapping[int, Which] | None,
        softplus: Softplus = "before",
        scale: Scale = "free",
    ) -> None:
        super().__init__()
        self.sources = sources
        self.targets = {
            index: [tap for tap in sources if index in sources[tap]]
            for index in sorted({index for indices in sources.values() for index in indices})
        }
        self.what, self.where, self.which = (
            nn.ModuleDict({str(index): part for index, part in networks.items()}) if networks is not None else None
            for networks in (what, where, which)
        )
        self.softplus, self.scale = softplus, scale
        for tap, size in sizes.items():
            grid = resize_matrix(size) if which is not None else torch.ones(1, size * size, dtype=torch.float64)
            self.register_buffer(f"basis{tap}", grid.to(torch.get_default_dtype()), persistent=False)

    def basis(self, tap: int) -> Tensor:
        """[coefficients, height · width] of a target tap."""
        basis: Tensor = getattr(self, f"basis{tap}")
        return basis

    def observe(self, whole: Mapping[int, Tensor]) -> dict[str, Tensor]:
        """Named tensors of a batch: "lambda[14-2]" [batch], "w[14-2]" [batch, C], "gamma[14-2]" [batch, C, 3, 3].

        gamma is the 3×3 grid behind softplus and scale; the map is its resize (with `softplus=after`, nearly).
        Parts that are left out are not named.
        """
        seen: dict[str, Tensor] = {}
        for index, taps in self.targets.items():
            means = whole[index].mean((2, 3))
            for place, tap in enumerate(taps):
                pair = f"[{index}-{tap}]"
                if self.where is not None:
                    seen["lambda" + pair] = self.where[str(index)](means)[:, place]
                if self.what is not None:
                    seen["w" + pair] = self.what[str(index)](means)[:, place]
                if self.which is not None:
                    raw = self.which[str(index)](whole[index])[:, place]
                    gamma = functional.softplus(raw) / self._level(raw, self.basis(tap))
                    seen["gamma" + pair] = gamma.reshape(*gamma.shape[:-1], 3, 3)
        return seen

    def forward(self, whole: Mapping[int, Tensor]) -> dict[int, Weights]:
        """whole: source tap → its map [batch, channels, height, width]. Returns the weights of each target tap."""
        parts: dict[int, list[Tensor]] = {tap: [] for tap in self.sources}
        for index, taps in self.targets.items():
            maps = whole[index]
            means = maps.mean((2, 3))
            batch, channels = means.shape
            share = means.new_full((batch, len(taps), channels), 1 / channels)
            if self.what is not None:
                share = self.what[str(index)](means)
            if self.where is not None:
                share = share * self.where[str(index)](means)[..., None]
            raw = self.which[str(index)](maps) if self.which is not None else None
            for place, tap in enumerate(taps):
                values = share[:, place, :, None]
                if raw is not None:
                    values = values * self._gamma(raw[:, place], self.basis(tap))
                parts[tap].append(values)
        whole_map = self.which is not None and self.softplus == "after"
        return {tap: Weights(torch.cat(parts[tap], 1), None if whole_map else self.basis(tap)) for tap in self.sources}

    def _gamma(self, raw: Tensor, basis: Tensor) -> Tensor:
        """The coefficients of γ, from the values before softplus: nine, or one a position with `softplus=after`."""
        gamma = functional.softplus(raw @ basis if self.softplus == "after" else raw)
        return gamma if self.scale == "free" else gamma / self._level(raw, basis)

    def _level(self, raw: Tensor, basis: Tensor) -> Tensor:
        """What γ is divided by: with `scale=mean-one` its mean over the positions [batch, channels, 1], else 1."""
        if self.scale == "free":
            return raw.new_ones(())
        if self.softplus == "after":
            return functional.softplus(raw @ basis).mean(-1, keepdim=True)
        return (functional.softplus(raw) @ basis.mean(1))[..., None]


def even_weights(
    sources: Mapping[int, Sequence[int]], sizes: Mapping[int, int], channels: Mapping[int, int], like: Tensor
) -> dict[int, Weights]:
    """The weights of ufm: 1/C for each channel of a source map with C channels, all images and positions alike.

    channels: source tap → C. The batch dimension of the values is 1 and broadcasts.
    """
    weights = {}
    for tap, indices in sources.items():
        values = [like.new_full((1, channels[index], 1), 1 / channels[index]) for index in indices]
        weights[tap] = Weights(torch.cat(values, 1), like.new_ones(1, sizes[tap] ** 2))
    return weights
