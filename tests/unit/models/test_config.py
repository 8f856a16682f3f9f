"""What is said of models without torch, against the networks themselves."""

import pytest
import torch

from l2t.models.base import ModelInfo, Tap
from l2t.models.registry import models
from l2t.registry import load_object

LARGE = 1.2e7
"""Parameters from which on a network's test is slow."""


def legal(info: ModelInfo) -> tuple[int, int, int]:
    """The smallest size, the next one, and one well above that is no power of two times the smallest."""
    return info.smallest, info.smallest + info.multiple, 2 * info.smallest + info.multiple


NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] if info.parameters(7) > LARGE else [], id=name)
    for name, info in models.items()
]


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_taps_are_as_they_say_at_legal_sizes(name: str) -> None:
    info = models.get(name)
    network = load_object(info.build)(info, 7, torch.Generator().manual_seed(0))
    weights = {key: tuple(value.shape) for key, value in network.named_parameters()}
    assert list(info.weights(7).items()) == list(weights.items())
    assert info.parameters(7) == sum(value.numel() for value in network.parameters())
    assert info.smallest % info.multiple == 0
    assert set(info.stages) <= set(range(len(info.taps)))
    for size in legal(info):
        images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
        logits, maps = network(images)
        assert logits.shape == (2, 7)
        said = [(2, tap.channels, tap.side(size), tap.side(size)) for tap in info.taps]
        assert [tuple(found.shape) for found in maps] == said
        grads = torch.autograd.grad(logits.square().sum() + maps[-1].square().mean(), list(network.parameters()))
        assert all(grad.isfinite().all() for grad in grads)


@pytest.mark.parametrize("name", NAMES)
def test_below_the_smallest_size_a_map_would_have_one_position_or_none(name: str) -> None:
    info = models.get(name)
    below = info.smallest - info.multiple
    assert below <= 0 or any(tap.side(below) < 2 for tap in info.taps)


def test_a_crop_is_taken_off_before_the_stride() -> None:
    assert Tap("pool1", 16, 2, crop=12).side(33) == 10
    assert Tap("block0", 16, 2).side(33) == 16
