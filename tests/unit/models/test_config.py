"""What is said of models without torch, against the networks themselves."""

import pytest
import torch

from l2t.models.registry import models
from l2t.registry import load_object

NAMES = [name for name, _ in models.items()]


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_are_those_of_the_network_in_its_order(name: str) -> None:
    info = models.get(name)
    network = load_object(info.build)(info, 7, torch.Generator())
    weights = {key: tuple(value.shape) for key, value in network.named_parameters()}
    assert list(info.weights(7).items()) == list(weights.items())
    assert info.parameters(7) == sum(value.numel() for value in network.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_taps_are_as_large_as_they_say_at_every_size_that_is_legal(name: str) -> None:
    info = models.get(name)
    network = load_object(info.build)(info, 2, torch.Generator()).eval()
    for size in range(info.smallest, info.smallest + 9):
        if size % info.multiple:
            continue
        with torch.no_grad():
            _, maps = network(torch.zeros(1, 3, size, size))
        said = [(tap.channels, tap.side(size), tap.side(size)) for tap in info.taps]
        assert [tuple(found.shape[1:]) for found in maps] == said
