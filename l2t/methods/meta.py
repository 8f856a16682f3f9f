"""Learning the weights of the matching loss through virtual steps (Jang et al. 2019, algorithm 1). Worker-side."""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from l2t.bilevel import SGD, Outcome, Params, hypergradient
from l2t.matching.loss import Weights, matching_loss
from l2t.matching.meta import MetaNetworks
from l2t.matching.source import SourceMaps
from l2t.matching.what import What
from l2t.matching.where import Where
from l2t.methods.matched import Matched
from l2t.methods.meta_config import MetaConfig
from l2t.methods.method import Batch, Setup, cross_entropy
from l2t.models.layers import BatchNorm2d, frozen_statistics

RARE = 1e-3
"""γ below this counts as switched off in the traces."""


class MetaMatched(Matched):
    """Base of l2tww and l2twww: `meta_networks` says which weights are learnt; the step is common.

    One iteration on one batch: a real SGD step on CE + β L_wfm; from there T virtual steps on β L_wfm and one on CE;
    one Adam step of φ on the gradient of CE after them. Virtual steps leave θ, momentum and running statistics alone.
    """

    def __init__(self, setup: Setup) -> None:
        assert isinstance(setup.config, MetaConfig)
        self.config = config = setup.config.normal()
        super().__init__(setup, config.pairs, config.beta)
        self.phi = self.meta_networks().to(next(iter(self.theta.values())))
        for part in config.fixed:
            getattr(self.phi, part).requires_grad_(False)
        self.learnt = [parameter for parameter in self.phi.parameters() if parameter.requires_grad]
        # Adam takes no empty list, but an empty group.
        self.adam = torch.optim.Adam(
            [{"params": self.learnt}], lr=config.meta_lr, weight_decay=config.meta_weight_decay, foreach=True
        )
        # Two moves to the same batch statistics with momentum m are one with 1 − (1 − m)².
        for module in self.learner.modules():
            if isinstance(module, BatchNorm2d):
                module.momentum = 1 - (1 - module.momentum) ** config.statistics_updates
        self.probe = self.maps(setup.probe)
        self.start = self.observe()

    @abstractmethod
    def meta_networks(self) -> MetaNetworks:
        """φ, freshly started."""

    def stages(self) -> dict[int, int]:
        """Source tap → number of its pairs."""
        return {
            index: sum(pair.source == index for pair in self.pairs)
            for index in sorted({pair.source for pair in self.pairs})
        }

    def what_networks(self) -> dict[int, What]:
        """f for every source tap."""
        return {index: What(pairs, self.source_info.taps[index].channels) for index, pairs in self.stages().items()}

    def where_networks(self) -> dict[int, Where]:
        """g for every source tap, from the stream "where"."""
        generator = self.setup.streams.generator("where")
        return {
            index: Where(pairs, self.source_info.taps[index].channels, generator)
            for index, pairs in self.stages().items()
        }

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        maps = self.maps(batch.images)
        weights: dict[int, Weights] = self.phi(maps.whole)
        held = {tap: Weights(weight.values.detach(), weight.basis) for tap, weight in weights.items()}
        metrics = self.descend(lr, lambda theta: self.matched_losses(theta, batch, maps, held))
        if not self.learnt:
            return metrics
        outcome = self.hypergradient(batch, maps, held, self.sgd(lr))
        grads = torch.autograd.grad(
            [weight.values for weight in weights.values()], self.learnt, [outcome.phi[str(tap)] for tap in weights]
        )
        for parameter, grad in zip(self.learnt, grads, strict=True):
            parameter.grad = grad
        self.adam.step()
        return metrics | {"outer": outcome.outer}

    def hypergradient(self, batch: Batch, maps: SourceMaps, held: dict[int, Weights], sgd: SGD) -> Outcome:
        """Gradient of CE after the virtual steps, from the present θ, with respect to the weights of each target tap.

        The weights are the same in all virtual steps, since the source's maps are, so φ itself is differentiated once,
        by the caller. sgd: the real step's optimiser.
        """
        thesis = self.config.virtual == "thesis"
        factor = 1.0 if thesis else self.beta

        def inner(theta: Params, values: Params) -> Tensor:
            _, mapped = self.forward(theta, batch.images)
            weights = {tap: Weights(values[str(tap)], held[tap].basis) for tap in held}
            return factor * matching_loss(maps.resized, mapped, weights)

        def outer(theta: Params, values: Params) -> Tensor:
            logits, _ = self.forward(theta, batch.images)
            return cross_entropy(logits, batch.labels)

        with frozen_statistics(self.learner):
            return hypergradient(
                [inner] * self.config.virtual_steps + [outer],
                outer,
                self.theta,
                self.buffers,
                {str(tap): weight.values for tap, weight in held.items()},
                SGD(sgd.lr) if thesis else sgd,
                self.config.hypergradient == "first-order",
            )

    @torch.no_grad()
    def observe(self) -> dict[str, Tensor]:
        return self.phi.observe(self.probe.whole)

    @torch.no_grad()
    def drift(self) -> dict[str, Tensor]:
        """For λ, w and γ the mean distance from the start, over the probe; of γ also minimum, median, maximum and share
        below 1e-3 (of the 3×3 grids)."""
        groups: dict[str, list[tuple[Tensor, Tensor]]] = {}
        for name, value in self.observe().items():
            groups.setdefault(name.partition("[")[0], []).append((value.flatten(), self.start[name].flatten()))
        seen: dict[str, Tensor] = {}
        for kind, pairs in groups.items():
            now, start = (torch.cat(values) for values in zip(*pairs, strict=True))
            seen[f"{kind}_moved"] = (now - start).abs().mean()
            if kind == "gamma":
                seen |= {"gamma_min": now.min(), "gamma_median": now.median(), "gamma_max": now.max()}
                seen["gamma_below_1e-3"] = (now < RARE).to(now.dtype).mean()
        return seen

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"phi": self.phi.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.phi.load_state_dict(state["phi"])
        self.adam.load_state_dict(state["adam"])
