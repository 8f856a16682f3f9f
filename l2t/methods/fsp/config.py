"""Options of fsp, and which pairs of stages it compares."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from l2t.errors import UsageError
from l2t.matching.pairs import Pair, choose
from l2t.methods.base import MethodConfig
from l2t.models.base import ModelInfo


class Config(MethodConfig):
    """CE + weight · Σ of the mean squared difference of FSP matrices: products of the maps of two successive stages,
    averaged over positions."""

    summary: ClassVar[str] = "imitate how the source's channels of one stage go with those of the next"
    paper: ClassVar[str] = "Yim, Joo, Bae, Kim: A Gift from Knowledge Distillation, CVPR 2017"
    loss: ClassVar[str] = """
L = CE + weight · Σ mean_{b,c,d} (G(S^m, S^m') − G(r(T^n), r'(T^n')))²
G(F, F')_cd = (1/HW) Σ_ij F_cij F'_dij

S^m, S^m' and T^n, T^n': maps of successive stages of source and target, the larger max-pooled to the smaller; r, r':
1×1 convolutions from the target's channels to the source's. The loss is of the fourth degree in the maps: at the
protocol's learning rate of 0.1 it diverges with the published source.
"""
    implementation: ClassVar[str] = "l2t.methods.fsp.method:Fsp"
    train: ClassVar[Mapping[str, Any]] = {"lr": 0.01}

    weight: Annotated[float, Ge(0)] = 1.0
    """Weight of the sum over the matrices against cross-entropy; the paper, too, weighs all matrices alike."""

    def check(self, source: ModelInfo, target: ModelInfo) -> None:
        flows(source, target)


def flows(source: ModelInfo, target: ModelInfo) -> tuple[tuple[Pair, Pair], ...]:
    """Each one-to-one pair of stage ends with the next: (4-0, 9-1), (9-1, 14-2) for ResNet-32 → VGG-9.

    UsageError where there are fewer than two pairs.
    """
    pairs = choose("one-to-one", source, target)
    if len(pairs) < 2:
        least = min((source, target), key=lambda info: len(info.stages))
        raise UsageError(
            f"fsp compares how features go from stage to stage, and {least.title} has one stage only: "
            "take networks with two or more"
        )
    return tuple(pairwise(pairs))
