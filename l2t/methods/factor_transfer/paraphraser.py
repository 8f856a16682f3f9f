"""The paraphraser: an autoencoder of a map of the source, and the phase that trains it."""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from l2t.bilevel import Params
from l2t.methods.factor_transfer.config import Paraphraser as Config
from l2t.methods.method import Batch, Learner, Method, Setup, full_precision
from l2t.models.layers import Conv2d, Network, start_as_torch

SLOPE = 0.1
"""Of the leaky ReLU below zero."""


def encoder(channels: int, factors: int, generator: torch.Generator) -> nn.Sequential:
    """3×3 convolutions channels → channels → factors → factors, a leaky ReLU after each. PyTorch's default start."""
    layers: list[nn.Module] = []
    for before, after in ((channels, channels), (channels, factors), (factors, factors)):
        convolution = Conv2d(before, after, 3, padding=1, generator=generator)
        start_as_torch(convolution, generator)
        layers += [convolution, nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers)


class Paraphraser(nn.Module):
    """The encoder and its mirror of transposed convolutions: [batch, channels, height, width] → the same."""

    def __init__(self, channels: int, factors: int, generator: torch.Generator) -> None:
        super().__init__()
        self.encoder = encoder(channels, factors, generator)
        layers: list[nn.Module] = []
        for before, after in ((factors, factors), (factors, channels), (channels, channels)):
            convolution = nn.ConvTranspose2d(before, after, 3, padding=1)
            start_as_torch(convolution, generator)
            layers += [convolution, nn.LeakyReLU(SLOPE)]
        self.decoder = nn.Sequential(*layers)

    def forward(self, whole: Tensor) -> Tensor:
        out: Tensor = self.decoder(self.encoder(whole))
        return out


def factors_of(channels: int, share: float) -> int:
    """Channels of the factor: k times those of the map, at least one."""
    return max(1, round(share * channels))


class _OfSource(Learner):
    """The frozen source with the paraphraser of one of its maps."""

    def __init__(self, source: Network, tap: int, paraphraser: Paraphraser) -> None:
        super().__init__(source)
        self.tap, self.paraphraser = tap, paraphraser

    def forward(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """images: [batch, 3, size, size] → the source's logits, and its map with the reconstruction."""
        with torch.no_grad():
            logits, taps = self.target(images)
        return logits, (taps[self.tap], self.paraphraser(taps[self.tap]))


class ParaphraserPhase(Method):
    """L = mean|x − decoder(encoder(x))|, or the mean square, of the source's map x (METHODS.md, factor-transfer).

    SGD at a constant rate; the source is frozen, in eval mode. Oracle: torch.optim.SGD on torch's own layers
    (tests/numerics/test_factor_transfer.py).
    """

    classifies: ClassVar[bool] = False
    schedule: ClassVar[Literal["cosine", "constant"]] = "constant"

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        assert setup.source is not None
        assert setup.source_info is not None
        channels = setup.source_info.taps[config.tap].channels
        generator = setup.streams.generator("phase", "paraphraser")
        paraphraser = Paraphraser(channels, factors_of(channels, config.share), generator)
        self.distance = functional.l1_loss if config.reconstruction == "l1" else functional.mse_loss
        super().__init__(setup, _OfSource(setup.source, config.tap, paraphraser))

    def to_train(self) -> None:
        self.learner.eval()

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            _, (whole, again) = self.forward(theta, batch.images)
            matching = self.distance(full_precision(again), full_precision(whole))
            return matching, {"matching": matching}

        return self.descend(lr, losses)

    def weights(self) -> dict[str, Tensor]:
        """Of the paraphraser alone."""
        return {name.removeprefix("paraphraser."): value for name, value in self.theta.items()}
