"""Options that the methods with meta-networks share. Torch-free."""

from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Ge, Gt

from l2t.matching.pairs import choose
from l2t.methods.paired_config import PairedConfig
from l2t.models.base import ModelInfo, Shape

Part = Literal["what", "where", "which"]
"""A meta-network: f, g or h."""
PARTS: tuple[Part, ...] = ("what", "where", "which")
LEARNING = ("virtual_steps", "virtual", "hypergradient", "meta_lr", "meta_weight_decay")
"""Options that say how φ is learnt."""


class MetaConfig(PairedConfig):
    """CE + β L_wfm, whose weights come from meta-networks φ trained through virtual steps (Jang et al. 2019)."""

    unrolls: ClassVar[bool] = True
    later: ClassVar[frozenset[str]] = frozenset({"hypergradient", "fixed"})

    beta: Annotated[float, Ge(0)] = 0.5
    """Weight β of the matching loss against cross-entropy. Thesis 5.4: 0.5."""
    virtual_steps: Annotated[int, Ge(0)] = 2
    """Virtual steps T on the matching loss, before the one on cross-entropy; 0: φ gets no gradient and is moved by its
    weight decay alone. Thesis 5.4: 2."""
    virtual: Literal["optimiser", "thesis"] = "optimiser"
    """optimiser: virtual steps use the live optimiser (momentum, decay) and β, as the code does; thesis: plain SGD on
    the bare matching loss (its algorithm 1)."""
    hypergradient: Literal["exact", "first-order"] = "exact"
    """exact: φ's gradient passes through all virtual steps; first-order: without Hessian products, as if a virtual
    gradient did not depend on the parameters that it is taken at."""
    fixed: tuple[Part, ...] = ()
    """Parts that are used but not learnt: they stay at their start (λ's is random). Parts that are not in use have no
    effect here."""
    meta_lr: Annotated[float, Gt(0)] = 1e-4
    """Adam's constant learning rate for φ. Thesis 5.4: 1e-4."""
    meta_weight_decay: Annotated[float, Ge(0)] = 1e-4
    """Coupled L2 decay of φ (Adam, not AdamW). Code: 1e-4."""
    statistics_updates: Literal[1, 2] = 1
    """How often a real step moves batch norm's running statistics; the published code does it twice, by accident."""

    def in_use(self) -> tuple[Part, ...]:
        """The parts that weigh, in the order of PARTS."""
        return ("what", "where")

    def normal(self) -> Self:
        fixed = tuple(part for part in self.in_use() if part in self.fixed)
        unlearnt: dict[str, Any] = {}
        if set(fixed) == set(self.in_use()):  # nothing is left to learn
            unlearnt = {name: type(self).model_fields[name].default for name in LEARNING}
        elif not self.virtual_steps:  # on no loss that φ reaches: both forms are zero
            unlearnt = {"hypergradient": "exact", "virtual": "optimiser"}
        return self.model_copy(update={"fixed": fixed} | unlearnt)

    def observed(self, source: ModelInfo, target: ModelInfo) -> dict[str, Shape]:
        seen: dict[str, Shape] = {}
        for pair in choose(self.pairs, source, target):
            seen |= {f"lambda[{pair}]": (), f"w[{pair}]": (source.taps[pair.source].channels,)}
        return seen
