"""Options that the methods with meta-networks share. Torch-free."""

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt

from l2t.matching.pairs import Form, choose
from l2t.methods.base import MethodConfig
from l2t.models.base import ModelInfo, Shape


class MetaConfig(MethodConfig):
    """CE + β L_wfm, whose weights come from meta-networks φ trained through virtual steps (Jang et al. 2019)."""

    unrolls: ClassVar[bool] = True

    beta: Annotated[float, Ge(0)] = 0.5
    """Weight β of the matching loss against cross-entropy. Thesis 5.4: 0.5."""
    pairs: Form = "all"
    """Pairs of layers: all stage ends with all, one-to-one (first with first, …), or single (the last of those)."""
    virtual_steps: Annotated[int, Ge(0)] = 2
    """Virtual steps T on the matching loss, before the one on cross-entropy. Thesis 5.4: 2."""
    virtual: Literal["optimiser", "thesis"] = "optimiser"
    """optimiser: virtual steps use the live optimiser (momentum, decay) and β, as the code does; thesis: plain SGD on
    the bare matching loss (its algorithm 1)."""
    meta_lr: Annotated[float, Gt(0)] = 1e-4
    """Adam's constant learning rate for φ. Thesis 5.4: 1e-4."""
    meta_weight_decay: Annotated[float, Ge(0)] = 1e-4
    """Coupled L2 decay of φ (Adam, not AdamW). Code: 1e-4."""
    statistics_updates: Literal[1, 2] = 1
    """How often a real step moves batch norm's running statistics; the published code does it twice, by accident."""

    def observed(self, source: ModelInfo, target: ModelInfo) -> dict[str, Shape]:
        seen: dict[str, Shape] = {}
        for pair in choose(self.pairs, source, target):
            seen |= {f"lambda[{pair}]": (), f"w[{pair}]": (source.taps[pair.source].channels,)}
        return seen
