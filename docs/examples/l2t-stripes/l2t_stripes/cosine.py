"""cosine: cross-entropy and the angle between features."""

from torch import Tensor
from torch.nn import functional

from l2t.bilevel import Params
from l2t.methods.matched import Matched
from l2t.methods.method import Batch, Setup, cross_entropy, full_precision, hits
from l2t_stripes.config import Cosine


class CosineMatching(Matched):
    """L = CE + weight · Σ_pairs mean_{b,i,j} (1 − cos(up(S^m), r(T^n)))."""

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Cosine)
        super().__init__(setup, config.pairs, config.weight)

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        maps = self.maps(batch.images)

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, mapped = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            angles = []
            for tap, sources in self.sources.items():
                # The maps of a target tap lie side by side: the channels of its sources, in order.
                widths = [self.source_info.taps[index].channels for index in sources]
                wanted, found = maps.resized[tap].split(widths, 1), full_precision(mapped[tap]).split(widths, 1)
                angles += [1 - functional.cosine_similarity(a, b).mean() for a, b in zip(wanted, found, strict=True)]
            matching = sum(angles, logits.new_zeros(()))
            return ce + self.beta * matching, {"ce": ce, "matching": matching, "hits": hits(logits, batch.labels)}

        return self.descend(lr, losses)
