"""Options of cosine. No torch: the command line and the screens describe and check methods with it."""

from typing import Annotated, ClassVar

from annotated_types import Ge

from l2t.methods.paired_config import PairedConfig


class Cosine(PairedConfig):
    """CE + weight · Σ_pairs of one minus the cosine between the two maps of each position."""

    summary: ClassVar[str] = "imitate the direction of the source's features at each position, not their length"
    paper: ClassVar[str] = "an example: docs/examples/l2t-stripes"
    loss: ClassVar[str] = """
L = CE + weight · Σ_pairs mean_{b,i,j} (1 − cos(up(S^m)_bij, r(T^n)_bij))

S^m, T^n: maps of a pair of layers of source and target; r: a 1×1 convolution from the target's channels to the
source's; up: bilinear resize to the target's map; cos: over the channels.
"""
    implementation: ClassVar[str] = "l2t_stripes.cosine:CosineMatching"

    weight: Annotated[float, Ge(0)] = 1.0
    """Weight of the sum over the pairs against cross-entropy."""
