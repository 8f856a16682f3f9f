"""The hypergradient of unrolled SGD by hand-written reverse accumulation.

Each virtual step keeps the graph of its own gradient only; the optimiser's algebra is differentiated by hand. On the
way back a step's graph is asked once for its Hessian-vector product and its mixed derivative, and the first step for
the mixed derivative alone, since its parameters are a constant.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from l2t.bilevel.sgd import SGD, Params

Loss = Callable[[Params, Params], Tensor]
"""A scalar of (theta, phi)."""


@dataclass(frozen=True)
class Outcome:
    """phi: name → gradient, shaped like phi; outer: the outer loss after the virtual steps, a detached scalar."""

    phi: Params
    outer: Tensor


@dataclass
class _Step:
    theta: list[Tensor]
    grads: list[Tensor | None]


def hypergradient(
    virtual: Sequence[Loss],
    outer: Loss,
    theta: Params,
    buffers: Params,
    phi: Params,
    sgd: SGD,
    first_order: bool = False,
) -> Outcome:
    """Gradient with respect to phi of the outer loss after one virtual SGD step on each loss of `virtual`.

    Jang et al. 2019, algorithm 1 (l2tww: T losses β L_wfm, then CE), with momentum and weight decay differentiated too.
    theta, buffers, phi: name → tensor of any shape, one dtype; buffers: momentum buffers, like theta. The gradient at
    the first theta and in buffers is not followed: both are constants. A parameter that a loss does not reach still
    gets weight decay and momentum. Zeros where no path leads to phi. Nothing is modified.
    On the way back, a and v being the gradients at a step's parameters and momentum: v ← v − α a, φ's gradient gains
    (∂²L/∂θ∂φ)ᵀ v, a ← a + d v + H v, v ← μ v. first_order leaves H v out: a virtual gradient then counts as if it did
    not depend on the parameters that it is taken at; decay and momentum still pass.
    A loss that is not finite makes the result not finite; the caller checks, where a check does not hold up a GPU.
    Oracle: `torch.autograd` through the fully unrolled graph (first_order: with virtual gradients taken at detached
    parameters) and central finite differences, float64 (tests/numerics/test_hypergradient.py).
    """
    names = list(theta)
    knobs = {name: value.detach().requires_grad_() for name, value in phi.items()}
    current = {name: value.detach() for name, value in theta.items()}
    steps: list[_Step] = []
    for loss in virtual:
        current = {name: value.requires_grad_() for name, value in current.items()}
        leaves = list(current.values())
        grads = torch.autograd.grad(loss(current, knobs), leaves, create_graph=True, allow_unused=True)
        steps.append(_Step(leaves, list(grads)))
        known = {name: grad.detach() for name, grad in zip(names, grads, strict=True) if grad is not None}
        with torch.no_grad():
            current, buffers = sgd.step(current, buffers, known)

    current = {name: value.requires_grad_() for name, value in current.items()}
    value = outer(current, knobs)
    tensors = [*current.values(), *knobs.values()]
    found = torch.autograd.grad(value, tensors, allow_unused=True, materialize_grads=True)
    adjoint = [grad.clone() for grad in found[: len(names)]]  # autograd may share one tensor among several
    result = list(found[len(names) :])
    momentum = [torch.zeros_like(tensor) for tensor in adjoint]
    while steps:
        step = steps.pop()
        torch._foreach_add_(momentum, adjoint, alpha=-sgd.lr)
        first = not steps
        wanted = list(knobs.values()) if first or first_order else [*step.theta, *knobs.values()]
        if not first:
            torch._foreach_add_(adjoint, momentum, alpha=sgd.weight_decay)
        pairs = [(g, m) for g, m in zip(step.grads, momentum, strict=True) if g is not None and g.requires_grad]
        if pairs:
            back = torch.autograd.grad(
                [grad for grad, _ in pairs], wanted, [vector for _, vector in pairs], allow_unused=True
            )
            for index, extra in enumerate(back[len(wanted) - len(knobs) :]):
                if extra is not None:
                    result[index] = result[index] + extra
            for tensor, extra in zip(adjoint, back[: len(wanted) - len(knobs)], strict=False):
                if extra is not None:
                    tensor.add_(extra)
        torch._foreach_mul_(momentum, sgd.momentum)
    return Outcome(dict(zip(phi, result, strict=True)), value.detach())
