"""The option of every method that matches pairs of layers. Torch-free."""

from l2t.matching.pairs import Pairs, choose
from l2t.methods.base import MethodConfig
from l2t.models.base import ModelInfo


class PairedConfig(MethodConfig):
    """Options of a method that matches layers of the source with layers of the target."""

    pairs: Pairs = "all"
    """Pairs of layers: all stage ends with all, one-to-one (first with first, …), single (the last of those), or a list
    that counts stage ends from 0: 2-0 is the source's third with the target's first. Traces and reports name a pair by
    the layers' indices instead (14-0)."""

    def check(self, source: ModelInfo, target: ModelInfo) -> None:
        choose(self.pairs, source, target)
