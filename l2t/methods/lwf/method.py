"""lwf: cross-entropy, and the source's softened outputs for a second head."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from l2t.bilevel import Params
from l2t.methods.lwf.config import Config
from l2t.methods.method import Batch, Learner, Method, Setup, cross_entropy, full_precision, hits
from l2t.models.layers import Network, start_as_torch


class TwoHeads(Learner):
    """The target network with a linear layer beside its classifier, for the source's classes."""

    def __init__(self, target: Network, old: nn.Linear) -> None:
        super().__init__(target)
        self.old = old

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images: [batch, 3, size, size] → logits [batch, classes] and those of the source's classes."""
        features, _ = self.target.embed(images)
        return self.target.classifier(features), self.old(features)


class Lwf(Method):
    """L = CE + weight · mean_b −Σ_k softmax(s/T)_bk log softmax(o/T)_bk, with the frozen source's logits s and those o
    of the second head, both on the batch's augmented images (METHODS.md, lwf).

    The authors' code has cross-entropy, not KL (the same gradient), T = 2, weight 1 and no T². There the network is the
    source itself: its own head stays, the responses are recorded before training, and the new head is trained alone
    first. Here the target starts afresh, so the second head does too, and both train from the start.
    Oracle: the formula in plain exponentials, float64 (tests/numerics/test_lwf.py).
    """

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        assert setup.source is not None
        self.config, self.source = config, setup.source
        old = nn.Linear(setup.target_info.features, self.outputs(setup.probe[:1]).shape[1])
        start_as_torch(old, setup.streams.generator("aux", "old head"))
        super().__init__(setup, TwoHeads(setup.target, old))

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        temperature = self.config.temperature
        recorded = functional.softmax(self.outputs(batch.images) / temperature, 1)
        factor = temperature**2 if self.config.t_squared else 1.0

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, old = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            matching = factor * functional.cross_entropy(full_precision(old) / temperature, recorded)
            parts = {"ce": ce, "matching": matching, "hits": hits(logits, batch.labels)}
            return ce + self.config.weight * matching, parts

        return self.descend(lr, losses)

    @torch.no_grad()
    def outputs(self, images: Tensor) -> Tensor:
        """The source's logits [batch, its classes]."""
        logits: Tensor = self.source(images)[0]
        return logits
