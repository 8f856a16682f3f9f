"""attention-transfer: cross-entropy and the difference of attention maps."""

import torch
from torch import Tensor
from torch.nn import functional

from l2t.bilevel import Params
from l2t.matching.pairs import Pair, choose
from l2t.methods.attention_transfer.config import Config
from l2t.methods.method import Batch, Method, Setup, cross_entropy, full_precision, hits, tap_sizes


class AttentionTransfer(Method):
    """L = CE + weight · Σ_pairs mean_{b,i} (q(S^m) − q(T^n))²_bi with q(F) = a/‖a‖₂ for each image, a_i = mean_c F_ci²
    (METHODS.md, attention-transfer).

    `reduction=norm` takes mean_b ‖q(S^m) − q(T^n)‖₂ / 2HW instead of each mean. The paper sums over channels; the unit
    length makes that the same. Where sizes differ, a(S^m) is resized to the target map's, bilinearly, before it gets
    its length: the paper interpolates attention maps, the code only has equal ones. No adapters: channels never meet.
    Oracle: the formula image by image, float64 (tests/numerics/test_attention_transfer.py).
    """

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        assert setup.source is not None
        assert setup.source_info is not None
        super().__init__(setup)
        self.config, self.source = config, setup.source
        self.pairs = choose(config.pairs, setup.source_info, setup.target_info)
        self.sizes = tap_sizes(setup.target_info, setup.size, {pair.target for pair in self.pairs})

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        wanted = self.wanted(batch.images)

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, taps = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            found = {tap: unit(attention(taps[tap])) for tap in self.sizes}
            matching = torch.stack([self.difference(q, found[pair.target]) for pair, q in wanted.items()]).sum()
            parts = {"ce": ce, "matching": matching, "hits": hits(logits, batch.labels)}
            return ce + self.config.weight * matching, parts

        return self.descend(lr, losses)

    @torch.no_grad()
    def wanted(self, images: Tensor) -> dict[Pair, Tensor]:
        """Pair → q of the source's map in the target map's size [batch, positions]."""
        _, taps = self.source(images)
        maps = {tap: attention(taps[tap]) for tap in {pair.source for pair in self.pairs}}
        return {pair: unit(resized(maps[pair.source], self.sizes[pair.target])) for pair in self.pairs}

    def difference(self, wanted: Tensor, found: Tensor) -> Tensor:
        """One pair's term; both [batch, positions]."""
        if self.config.reduction == "mean":
            return (wanted - found).square().mean()
        norms: Tensor = torch.linalg.vector_norm(wanted - found, dim=1)
        return norms.mean() / (2 * wanted.shape[1])


def attention(maps: Tensor) -> Tensor:
    """Mean over channels of the squares, [batch, channels, height, width] → [batch, height, width]."""
    return full_precision(maps).square().mean(1)


def unit(attentions: Tensor) -> Tensor:
    """For each image at Euclidean length 1 (0 stays 0), [batch, height, width] → [batch, positions]."""
    return functional.normalize(attentions.flatten(1))


def resized(attentions: Tensor, side: int) -> Tensor:
    """[batch, height, width] → [batch, side, side], as all maps of the source are resized."""
    if attentions.shape[1:] == (side, side):
        return attentions
    size = (side, side)
    return functional.interpolate(attentions[:, None], size, mode="bilinear", align_corners=False, antialias=False)[
        :, 0
    ]
