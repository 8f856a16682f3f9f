"""The iteration of l2tww and l2twww, pair by pair; its hypergradient by a kept graph and by replay.

`kept_graph` is the oracle of the tests: every virtual step stays on one graph. `replay` computes as the published code
does: steps are done without a graph, then replayed in reverse from whole restored states, everything recomputed.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from l2t.matching.pairs import Pair
from l2t.models.vit.config import VitInfo
from oracles.networks import Named, resnet, vgg, vit


@dataclass
class Problem:
    """One iteration's surroundings. infos: of source and target; source: state dict; pairs in the order of choose()."""

    source_info: object
    target_info: object
    source: Named
    pairs: Sequence[Pair]
    images: Tensor
    labels: Tensor
    lr: float
    momentum: float = 0.9
    weight_decay: float = 1e-4
    beta: float = 0.5
    steps: int = 2
    which_input: str = "map"
    which_start: str = "one"
    softplus: str = "before"
    scale: str = "free"
    hypergradient: str = "exact"

    def source_taps(self) -> list[Tensor]:
        read = vit if isinstance(self.source_info, VitInfo) else resnet
        with torch.no_grad():
            return read(self.source_info, self.source, self.images)[1]

    def target(self, theta: Named) -> tuple[Tensor, list[Tensor]]:
        """Logits and taps of the target network."""
        if isinstance(self.target_info, VitInfo):
            named = {name.removeprefix("target."): value for name, value in theta.items()}
            return vit(self.target_info, named, self.images)
        return vgg(self.target_info, theta, self.images)

    def place(self, pair: Pair) -> int:
        """Which of its source tap's pairs a pair is."""
        return [p for p in self.pairs if p.source == pair.source].index(pair)

    def channels(self, pair: Pair) -> slice:
        """Where the pair's channels lie in the outputs of its target tap's adapter."""
        width = self.source_info.taps[pair.source].channels
        before = [p for p in self.pairs if p.target == pair.target and p.source < pair.source]
        start = sum(self.source_info.taps[p.source].channels for p in before)
        return slice(start, start + width)

    def matching(self, theta: Named, phi: Named, taps: Sequence[Tensor]) -> Tensor:
        """L_wfm; parts that phi does not name weigh evenly."""
        _, maps = self.target(theta)
        total = torch.zeros((), dtype=self.images.dtype)
        for pair in self.pairs:
            source, place = taps[pair.source], self.place(pair)
            batch, width = source.shape[:2]
            means = source.mean((2, 3))
            key = str(pair.source)
            weight, bias = (theta[f"adapters.maps.{pair.target}.{part}"] for part in ("weight", "bias"))
            rows = self.channels(pair)
            mapped = functional.conv2d(maps[pair.target], weight[rows], bias[rows])
            size = mapped.shape[2:]
            resized = functional.interpolate(source, size, mode="bilinear", align_corners=False)
            squared = (resized - mapped) ** 2
            w = torch.full((batch, width), 1 / width, dtype=source.dtype)
            if f"what.{key}.weight" in phi:
                w = torch.softmax(
                    functional.linear(means, phi[f"what.{key}.weight"][place], phi[f"what.{key}.bias"][place]), 1
                )
            strength = torch.ones(batch, dtype=source.dtype)
            if f"where.{key}.weight" in phi:
                raw = functional.linear(means, phi[f"where.{key}.weight"][place][None], phi[f"where.{key}.bias"][place])
                strength = functional.relu6(raw)[:, 0]
            if f"which.{key}.weight" in phi:
                layers = phi[f"which.{key}.weight"][place], phi[f"which.{key}.bias"][place]
                squared = squared * self.gamma(source, *layers, size)
            total = total + (strength * (w * squared.mean((2, 3))).sum(1)).mean()
        return total

    def gamma(self, source: Tensor, weight: Tensor, bias: Tensor, size: Sequence[int]) -> Tensor:
        """Position weights [batch, channels, height, width], one channel's layer after the other."""
        rows = []
        for channel in range(source.shape[1]):
            seen = source[:, channel].flatten(1)
            if self.which_input == "pool3":
                seen = functional.adaptive_avg_pool2d(source[:, channel, None], 3).flatten(1)
            elif self.which_input == "gap":
                seen = source.mean((2, 3))
            rows.append(functional.linear(seen, weight[channel], bias[channel]))
        grid = torch.stack(rows, 1).unflatten(2, (3, 3))
        if self.which_start == "one":
            grid = grid + math.log(math.e - 1)
        if self.softplus == "before":
            gamma = functional.interpolate(functional.softplus(grid), size, mode="bilinear", align_corners=False)
        else:
            gamma = functional.softplus(functional.interpolate(grid, size, mode="bilinear", align_corners=False))
        return gamma / gamma.mean((2, 3), keepdim=True) if self.scale == "mean-one" else gamma

    def cross_entropy(self, theta: Named) -> Tensor:
        return functional.cross_entropy(self.target(theta)[0], self.labels)

    def sgd(
        self, theta: Named, buffers: Named, loss: Tensor, create_graph: bool, at: Named | None = None
    ) -> tuple[Named, Named]:
        """One step from theta. at: the parameters that the loss was computed with; None: theta."""
        at = theta if at is None else at
        grads = torch.autograd.grad(loss, list(at.values()), create_graph=create_graph, allow_unused=True)
        new_theta, new_buffers = {}, {}
        for (name, value), grad in zip(theta.items(), grads, strict=True):
            change = self.weight_decay * value + (0 if grad is None else grad)
            new_buffers[name] = self.momentum * buffers[name] + change
            new_theta[name] = value - self.lr * new_buffers[name]
        return new_theta, new_buffers

    def real_step(self, theta: Named, buffers: Named, phi: Named) -> tuple[Named, Named]:
        theta = leaves(theta)
        fixed = {name: value.detach() for name, value in phi.items()}
        loss = self.cross_entropy(theta) + self.beta * self.matching(theta, fixed, self.source_taps())
        theta, buffers = self.sgd(theta, buffers, loss, False)
        return detached(theta), detached(buffers)


