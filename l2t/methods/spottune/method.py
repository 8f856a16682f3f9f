"""spottune: each image takes, block by block, the source's frozen copy or a tuned one."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from l2t.bilevel import SGD, Params
from l2t.methods.finetune.method import from_weights
from l2t.methods.method import Batch, Method, Setup, cross_entropy, hits
from l2t.methods.spottune.config import Config
from l2t.methods.spottune.routing import Routed, gumbel
from l2t.models.build import build
from l2t.models.layers import start_as_torch
from l2t.models.registry import models
from l2t.models.resnet.network import Resnet

POLICY = "policy."


class Spottune(Method):
    """L = CE, with x ← a relu(F̂(x) + ŝ(x)) + (1 − a) relu(F(x) + s(x)) for each residual block F with its shortcut s;
    F̂, ŝ are tuned from the same weights; a ∈ {0, 1} of each image and block is drawn anew every step (METHODS.md,
    spottune).

    Stem and classifier are trained, the latter from PyTorch's default start. The policy is a ResNet-8, one block a
    stage, from the stream "policy", its linear layer from PyTorch's default; its learning rate and decay are its own
    and follow the same cosine. Beside METHODS.md's options the code differs in its shortcuts, which have no weights.
    "sample" at test draws the same noise for every batch of the test, anew where the network has moved.
    Oracle: the blocks in torch's own functions, mixed as the formula says, float64 (tests/numerics/test_spottune.py).
    """

    def __init__(self, setup: Setup) -> None:
        assert isinstance(setup.config, Config)
        assert isinstance(setup.target, Resnet)
        assert setup.source is not None
        self.config = config = setup.config
        from_weights(setup, setup.source.state_dict())
        policy = build(models.get("resnet8"), 2 * len(setup.target.blocks), setup.streams.generator("policy"))
        start_as_torch(policy.classifier, setup.streams.generator("policy", "head"))
        self.routed = Routed(setup.target, policy, config.temperature)
        self.steps = 0
        super().__init__(setup, self.routed)

    def to_train(self) -> None:
        super().to_train()
        self.routed.frozen.train(self.config.frozen_statistics == "moving")

    def groups(self, lr: float) -> Sequence[tuple[SGD, Iterable[str]]]:
        policy = [name for name in self.theta if name.startswith(POLICY)]
        others = [name for name in self.theta if not name.startswith(POLICY)]
        train = self.setup.train
        own = SGD(self.config.policy_lr * lr / train.lr, train.momentum, self.config.policy_weight_decay)
        return [(self.sgd(lr), others), (own, policy)]

    def draw(self, images: Tensor, use: str) -> Tensor:
        """Gumbel noise [batch, blocks, 2] for the choices on these images, of this step and use."""
        generator = self.setup.streams.generator("policy", use, self.steps)
        noise = gumbel((len(images), len(self.routed.frozen), 2), generator)
        if images.is_cuda:  # the host does not wait for the copy
            noise = noise.pin_memory()
        return noise.to(images, non_blocking=True)

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        """As `Method.step`; "tuned" is the share of choices for the tuned copy, "tuned_block3" that of one block."""
        self.routed.noise = self.draw(batch.images, "train")
        self.steps += 1

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, chosen = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            shares = chosen.mean(0)
            taps = self.setup.target_info.taps
            each = {f"tuned_{tap.name}": share for tap, share in zip(taps, shares, strict=True)}
            return ce, {"ce": ce, "hits": hits(logits, batch.labels), "tuned": shares.mean()} | each

        try:
            return self.descend(lr, losses)
        finally:
            self.routed.noise = None

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        self.routed.noise = self.draw(images, "test") if self.config.at_test == "sample" else None
        try:
            return super().logits(images)
        finally:
            self.routed.noise = None

    def parameters(self) -> int:
        """Both copies of the blocks, the rest of the network, and the policy: classifying needs them all."""
        return sum(value.numel() for value in self.routed.parameters())

    def weights(self) -> dict[str, Tensor]:
        """The target's as its module names them, "frozen.…" and "policy.…"."""
        named = dict(self.learner.named_parameters()) | self.theta | dict(self.learner.named_buffers())
        return {name.removeprefix("target."): value for name, value in named.items()}

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.steps = state["steps"]
