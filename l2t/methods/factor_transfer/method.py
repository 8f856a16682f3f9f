"""factor-transfer: cross-entropy and the difference of two normalised factors."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from l2t.bilevel import Params
from l2t.methods.factor_transfer.config import Config
from l2t.methods.factor_transfer.paraphraser import Paraphraser, encoder, factors_of
from l2t.methods.method import Batch, Learner, Method, Setup, cross_entropy, full_precision, hits
from l2t.models.layers import Network


class _Translated(Learner):
    """The target network with the translator of one of its maps."""

    def __init__(self, target: Network, tap: int, translator: nn.Module) -> None:
        super().__init__(target)
        self.tap, self.translator = tap, translator

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images: [batch, 3, size, size] → logits [batch, classes], and the target's factor."""
        logits, taps = self.target(images)
        return logits, self.translator(taps[self.tap])


class FactorTransfer(Method):
    """L = CE + weight · mean|F̂_s − F̂_t|, F̂ = F/‖F‖₂ over an image's whole factor; F_s is the paraphraser's code of the
    source's map, resized to the target's where they differ, F_t the translator's output (METHODS.md, factor-transfer).

    Oracle: the formula on torch's own layers, float64 (tests/numerics/test_factor_transfer.py).
    """

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        assert setup.source is not None
        assert setup.source_info is not None
        self.weight, self.source = config.weight, setup.source
        self.pair = config.pair(setup.source_info, setup.target_info)
        channels = setup.source_info.taps[self.pair.source].channels
        tap = setup.target_info.taps[self.pair.target]
        self.side = tap.side(setup.size)
        factors = factors_of(channels, config.share)
        translator = encoder(tap.channels, factors, setup.streams.generator("adapters"))
        super().__init__(setup, _Translated(setup.target, self.pair.target, translator))
        paraphraser = Paraphraser(channels, factors, torch.Generator())
        self.paraphraser = paraphraser.to(next(iter(self.theta.values()))).eval().requires_grad_(False)
        self.paraphraser.load_state_dict(setup.artefacts["paraphraser"])

    @torch.no_grad()
    def factor(self, images: Tensor) -> Tensor:
        """The source's normalised factor [batch, values], as large as the target's map."""
        _, taps = self.source(images)
        factor = self.paraphraser.encoder(taps[self.pair.source])
        if factor.shape[2] != self.side:
            size = (self.side, self.side)
            factor = functional.interpolate(factor, size, mode="bilinear", align_corners=False, antialias=False)
        return functional.normalize(factor.flatten(1))

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        aim = self.factor(batch.images)

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, factor = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            matching = functional.l1_loss(functional.normalize(full_precision(factor).flatten(1)), aim)
            return ce + self.weight * matching, {"ce": ce, "matching": matching, "hits": hits(logits, batch.labels)}

        return self.descend(lr, losses)