def leaves(named: Named) -> Named:
    return {name: value.detach().clone().requires_grad_() for name, value in named.items()}


def detached(named: Named) -> Named:
    return {name: value.detach() for name, value in named.items()}


def kept_graph(problem: Problem, theta: Named, buffers: Named, phi: Named) -> Named:
    """Gradient of CE after the virtual steps with respect to phi: all steps on one graph, one call of autograd.

    With hypergradient first-order each virtual gradient is taken at parameters that are cut off the graph.
    """
    theta, phi = leaves(theta), leaves(phi)
    taps = problem.source_taps()

    def matching(theta: Named) -> Tensor:
        return problem.beta * problem.matching(theta, phi, taps)

    for loss in [matching] * problem.steps + [problem.cross_entropy]:
        at = leaves(theta) if problem.hypergradient == "first-order" else theta
        theta, buffers = problem.sgd(theta, buffers, loss(at), True, at)
    grads = torch.autograd.grad(
        problem.cross_entropy(theta), list(phi.values()), allow_unused=True, materialize_grads=True
    )
    return dict(zip(phi, grads, strict=True))


def replay(problem: Problem, theta: Named, buffers: Named, phi: Named) -> Named:
    """The same by the published scheme: states are copied whole, and each step is computed again on the way back."""

    def matching(theta: Named, phi: Named) -> Tensor:
        return problem.beta * problem.matching(theta, phi, problem.source_taps())

    def cross_entropy(theta: Named, phi: Named) -> Tensor:
        return problem.cross_entropy(theta)

    phi = leaves(phi)
    losses: list[Callable[[Named, Named], Tensor]] = [matching] * problem.steps + [cross_entropy]
    states = []
    for loss in losses:
        states.append(copy.deepcopy((detached(theta), detached(buffers))))
        theta = leaves(theta)
        theta, buffers = problem.sgd(theta, buffers, loss(theta, phi), False)
    theta = leaves(theta)
    adjoint = list(torch.autograd.grad(problem.cross_entropy(theta), list(theta.values()), allow_unused=True))
    adjoint = [torch.zeros_like(t) if a is None else a for a, t in zip(adjoint, theta.values(), strict=True)]
    momentum = [torch.zeros_like(a) for a in adjoint]
    total = {name: torch.zeros_like(value) for name, value in phi.items()}
    for loss, (old_theta, old_buffers) in zip(reversed(losses), reversed(states), strict=True):
        theta = leaves(old_theta)
        held = leaves(old_buffers)
        moved_theta, moved_buffers = problem.sgd(theta, held, loss(theta, phi), True)
        inputs = [*theta.values(), *held.values(), *phi.values()]
        back = torch.autograd.grad(
            [*moved_theta.values(), *moved_buffers.values()],
            inputs,
            [*adjoint, *momentum],
            allow_unused=True,
            materialize_grads=True,
        )
        count = len(theta)
        adjoint, momentum = list(back[:count]), list(back[count : 2 * count])
        for name, grad in zip(phi, back[2 * count :], strict=True):
            total[name] += grad
    return total
