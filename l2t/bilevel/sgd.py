"""SGD with momentum and weight decay as a pure function, as `torch.optim.SGD` computes it."""

from dataclasses import dataclass

import torch
from torch import Tensor

Params = dict[str, Tensor]


@dataclass(frozen=True)
class SGD:
    """The optimiser of the inner problem: m ← μ m + (g + d θ), θ ← θ − α m.

    lr α > 0, momentum μ in [0, 1), weight_decay d ≥ 0.
    """

    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0

    def step(self, theta: Params, buffers: Params, grads: Params) -> tuple[Params, Params]:
        """Parameters and momentum buffers after one step; the arguments are left as they are.

        A parameter without a gradient (missing in `grads`) gets weight decay and momentum all the same.
        Oracle: `torch.optim.SGD` (tests/numerics/test_sgd.py).
        """
        names = list(theta)
        values = [theta[name] for name in names]
        moved = torch._foreach_mul([buffers[name] for name in names], self.momentum)
        reached = [(buffer, grads[name]) for name, buffer in zip(names, moved, strict=True) if name in grads]
        if reached:
            torch._foreach_add_([buffer for buffer, _ in reached], [grad for _, grad in reached])
        if self.weight_decay:
            torch._foreach_add_(moved, values, alpha=self.weight_decay)
        stepped = torch._foreach_add(values, moved, alpha=-self.lr)
        return dict(zip(names, stepped, strict=True)), dict(zip(names, moved, strict=True))
