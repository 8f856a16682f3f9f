"""fitnets: hints first, then cross-entropy."""

from typing import ClassVar

from torch import Tensor

from l2t.bilevel import Params
from l2t.methods.fitnets.config import Hint
from l2t.methods.matched import EvenlyMatched
from l2t.methods.method import Batch, Setup
from l2t.methods.scratch.method import Scratch


class HintStage(EvenlyMatched):
    """L = Σ_pairs mean_{b,c,i,j} (up(S^m) − r(T^n))² (METHODS.md, fitnets). The classifier is reached by weight decay
    alone.

    Oracle: torch.optim.SGD on the formula read pair by pair (tests/numerics/test_fitnets.py).
    """

    classifies: ClassVar[bool] = False

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Hint)
        super().__init__(setup, config.pairs, 1.0)

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        maps = self.maps(batch.images)

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            matching = self.matched_losses(theta, batch, maps, self.even)[1]["matching"]
            return matching, {"matching": matching}

        return self.descend(lr, losses)


class Fitnets(Scratch):
    """L = CE from the weights of the hint stage (METHODS.md, fitnets). Oracle: scratch from those weights
    (tests/numerics/test_fitnets.py)."""

    def __init__(self, setup: Setup) -> None:
        setup.target.load_state_dict(setup.artefacts["hint"])
        super().__init__(setup)
