"""The network whose blocks exist twice, and the choice between them."""

import copy

import torch
from torch import Tensor, nn

from l2t.methods.method import Learner, full_precision
from l2t.models.layers import Network
from l2t.models.resnet.network import Resnet

TUNED = 0
"""Index of the policy's logit for the tuned block; the other is for the frozen one."""


def gumbel(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Samples of the standard Gumbel distribution: −log of exponential ones, drawn on the CPU."""
    drawn = torch.empty(shape).exponential_(generator=generator)
    return drawn.clamp_min(torch.finfo(drawn.dtype).tiny).log().neg()  # never infinite, where 0 is drawn


def choose(logits: Tensor, noise: Tensor | None, temperature: float) -> Tensor:
    """a [batch, blocks] from the policy's logits [batch, blocks, 2]: 1 where the tuned block is used, else 0.

    With noise, Gumbel samples of the logits' shape, a is the maximum of logits + noise; its gradient is that of
    softmax((logits + noise)/τ) (straight-through). Without it, the maximum of the logits, without gradient.
    """
    scores = logits if noise is None else (logits + noise) / temperature
    hard = (scores.argmax(-1) == TUNED).to(logits.dtype)
    if noise is None:
        return hard
    soft = torch.softmax(scores, -1)[..., TUNED]
    return hard + (soft - soft.detach())


class Routed(Learner):
    """The target, whose blocks are the tuned ones, with frozen copies of them and the policy.

    `noise` is set before each forward pass that samples; None: the likelier block.
    """

    def __init__(self, target: Resnet, policy: Network, temperature: float) -> None:
        super().__init__(target)
        self.frozen: nn.ModuleList = copy.deepcopy(target.blocks).requires_grad_(False)
        self.policy, self.temperature = policy, temperature
        self.noise: Tensor | None = None

    def decide(self, images: Tensor) -> Tensor:
        """a [batch, blocks] for images [batch, 3, size, size]."""
        logits = full_precision(self.policy(images)[0]).view(len(images), len(self.frozen), 2)
        return choose(logits, self.noise, self.temperature)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images: [batch, 3, size, size] → logits [batch, classes], and a [batch, blocks]."""
        network = self.target
        assert isinstance(network, Resnet)
        chosen = self.decide(images)
        x = torch.relu(network.bn1(network.conv1(images)))
        for tuned, frozen, a in zip(network.blocks, self.frozen, chosen.unbind(1), strict=True):
            share = a[:, None, None, None]
            x = share * tuned(x) + (1 - share) * frozen(x)
        return network.classifier(x.mean((2, 3))), chosen
