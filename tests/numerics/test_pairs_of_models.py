"""Every source with every target once, the methods in turn: one step on two images of the smallest size that both take.

The check takes every source that is not large once, with the light targets in turn; the rest is slow. A step on a large
target takes some gigabytes.
"""

from functools import lru_cache
from itertools import product
from math import lcm

import pytest
import torch
from torch import Tensor

from l2t.matching.pairs import choose
from l2t.methods.factor_transfer.paraphraser import Paraphraser, factors_of
from l2t.methods.method import Batch, Setup
from l2t.methods.registry import methods
from l2t.models.base import ModelInfo
from l2t.models.build import build
from l2t.models.layers import BatchNorm2d, Network
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec.settings import TrainSettings
from l2t.streams import Streams

METHODS = ("ufm", "l2tww", "l2twww", "attention-transfer", "factor-transfer")
LARGE = 2e7
"""Parameters from which on a source is too slow for the check."""
LIGHT = 5e5
"""Parameters up to which a target is quick enough for the check."""
LR = 1e-9
"""Two images at the smallest size leave a deep network maps of one pixel, and batch norm over two values that are
nearly alike multiplies the gradient layer by layer: virtual steps overflow at rates that anybody would train with."""

INFOS = dict(models.items())
TARGETS = [name for name, info in INFOS.items() if info.parameters(5) < LIGHT]
SOURCES = [name for name, info in INFOS.items() if info.parameters(5) < LARGE]
IN_CHECK = {(source, TARGETS[place % len(TARGETS)]) for place, source in enumerate(SOURCES)}
PAIRS = [
    pytest.param(source, target, METHODS[(first + second) % len(METHODS)], id=f"{source}-to-{target}", marks=marks)
    for (first, source), (second, target) in product(enumerate(INFOS), enumerate(INFOS))
    for marks in [[] if (source, target) in IN_CHECK else [pytest.mark.slow]]
]


def smallest_for_both(source: ModelInfo, target: ModelInfo) -> int:
    step = lcm(source.multiple, target.multiple)
    return -(-max(source.smallest, target.smallest) // step) * step


@lru_cache(maxsize=1)
def source_network(name: str) -> Network:
    """Random weights, and the running statistics of random images: with a fresh network's maps grow block by block."""
    info = models.get(name)
    generator = torch.Generator().manual_seed(1)
    network = build(info, 7, generator).requires_grad_(False)
    for module in network.modules():
        if isinstance(module, BatchNorm2d):
            module.momentum = 1.0
    size = max(32, info.smallest)
    network(torch.randn(8, 3, size, size, generator=generator))
    return network.eval()


def paraphraser(source: ModelInfo, target: ModelInfo) -> dict[str, Tensor]:
    (pair,) = choose("single", source, target)
    channels = source.taps[pair.source].channels
    return Paraphraser(channels, factors_of(channels, 0.5), torch.Generator().manual_seed(2)).state_dict()


@pytest.mark.parametrize(("source", "target", "name"), PAIRS)
def test_any_source_teaches_any_target(source: str, target: str, name: str) -> None:
    infos = models.get(source), models.get(target)
    size = smallest_for_both(*infos)
    generator = torch.Generator().manual_seed(3)
    config = methods.get(name)
    setup = Setup(
        target=build(infos[1], 5, generator),
        target_info=infos[1],
        source=source_network(source),
        source_info=infos[0],
        config=config.model_validate(config.defaults(size)),
        train=TrainSettings(),
        size=size,
        streams=Streams(0),
        probe=torch.randn(2, 3, size, size, generator=generator),
        artefacts={"paraphraser": paraphraser(*infos)} if name == "factor-transfer" else {},
    )
    method = load_object(config.implementation)(setup)
    start = method.theta["target.classifier.weight"].clone()
    # Not after the step: of two images with maps of one pixel, deep networks get gradients of 1e5 from batch norm.
    assert method.logits(setup.probe).isfinite().all()
    metrics = method.step(Batch(torch.randn(2, 3, size, size, generator=generator), torch.tensor([1, 4])), LR)
    assert all(value.isfinite() for value in metrics.values()), metrics
    assert all(value.isfinite().all() for value in method.theta.values())
    assert metrics["matching"] > 0
    assert not torch.equal(method.theta["target.classifier.weight"], start)
