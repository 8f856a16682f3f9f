"""intermediate: finetuning from the network that the intermediate data set left."""

from collections.abc import Mapping

from torch import Tensor

from l2t.methods.finetune.method import Finetune
from l2t.methods.method import Setup


class Intermediate(Finetune):
    """L = CE, as finetune's, from the weights of the phase "intermediate" (METHODS.md, intermediate).

    Oracle: finetune from a source with those weights (tests/numerics/test_finetune.py).
    """

    def start(self, setup: Setup) -> Mapping[str, Tensor]:
        return setup.artefacts["intermediate"]
