"""Options of factor-transfer and of its paraphraser."""

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from l2t.errors import UsageError
from l2t.matching.pairs import Pair, Pairs, choose
from l2t.methods.base import MethodConfig
from l2t.methods.paired_config import PairedConfig
from l2t.methods.phases import PhaseData, whole_set_phase
from l2t.models.base import ModelInfo
from l2t.models.registry import models
from l2t.spec.artefact import ArtefactSpec
from l2t.spec.run import RunSpec

PAPER = "Kim, Park, Kwak: Paraphrasing Complex Network: Network Compression via Factor Transfer, NeurIPS 2018"


class Paraphraser(MethodConfig):
    """An autoencoder of one of the source's maps, whose code is the factor."""

    summary: ClassVar[str] = "learn to reconstruct a map of the source from fewer channels"
    paper: ClassVar[str] = PAPER
    loss: ClassVar[str] = """
L = mean|S^m − decoder(encoder(S^m))|, or the mean square

S^m: a map of the source; the encoder's output is the factor.
"""
    implementation: ClassVar[str] = "l2t.methods.factor_transfer.paraphraser:ParaphraserPhase"

    tap: Annotated[int, Ge(0)] = 0
    """The source's tap that is paraphrased, by its index."""
    share: Annotated[float, Gt(0), Le(1)] = 0.5
    """k: channels of the factor over those of the map."""
    reconstruction: Literal["l1", "l2"] = "l1"
    """Distance of map and reconstruction: mean absolute (code) or mean squared difference (paper)."""


class Config(PairedConfig):
    """CE + weight · mean|F̂_source − F̂_target| of normalised factors of one pair of layers."""

    summary: ClassVar[str] = "imitate a paraphrase of the source's last map, in a translation of the target's"
    paper: ClassVar[str] = PAPER
    loss: ClassVar[str] = """
L = CE + weight · mean|F̂_S − F̂_T|
F̂ = F/‖F‖₂ over an image's whole factor

F_S: code of a paraphraser, an autoencoder of the source's map S^m that was trained on the source's data and is frozen,
resized to the target's map; F_T: a translator of the target's map T^n, of the encoder's shape, trained with the target.
"""
    implementation: ClassVar[str] = "l2t.methods.factor_transfer.method:FactorTransfer"
    makes: ClassVar[tuple[str, ...]] = ("paraphraser",)

    weight: Annotated[float, Ge(0)] = 500.0
    """Weight of the difference of the factors against cross-entropy."""
    pairs: Pairs = "single"
    """The pair of layers: single (the last of first with first, …), or one such as 2-2, counted in stage ends."""
    share: Annotated[float, Gt(0), Le(1)] = 0.5
    """k: channels of the factor over those of the source's map."""
    reconstruction: Literal["l1", "l2"] = "l1"
    """What the paraphraser minimises: mean absolute (code) or mean squared difference (paper) of its reconstruction."""
    source_data: str = "auto"
    """Data set that the paraphraser is trained on; auto: the one that the source network learnt."""
    paraphraser_epochs: Annotated[int, Ge(1)] = 6
    """Epochs of the paraphraser, at a constant learning rate of 0.1, with weight decay 5e-4 and batches of 128."""

    def pair(self, source: ModelInfo, target: ModelInfo) -> Pair:
        """The pair of layers; UsageError where there is not exactly one."""
        pairs = choose(self.pairs, source, target)
        if len(pairs) != 1:
            raise UsageError(f"factor-transfer matches one pair of layers, method.pairs asks for {len(pairs)}")
        return pairs[0]

    def check(self, source: ModelInfo, target: ModelInfo) -> None:
        self.pair(source, target)

    def phases(self, run: RunSpec, data: PhaseData) -> tuple[ArtefactSpec, ...]:
        assert run.source is not None
        name = data.source_dataset() if self.source_data == "auto" else self.source_data
        if not name:
            raise UsageError(
                f"the data set that source network {run.source.name} learnt is not known, and factor-transfer trains "
                "its paraphraser on it: --set method.source_data=NAME (l2t data list)"
            )
        pair = self.pair(models.get(run.source.model), models.get(run.target))
        options = Paraphraser(tap=pair.source, share=self.share, reconstruction=self.reconstruction).effective()
        train = {"epochs": self.paraphraser_epochs, "lr": 0.1, "weight_decay": 5e-4, "batch": 128}
        what = f"paraphraser of {run.source.name}"
        return (whole_set_phase(run, "paraphraser", what, options, "", data.images(name), train),)
