"""The hypergradient against a fully unrolled graph and against finite differences, float64."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from l2t.bilevel import SGD, Loss, Params, hypergradient


def unrolled(
    virtual: Sequence[Loss],
    outer: Loss,
    theta: Params,
    buffers: Params,
    phi: Params,
    sgd: SGD,
    first_order: bool = False,
) -> tuple[Params, Tensor]:
    """The oracle: every virtual step on the graph, one call of autograd at the end; no step of ours is used.

    To first order each virtual gradient is taken at parameters that are cut off the graph.
    """
    phi = {name: value.detach().clone().requires_grad_() for name, value in phi.items()}
    theta = {name: value.detach().clone().requires_grad_() for name, value in theta.items()}
    for loss in virtual:
        at = {name: value.detach().requires_grad_() for name, value in theta.items()} if first_order else theta
        grads = torch.autograd.grad(loss(at, phi), list(at.values()), create_graph=True, allow_unused=True)
        new_theta, new_buffers = {}, {}
        for (name, value), grad in zip(theta.items(), grads, strict=True):
            total = sgd.weight_decay * value + (0 if grad is None else grad)
            new_buffers[name] = sgd.momentum * buffers[name] + total
            new_theta[name] = value - sgd.lr * new_buffers[name]
        theta, buffers = new_theta, new_buffers
    value = outer(theta, phi)
    grads = torch.autograd.grad(value, list(phi.values()), allow_unused=True, materialize_grads=True)
    return dict(zip(phi, grads, strict=True)), value


def problem(steps: int, momentum: float) -> tuple[list[Loss], Loss, Params, Params, Params, SGD]:
    """A two-layer network, weighted squared distances as inner losses, a last virtual step that phi does not reach,
    one parameter that only the outer loss reaches, one that nothing reaches."""
    generator = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    x, goal, labels = normal(6, 4), normal(6, 5), torch.arange(6) % 3
    theta = {"first": normal(4, 5), "head": normal(5, 3), "bias": normal(3), "unused": normal(2)}
    buffers = {name: normal(*value.shape) for name, value in theta.items()}
    phi = {"weights": normal(5), "scale": normal(1), "idle": normal(2)}

    def inner(theta: Params, phi: Params) -> Tensor:
        distance = (torch.tanh(x @ theta["first"]) - goal).square()
        return torch.nn.functional.softplus(phi["scale"] * phi["weights"]).mul(distance).mean()

    def outer(theta: Params, phi: Params) -> Tensor:
        logits = torch.tanh(x @ theta["first"]) @ theta["head"] + theta["bias"]
        return torch.nn.functional.cross_entropy(logits, labels)

    return [*[inner] * steps, outer], outer, theta, buffers, phi, SGD(0.3, momentum, 0.02)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("first_order", [False, True], ids=["exact", "first-order"])
def test_equals_the_unrolled_graph(steps: int, momentum: float, first_order: bool) -> None:
    case = problem(steps, momentum)
    ours = hypergradient(*case, first_order)
    theirs, value = unrolled(*case, first_order)
    torch.testing.assert_close(ours.phi, theirs, rtol=1e-9, atol=1e-14)
    torch.testing.assert_close(ours.outer, value.detach(), rtol=1e-12, atol=0)
    assert (ours.phi["weights"].abs().sum() > 0) == (steps > 0)
    assert not ours.phi["idle"].any()


def test_first_order_differs_where_a_hessian_counts_and_nowhere_else() -> None:
    for steps in (0, 1, 2):
        case = problem(steps, 0.9)
        exact, first_order = hypergradient(*case).phi["weights"], hypergradient(*case, True).phi["weights"]
        assert torch.equal(exact, first_order) == (steps == 0)

    def linear(theta: Params, phi: Params) -> Tensor:
        return (theta["a"] * phi["a"]).sum()

    named = {"a": torch.tensor([0.5, -2.0]).double()}
    flat = [linear] * 3, lambda theta, phi: theta["a"].pow(3).sum(), named, named, named, SGD(0.1, 0.9, 0.01)
    torch.testing.assert_close(hypergradient(*flat, True).phi, hypergradient(*flat).phi, rtol=0, atol=0)


@pytest.mark.parametrize(
    "outer",
    [
        pytest.param(lambda a, b: (a + b).sin().sum(), id="one tensor is the gradient of both"),
        pytest.param(lambda a, b: a.sum() + b.square().sum(), id="a gradient is expanded from a scalar"),
    ],
)
def test_gradients_that_share_memory_are_told_apart(outer: Callable[[Tensor, Tensor], Tensor]) -> None:
    theta = {"a": torch.tensor([0.3, -0.2, 0.5]).double(), "b": torch.tensor([1.0, 0.1, -0.4]).double()}
    buffers = {name: torch.full_like(value, 0.1) for name, value in theta.items()}
    phi = {"weights": torch.tensor([0.7, 1.1, -0.3]).double()}

    def inner(theta: Params, phi: Params) -> Tensor:
        return (phi["weights"] * (theta["a"] * theta["b"]).tanh()).sum() + theta["a"].pow(3).sum()

    case = [inner] * 3, lambda theta, phi: outer(theta["a"], theta["b"]), theta, buffers, phi, SGD(0.2, 0.9, 0.01)
    torch.testing.assert_close(hypergradient(*case).phi, unrolled(*case)[0], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_equals_central_finite_differences(steps: int, momentum: float) -> None:
    virtual, outer, theta, buffers, phi, sgd = problem(steps, momentum)
    ours = hypergradient(virtual, outer, theta, buffers, phi, sgd).phi

    def value_at(phi: Params) -> float:
        here, held = dict(theta), dict(buffers)
        for loss in virtual:
            leaves = {name: value.detach().requires_grad_() for name, value in here.items()}
            grads = torch.autograd.grad(loss(leaves, phi), list(leaves.values()), allow_unused=True)
            known = {name: grad for name, grad in zip(leaves, grads, strict=True) if grad is not None}
            here, held = sgd.step(here, held, known)
        return outer(here, phi).item()

    for name, value in phi.items():
        for index in range(value.numel()):
            shift = torch.zeros_like(value)
            shift.view(-1)[index] = 1e-5
            up, down = value_at(phi | {name: value + shift}), value_at(phi | {name: value - shift})
            # central differences: error about 1e-10 (h² times third derivatives, and rounding over h)
            assert ours[name].view(-1)[index].item() == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_second_iteration_with_warm_momentum_equals_the_unrolled_graph(momentum: float) -> None:
    virtual, outer, theta, buffers, phi, sgd = problem(2, momentum)
    for _ in range(2):
        ours = hypergradient(virtual, outer, theta, buffers, phi, sgd)
        theirs, _ = unrolled(virtual, outer, theta, buffers, phi, sgd)
        torch.testing.assert_close(ours.phi, theirs, rtol=1e-9, atol=1e-14)
        leaves = {name: value.detach().requires_grad_() for name, value in theta.items()}
        grads = torch.autograd.grad(virtual[0](leaves, phi), list(leaves.values()), allow_unused=True)
        known = {name: grad for name, grad in zip(leaves, grads, strict=True) if grad is not None}
        theta, buffers = sgd.step({name: value.detach() for name, value in leaves.items()}, buffers, known)
        phi = {name: value - 0.1 * ours.phi[name] for name, value in phi.items()}


def test_nothing_is_modified() -> None:
    virtual, outer, theta, buffers, phi, sgd = problem(2, 0.9)
    before = [value.clone() for part in (theta, buffers, phi) for value in part.values()]
    hypergradient(virtual, outer, theta, buffers, phi, sgd)
    after = [value for part in (theta, buffers, phi) for value in part.values()]
    assert all(torch.equal(a, b) and not b.requires_grad for a, b in zip(before, after, strict=True))
