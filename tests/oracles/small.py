"""What a method on small random networks computes, layer by layer, and whom its gradient reaches."""

from typing import Any

import torch
from setups import batches
from torch import Tensor

from l2t.methods.method import Batch, Method
from oracles.networks import Named, resnet, vgg


def read_source(method: Method, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits and taps of a ResNet source, layer by layer."""
    assert method.setup.source is not None
    return resnet(method.setup.source_info, method.setup.source.state_dict(), images)


def read_target(method: Method, theta: Named, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits and taps of a VGG target, layer by layer."""
    return vgg(method.setup.target_info, theta, images)


def optimiser(method: Method, lr: float) -> tuple[Named, torch.optim.SGD]:
    """A copy of θ that torch's own SGD moves as the protocol says."""
    theta = {name: value.detach().clone().requires_grad_() for name, value in method.theta.items()}
    return theta, torch.optim.SGD(theta.values(), lr=lr, momentum=0.9, weight_decay=1e-4)


def descend(sgd: torch.optim.SGD, loss: Tensor) -> None:
    """One step on a loss."""
    sgd.zero_grad()
    loss.backward()
    sgd.step()


def reached(method: Method, batch: Batch, part: str) -> set[str]:
    """The names in θ that the gradient of one part of the loss reaches."""
    found: set[str] = set()

    def differentiate(lr: float, losses: Any) -> dict[str, Tensor]:
        theta = {name: value.requires_grad_() for name, value in method.theta.items()}
        grads = torch.autograd.grad(losses(theta)[1][part], list(theta.values()), allow_unused=True)
        found.update(name for name, grad in zip(theta, grads, strict=True) if grad is not None and grad.any())
        return {}

    method.descend = differentiate  # type: ignore[method-assign]
    method.step(batch, 0.05)
    return found


def source_stays(method: Method) -> bool:
    """Whether three steps leave every parameter and buffer of the source as it was, bit for bit."""
    assert method.setup.source is not None
    before = {name: value.clone() for name, value in method.setup.source.state_dict().items()}
    for batch in batches(3):
        method.step(batch, 0.05)
    return all(torch.equal(value, before[name]) for name, value in method.setup.source.state_dict().items())
