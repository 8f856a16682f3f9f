"""l2tww: what channels, and where between layers."""

from l2t.matching.meta import MetaNetworks
from l2t.methods.meta import MetaMatched


class L2tww(MetaMatched):
    """L_wfm = Σ_pairs (1/B) Σ_b λ_b Σ_c w_bc (1/HW) Σ_ij (up(S^m) − r(T^n))²_bcij (METHODS.md, l2tww).

    Oracle: every step of the iteration on one graph with torch's own layers and optimisers, float64
    (tests/numerics/test_methods.py).
    """

    def meta_networks(self) -> MetaNetworks:
        return MetaNetworks(self.sources, self.sizes, self.what_networks(), self.where_networks(), None)
