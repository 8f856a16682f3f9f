"""A method on small random networks, and batches for it, in the default precision."""

from typing import Any

import torch
from torch import Tensor

from l2t.methods.method import Batch, Method, Setup
from l2t.methods.registry import methods
from l2t.models.build import build
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec.settings import TrainSettings
from l2t.streams import Streams
from oracles.networks import Named, resnet, vgg

CLASSES = 5
SOURCE_CLASSES = 7


def small_method(
    name: str,
    options: dict[str, Any] | None = None,
    source: str = "resnet8",
    target: str = "vgg-small",
    size: int = 16,
    **settings: Any,
) -> Method:
    """A method with a frozen random source whose running statistics are not those of a fresh network.

    settings: training settings, as `precision`.
    """
    generator = torch.Generator().manual_seed(5)
    network = build(models.get(source), SOURCE_CLASSES, torch.Generator().manual_seed(1))
    for key, buffer in network.named_buffers():
        buffer.copy_(torch.rand(buffer.shape, generator=generator) + (0.5 if "var" in key else -0.5))
    config = methods.get(name)
    setup = Setup(
        target=build(models.get(target), CLASSES, torch.Generator().manual_seed(2)),
        target_info=models.get(target),
        source=network.eval().requires_grad_(False),
        source_info=models.get(source),
        config=config(**(options or {})),
        train=TrainSettings(**settings),
        size=size,
        streams=Streams(0),
        probe=torch.randn(8, 3, size, size, generator=generator),
    )
    made: Method = load_object(config.implementation)(setup)
    return made


def small_batches(count: int, size: int = 16) -> list[Batch]:
    generator = torch.Generator().manual_seed(9)
    return [
        Batch(torch.randn(6, 3, size, size, generator=generator), torch.randint(0, CLASSES, (6,), generator=generator))
        for _ in range(count)
    ]


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
    for batch in small_batches(3):
        method.step(batch, 0.05)
    return all(torch.equal(value, before[name]) for name, value in method.setup.source.state_dict().items())
