"""What a method computes: the base class. Worker-side."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from l2t.bilevel import SGD, Params
from l2t.matching.adapters import Adapters
from l2t.methods.base import MethodConfig
from l2t.models.base import ModelInfo
from l2t.models.layers import Network
from l2t.spec.settings import TrainSettings
from l2t.streams import Streams


@dataclass(frozen=True)
class Batch:
    """images: [batch, 3, size, size], augmented and normalised; labels: [batch], class indices."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Setup:
    """What a method is built from. Networks lie on the run's device; the source is frozen and in eval mode."""

    target: Network
    target_info: ModelInfo
    source: Network | None
    source_info: ModelInfo | None
    config: MethodConfig
    train: TrainSettings
    size: int
    streams: Streams
    probe: Tensor
    """The first 8 images of the subset, not augmented, normalised: [8, 3, size, size]; traces are taken on them."""


class Learner(nn.Module):
    """The target network with its adapters r: everything that θ belongs to."""

    def __init__(self, target: Network, adapters: Adapters | None) -> None:
        super().__init__()
        self.target = target
        self.adapters = adapters

    def forward(self, images: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        """images: [batch, 3, size, size] → logits [batch, classes] and target tap → map in source channels."""
        logits, taps = self.target(images)
        return logits, self.adapters(taps) if self.adapters is not None else {}


class Method(ABC):
    """A method in training: θ and its momentum, whatever else it learns, and one step.

    θ lives in `theta` and `buffers` (name → tensor), not in the module, whose own parameters are only a shape to call.
    """

    def __init__(self, setup: Setup, adapters: Adapters | None = None) -> None:
        self.setup = setup
        self.learner = Learner(setup.target, adapters)
        if adapters is not None:
            adapters.to(next(setup.target.parameters()))
        self.theta: Params = {name: value.detach().clone() for name, value in self.learner.named_parameters()}
        self.buffers: Params = {name: torch.zeros_like(value) for name, value in self.theta.items()}
        self.learner.train()

    @abstractmethod
    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        """One iteration at learning rate lr. Returns scalars on the device.

        "loss" is what SGD descends, "ce" the cross-entropy, "matching" L_wfm without β, "outer" the cross-entropy after
        the virtual steps, "hits" the number of images classified rightly; those that the method has.
        """

    def sgd(self, lr: float) -> SGD:
        """The target's optimiser at learning rate lr."""
        return SGD(lr, self.setup.train.momentum, self.setup.train.weight_decay)

    def forward(self, theta: Params, images: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        """`Learner.forward` with the parameters theta; in bfloat16 where the run asks for it, losses never are."""
        lower = self.setup.train.precision == "bf16"
        with torch.autocast(images.device.type, torch.bfloat16) if lower else nullcontext():
            out: tuple[Tensor, dict[int, Tensor]] = functional_call(self.learner, theta, (images,))
        return out

    def descend(self, sgd: SGD, losses: Callable[[Params], tuple[Tensor, dict[str, Tensor]]]) -> dict[str, Tensor]:
        """The real step: SGD on a loss of θ; moves θ, its momentum and batch norm's running statistics.

        losses: θ → the loss, a scalar, and its parts. Returns both, detached.
        """
        theta = {name: value.requires_grad_() for name, value in self.theta.items()}
        loss, metrics = losses(theta)
        grads = torch.autograd.grad(loss, list(theta.values()), allow_unused=True)
        known = {name: grad for name, grad in zip(theta, grads, strict=True) if grad is not None}
        with torch.no_grad():
            self.theta, self.buffers = sgd.step(theta, self.buffers, known)
        return {"loss": loss.detach()} | {name: value.detach() for name, value in metrics.items()}

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Outputs [batch, classes] for images [batch, 3, size, size] in eval mode, in full precision."""
        self.learner.eval()
        try:
            logits: Tensor = functional_call(self.learner, self.theta, (images,))[0]
            return logits
        finally:
            self.learner.train()

    def observe(self) -> dict[str, Tensor]:
        """Named tensors of the probe for traces, first dimension the image; methods without meta-weights have none."""
        return {}

    def drift(self) -> dict[str, Tensor]:
        """Scalars on the device that say, every epoch, where the meta-weights are and how far they have moved."""
        return {}

    def weights(self) -> dict[str, Tensor]:
        """The trained target network, parameters and running statistics, as its module names them."""
        named = self.theta | dict(self.learner.named_buffers())
        return {name.removeprefix("target."): value for name, value in named.items() if name.startswith("target.")}

    def state_dict(self) -> dict[str, Any]:
        """Everything that a step reads and changes, tensors and plain values only."""
        return {"theta": self.theta, "momentum": self.buffers, "statistics": dict(self.learner.named_buffers())}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        device = next(iter(self.theta.values())).device
        self.theta = {name: value.to(device) for name, value in state["theta"].items()}
        self.buffers = {name: value.to(device) for name, value in state["momentum"].items()}
        for name, buffer in self.learner.named_buffers():
            buffer.copy_(state["statistics"][name])


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy, in at least float32."""
    return functional.cross_entropy(logits.float() if logits.dtype == torch.bfloat16 else logits, labels)


def hits(logits: Tensor, labels: Tensor) -> Tensor:
    """How many images are classified rightly."""
    return (logits.argmax(1) == labels).sum()


def tap_sizes(info: ModelInfo, size: int, taps: Iterable[int]) -> dict[int, int]:
    """Tap → height and width of its map, for images of size × size pixels."""
    return {tap: size // info.taps[tap].stride for tap in taps}
