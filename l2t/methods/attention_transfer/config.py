"""Options of attention transfer."""

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from l2t.matching.pairs import Pairs
from l2t.methods.paired_config import PairedConfig


class Config(PairedConfig):
    """CE + weight · Σ_pairs of the squared difference of attention maps: mean squared activation of each position, at
    length 1 for each image."""

    summary: ClassVar[str] = "imitate where the source's feature maps are strong, whatever the channel"
    paper: ClassVar[str] = "Zagoruyko, Komodakis: Paying More Attention to Attention, ICLR 2017"
    loss: ClassVar[str] = """
L = CE + weight · Σ_pairs mean_{b,i} (q(S^m) − q(T^n))²_bi
q(F) = a/‖a‖₂,  a_i = mean_c F_ci²

S^m, T^n: maps of a pair of layers of source and target; q: an image's attention, one value a position i, of length 1;
the source's a is resized where the maps differ in size.
"""
    implementation: ClassVar[str] = "l2t.methods.attention_transfer.method:AttentionTransfer"

    weight: Annotated[float, Ge(0)] = 1000.0
    """Weight of the sum over the pairs against cross-entropy. Paper and code: 1000."""
    pairs: Pairs = "one-to-one"
    """Pairs of layers: one-to-one (first with first, …; the paper's), all stage ends with all, single (the last of
    one-to-one), or a list that counts stage ends from 0 (2-0: the source's third with the target's first)."""
    reduction: Literal["mean", "norm"] = "mean"
    """How two attention maps differ: mean (squared, over images and positions, as the code does) or norm (half the
    Euclidean norm for each image over the number of positions, averaged over the images: the paper's equation 2 with
    its weight of 1000 over positions and images)."""
