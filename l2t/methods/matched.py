"""A method that matches feature maps: its pairs, adapters and source maps. Worker-side."""

from torch import Tensor

from l2t.bilevel import Params
from l2t.matching.adapters import Adapters
from l2t.matching.loss import Weights, matching_loss
from l2t.matching.meta import even_weights
from l2t.matching.pairs import Pairs, choose
from l2t.matching.source import SourceMaps, source_maps
from l2t.methods.method import Batch, Learner, Method, Setup, cross_entropy, hits, tap_sizes
from l2t.models.layers import Network


class Adapted(Learner):
    """The target network with its adapters r."""

    def __init__(self, target: Network, adapters: Adapters) -> None:
        super().__init__(target)
        self.adapters = adapters

    def forward(self, images: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        """images: [batch, 3, size, size] → logits [batch, classes] and target tap → map in source channels."""
        logits, taps = self.target(images)
        return logits, self.adapters(taps)


class Matched(Method):
    """Base of ufm, l2tww and l2twww: L = CE + β L_matching over `pairs`."""

    def __init__(self, setup: Setup, pairs: Pairs, beta: float) -> None:
        assert setup.source is not None
        assert setup.source_info is not None
        self.source, self.source_info = setup.source, setup.source_info
        self.pairs = choose(pairs, setup.source_info, setup.target_info)
        adapters = Adapters(self.pairs, setup.source_info, setup.target_info, setup.streams.generator("adapters"))
        super().__init__(setup, Adapted(setup.target, adapters))
        self.beta = beta
        self.sources = adapters.sources
        self.sizes = tap_sizes(setup.target_info, setup.size, self.sources)

    def maps(self, images: Tensor) -> SourceMaps:
        """The source's maps of a batch."""
        return source_maps(self.source, images, self.sources, self.sizes)

    def matched_losses(
        self, theta: Params, batch: Batch, maps: SourceMaps, weights: dict[int, Weights]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """CE + β L_matching with the given weights, and its parts."""
        logits, mapped = self.forward(theta, batch.images)
        ce = cross_entropy(logits, batch.labels)
        matching = matching_loss(maps.resized, mapped, weights)
        parts = {"ce": ce, "matching": matching, "hits": hits(logits, batch.labels)}
        return ce + self.beta * matching, parts


class EvenlyMatched(Matched):
    """Base of the methods that weigh all channels, pairs and positions alike."""

    def __init__(self, setup: Setup, pairs: Pairs, beta: float) -> None:
        super().__init__(setup, pairs, beta)
        channels = {index: tap.channels for index, tap in enumerate(self.source_info.taps)}
        self.even = even_weights(self.sources, self.sizes, channels, next(iter(self.theta.values())))
