"""Options of unweighted feature matching."""

from typing import Annotated, ClassVar

from annotated_types import Ge

from l2t.methods.paired_config import PairedConfig


class Config(PairedConfig):
    """CE + β Σ_pairs of the mean squared difference of feature maps."""

    summary: ClassVar[str] = "imitate the source's feature maps, all channels, pairs and pixels alike"
    paper: ClassVar[str] = "Romero et al. 2014 (FitNets), in the one-stage form of Jang et al. 2019 and the thesis"
    loss: ClassVar[str] = """
L = CE + β Σ_pairs mean_{b,c,i,j} (up(S^m) − r(T^n))²

S^m, T^n: maps of a pair of layers of source and target; r: a 1×1 convolution from the target's channels to the
source's; up: bilinear resize to the target's map.
"""
    implementation: ClassVar[str] = "l2t.methods.ufm.method:Ufm"

    beta: Annotated[float, Ge(0)] = 0.5
    """Weight β of the matching loss against cross-entropy. Thesis 5.4: 0.5."""
