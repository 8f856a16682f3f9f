"""What a method computes: the base class. Worker-side."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from l2t.bilevel import SGD, Params
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
    artefacts: Mapping[str, dict[str, Tensor]] = field(default_factory=dict)
    """Phase → the weights that it made, on the run's device."""


class Learner(nn.Module):
    """The target network and what is trained beside it: everything that θ belongs to.

    A method with adapters or heads of its own has a subclass, whose `forward` gives the logits and whatever else its
    loss reads.
    """

    def __init__(self, target: Network) -> None:
        super().__init__()
        self.target = target

    def forward(self, images: Tensor) -> tuple[Tensor, Any]:
        """images: [batch, 3, size, size] → logits [batch, classes] and the target's taps."""
        logits, taps = self.target(images)
        return logits, taps


class Method(ABC):
    """A method in training: θ and its momentum, whatever else it learns, and one step.

    θ lives in `theta` and `buffers` (name → tensor), not in the module, whose own parameters are only a shape to call.
    Parameters that ask for no gradient are not part of θ: they stay in the module as they are.
    """

    classifies: ClassVar[bool] = True
    """Whether what it trains is measured by its accuracy."""
    schedule: ClassVar[Literal["cosine", "constant"]] = "cosine"
    """How the learning rate goes over the epochs."""

    def __init__(self, setup: Setup, learner: Learner | None = None) -> None:
        self.setup = setup
        self.learner = (learner or Learner(setup.target)).to(next(setup.target.parameters()))
        learnt = {name: value for name, value in self.learner.named_parameters() if value.requires_grad}
        self.theta: Params = {name: value.detach().clone() for name, value in learnt.items()}
        self.buffers: Params = {name: torch.zeros_like(value) for name, value in self.theta.items()}
        self.to_train()

    def to_train(self) -> None:
        """Put the networks into training mode; a method with frozen parts leaves those in eval mode."""
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

    def groups(self, lr: float) -> Sequence[tuple[SGD, Iterable[str]]]:
        """The optimisers of the real step, each with the names of θ that it moves: one for all."""
        return [(self.sgd(lr), self.theta)]

    def forward(self, theta: Params, images: Tensor) -> tuple[Tensor, Any]:
        """`Learner.forward` with the parameters theta; in bfloat16 where the run asks for it, losses never are."""
        lower = self.setup.train.precision == "bf16"
        with torch.autocast(images.device.type, torch.bfloat16) if lower else nullcontext():
            out: tuple[Tensor, Any] = functional_call(self.learner, theta, (images,))
        return out

    def descend(self, lr: float, losses: Callable[[Params], tuple[Tensor, dict[str, Tensor]]]) -> dict[str, Tensor]:
        """The real step at learning rate lr: SGD on a loss of θ; moves θ, its momentum and batch norm's running
        statistics.

        losses: θ → the loss, a scalar, and its parts. Returns both, detached.
        """
        theta = {name: value.requires_grad_() for name, value in self.theta.items()}
        loss, metrics = losses(theta)
        grads = torch.autograd.grad(loss, list(theta.values()), allow_unused=True)
        known = {name: grad for name, grad in zip(theta, grads, strict=True) if grad is not None}
        moved, buffers = dict(theta), dict(self.buffers)
        with torch.no_grad():
            for sgd, names in self.groups(lr):
                part = {name: theta[name] for name in names}
                stepped, momentum = sgd.step(part, self.buffers, known)
                moved |= stepped
                buffers |= momentum
        self.theta = {name: value.detach() for name, value in moved.items()}
        self.buffers = buffers
        return {"loss": loss.detach()} | {name: value.detach() for name, value in metrics.items()}

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Outputs [batch, classes] for images [batch, 3, size, size] in eval mode, in full precision."""
        self.learner.eval()
        try:
            logits: Tensor = functional_call(self.learner, self.theta, (images,))[0]
            return logits
        finally:
            self.to_train()

    def observe(self) -> dict[str, Tensor]:
        """Named tensors of the probe for traces, first dimension the image; methods without meta-weights have none."""
        return {}

    def drift(self) -> dict[str, Tensor]:
        """Scalars on the device that say, every epoch, where the meta-weights are and how far they have moved."""
        return {}

    def parameters(self) -> int:
        """How many parameters the network has that is tested in the end."""
        return sum(value.numel() for value in self.setup.target.parameters())

    def weights(self) -> dict[str, Tensor]:
        """The trained target network, parameters and running statistics, as its module names them."""
        named = dict(self.learner.named_parameters()) | self.theta | dict(self.learner.named_buffers())
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
    return functional.cross_entropy(full_precision(logits), labels)


def full_precision(value: Tensor) -> Tensor:
    """What bf16 autocast gave, as float32; anything else as it is."""
    return value.float() if value.dtype == torch.bfloat16 else value


def hits(logits: Tensor, labels: Tensor) -> Tensor:
    """How many images are classified rightly."""
    return (logits.argmax(1) == labels).sum()


def tap_sizes(info: ModelInfo, size: int, taps: Iterable[int]) -> dict[int, int]:
    """Tap → height and width of its map, for images of size × size pixels."""
    return {tap: info.taps[tap].side(size) for tap in taps}
