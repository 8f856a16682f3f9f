"""fsp: cross-entropy and the difference of FSP matrices."""

import torch
from torch import Tensor
from torch.nn import functional

from l2t.bilevel import Params
from l2t.matching.adapters import Adapters
from l2t.matching.pairs import choose
from l2t.methods.fsp.config import Config, flows
from l2t.methods.matched import Adapted
from l2t.methods.method import Batch, Method, Setup, cross_entropy, full_precision, hits


class Fsp(Method):
    """L = CE + weight · Σ_k mean_{b,c,d} (G(S^k, S^k+1) − G(r(T^k), r(T^k+1)))²_bcd over successive stages k, with
    G(F, E)_cd = (1/HW) Σ_ij F_cij E_dij (METHODS.md, fsp).

    The larger of two maps is max-pooled to the other's size; those of source and target need not agree. The paper has
    one architecture of two depths, so no adapters; it sums the squares over c and d, and trains in two stages, the
    matrices first and cross-entropy after. Here both are learnt at once.
    Oracle: the formula image by image, position by position, float64 (tests/numerics/test_fsp.py).
    """

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        assert setup.source is not None
        assert setup.source_info is not None
        self.source, self.weight = setup.source, config.weight
        self.flows = flows(setup.source_info, setup.target_info)
        pairs = choose("one-to-one", setup.source_info, setup.target_info)
        adapters = Adapters(pairs, setup.source_info, setup.target_info, setup.streams.generator("adapters"))
        super().__init__(setup, Adapted(setup.target, adapters))

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        with torch.no_grad():
            _, taps = self.source(batch.images)
            wanted = [flow(taps[first.source], taps[second.source]) for first, second in self.flows]

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, mapped = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            maps = {tap: full_precision(value) for tap, value in mapped.items()}
            found = [flow(maps[first.target], maps[second.target]) for first, second in self.flows]
            matching = torch.stack([(a - b).square().mean() for a, b in zip(wanted, found, strict=True)]).sum()
            parts = {"ce": ce, "matching": matching, "hits": hits(logits, batch.labels)}
            return ce + self.weight * matching, parts

        return self.descend(lr, losses)


def flow(first: Tensor, second: Tensor) -> Tensor:
    """The FSP matrix of two maps of the same images, [batch, channels of first, channels of second]."""
    side = min(first.shape[2], second.shape[2])
    one, other = pooled(first, side).flatten(2), pooled(second, side).flatten(2)
    return one @ other.transpose(1, 2) / side**2


def pooled(maps: Tensor, side: int) -> Tensor:
    """[batch, channels, height, height] max-pooled to [batch, channels, side, side].

    Equivalent to `F.adaptive_max_pool2d`, whose gradient is not deterministic on CUDA.
    """
    size = maps.shape[2]
    if size % side == 0:
        return functional.max_pool2d(maps, size // side)
    _, places = functional.adaptive_max_pool2d(maps.detach(), side, return_indices=True)
    return maps.flatten(2).gather(2, places.flatten(2)).view(places.shape)
