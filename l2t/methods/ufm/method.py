"""ufm: cross-entropy and the plain matching loss."""

from torch import Tensor

from l2t.methods.matched import EvenlyMatched
from l2t.methods.method import Batch, Setup
from l2t.methods.ufm.config import Config


class Ufm(EvenlyMatched):
    """L = CE + β Σ_pairs mean_{b,c,i,j} (up(S^m) − r(T^n))² (METHODS.md, ufm).

    Oracles: the formula read pair by pair (tests/numerics/test_matching.py), l2tww with w = 1/C and λ = 1
    (tests/numerics/test_methods.py).
    """

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        super().__init__(setup, config.pairs, config.beta)

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        maps = self.maps(batch.images)
        return self.descend(lr, lambda theta: self.matched_losses(theta, batch, maps, self.even))
