"""l2twww: what channels, where between layers, and which pixels."""

from l2t.matching.meta import MetaNetworks
from l2t.matching.which import Which
from l2t.methods.l2twww.config import Config
from l2t.methods.meta import MetaMatched


class L2twww(MetaMatched):
    """L_wfm = Σ_pairs (1/B) Σ_b λ_b Σ_c w_bc (1/HW) Σ_ij γ_bcij (up(S^m) − r(T^n))²_bcij (METHODS.md, l2twww).

    Oracles: as l2tww; equal to it while h stays at its start (tests/numerics/test_methods.py).
    """

    def meta_networks(self) -> MetaNetworks:
        config = self.setup.config
        assert isinstance(config, Config)
        return MetaNetworks(
            self.sources,
            self.sizes,
            self.what_networks() if "what" in config.parts else None,
            self.where_networks() if "where" in config.parts else None,
            self.which_networks(config) if "which" in config.parts else None,
            config.softplus,
            config.scale,
        )

    def which_networks(self, config: Config) -> dict[int, Which]:
        """h for every source tap, from the stream "which"."""
        generator = self.setup.streams.generator("which")
        return {
            index: Which(
                pairs,
                self.source_info.taps[index].channels,
                self.source_info.taps[index].side(self.setup.size),
                config.which_input,
                config.which_start,
                generator,
            )
            for index, pairs in self.stages().items()
        }
