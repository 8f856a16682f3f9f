"""Our SGD against torch.optim.SGD."""

import pytest
import torch

from l2t.bilevel import SGD


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_steps_equal_torchs(momentum: float, weight_decay: float) -> None:
    generator = torch.Generator().manual_seed(0)
    start = {name: torch.randn(3, 2, dtype=torch.float64, generator=generator) for name in "ab"}
    theirs = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimiser = torch.optim.SGD(theirs.values(), lr=0.1, momentum=momentum, weight_decay=weight_decay)
    ours, buffers = dict(start), {name: torch.zeros_like(value) for name, value in start.items()}
    sgd = SGD(0.1, momentum, weight_decay)
    for _ in range(4):
        grads = {name: torch.randn(3, 2, dtype=torch.float64, generator=generator) for name in "ab"}
        for name, value in theirs.items():
            value.grad = grads[name].clone()
        optimiser.step()
        ours, buffers = sgd.step(ours, buffers, grads)
    for name in "ab":
        torch.testing.assert_close(ours[name], theirs[name].detach(), rtol=1e-14, atol=1e-15)


def test_a_parameter_without_gradient_gets_decay_and_momentum() -> None:
    theta, buffers = SGD(0.1, 0.9, 0.5).step({"a": torch.tensor(2.0)}, {"a": torch.tensor(1.0)}, {})
    assert buffers["a"].item() == pytest.approx(0.9 * 1 + 0.5 * 2)
    assert theta["a"].item() == pytest.approx(2 - 0.1 * 1.9)
