"""Options of unweighted feature matching."""

from typing import Annotated, ClassVar

from annotated_types import Ge

from l2t.matching.pairs import Form
from l2t.methods.base import MethodConfig


class Config(MethodConfig):
    """CE + β Σ_pairs of the mean squared difference of feature maps."""

    summary: ClassVar[str] = "imitate the source's feature maps, all channels, pairs and pixels alike"
    paper: ClassVar[str] = "Romero et al. 2014 (FitNets), in the one-stage form of Jang et al. 2019 and the thesis"
    implementation: ClassVar[str] = "l2t.methods.ufm.method:Ufm"

    beta: Annotated[float, Ge(0)] = 0.5
    """Weight β of the matching loss against cross-entropy. Thesis 5.4: 0.5."""
    pairs: Form = "all"
    """Pairs of layers: all stage ends with all, one-to-one (first with first, …), or single (the last of those)."""
