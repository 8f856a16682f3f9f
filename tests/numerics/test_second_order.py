"""First and second derivatives of our layers against torch's own, float64."""

from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from l2t.models.layers import BatchNorm2d, BatchNormReLU2d, frozen_statistics
from l2t.models.second_order import batch_norm_relu, conv2d

Operation = Callable[..., Tensor]


def second_derivatives(operation: Operation, inputs: Sequence[Tensor], wanted: Sequence[int]) -> list[Tensor]:
    """Value, first and second derivatives of a random scalar of `operation`, with respect to the inputs `wanted`."""
    generator = torch.Generator().manual_seed(1)
    values = [value.clone() for value in inputs]
    leaves = [values[index].requires_grad_() for index in wanted]
    out = operation(*values)
    outer = torch.randn(out.shape, generator=generator, dtype=out.dtype)
    # tanh: a non-linear head, so that the second derivative in the operation's own output is not zero
    first = torch.autograd.grad((outer * torch.tanh(out)).sum(), leaves, create_graph=True)
    mixed = sum((grad * torch.randn(grad.shape, generator=generator, dtype=grad.dtype)).sum() for grad in first)
    return [out, *first, *torch.autograd.grad(mixed, leaves, allow_unused=True, materialize_grads=True)]


def assert_same_derivatives(ours: Operation, torchs: Operation, inputs: Sequence[Tensor]) -> None:
    """For every choice of inputs that need a gradient: frozen layers ask for fewer than all."""
    for count in range(1, len(inputs) + 1):
        for wanted in combinations(range(len(inputs)), count):
            expected = second_derivatives(torchs, inputs, wanted)
            for mine, theirs in zip(second_derivatives(ours, inputs, wanted), expected, strict=True):
                torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("stride", "padding", "kernel"), [(1, 1, 3), (2, 1, 3), (1, 0, 1), (2, 0, 1)])
def test_convolution_and_its_derivatives_equal_torchs(stride: int, padding: int, kernel: int) -> None:
    torch.manual_seed(0)
    inputs = [
        torch.randn(3, 2, 8, 8, dtype=torch.float64),
        torch.randn(4, 2, kernel, kernel, dtype=torch.float64),
        torch.randn(4, dtype=torch.float64),
    ]
    assert_same_derivatives(
        lambda x, w, b: conv2d(x, w, b, stride, padding),
        lambda x, w, b: functional.conv2d(x, w, b, stride, padding),
        inputs,
    )


def test_batch_norm_relu_and_its_derivatives_equal_torchs() -> None:
    torch.manual_seed(0)
    inputs = [
        torch.randn(5, 3, 4, 4, dtype=torch.float64) * 2 + 1,
        torch.randn(3, dtype=torch.float64),
        torch.randn(3, dtype=torch.float64),
    ]
    assert_same_derivatives(
        lambda x, w, b: batch_norm_relu(x, w, b, 1e-5)[0],
        lambda x, w, b: torch.relu(functional.batch_norm(x, None, None, w, b, training=True)),
        inputs,
    )


def test_batch_norm_relu_reports_the_batch_statistics() -> None:
    x = torch.randn(5, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    _, mean, var = batch_norm_relu(x, torch.ones(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64), 1e-5)
    torch.testing.assert_close(mean, x.mean((0, 2, 3)))
    torch.testing.assert_close(var, x.var((0, 2, 3), correction=0))


def test_frozen_statistics_hold_for_our_batch_norms_and_torchs() -> None:
    network = nn.Sequential(BatchNorm2d(3), BatchNormReLU2d(3), nn.BatchNorm2d(3))
    x = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    before = [buffer.clone() for buffer in network.buffers()]
    with frozen_statistics(network):
        inside = network(x)
    assert all(torch.equal(a, b) for a, b in zip(before, network.buffers(), strict=True))
    assert torch.equal(network(x), inside)
    assert not any(torch.equal(a, b) for a, b in zip(before, network.buffers(), strict=True))
