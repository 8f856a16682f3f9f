"""Options of fitnets and of its hint stage."""

from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from l2t.matching.pairs import Pairs
from l2t.methods.paired_config import PairedConfig
from l2t.methods.phases import PhaseData, few_shot_phase
from l2t.spec.artefact import ArtefactSpec
from l2t.spec.run import RunSpec

PAPER = "Romero, Ballas, Kahou, Chassang, Gatta, Bengio: FitNets: Hints for Thin Deep Nets, ICLR 2015"


class Hint(PairedConfig):
    """The matching loss alone, without cross-entropy."""

    summary: ClassVar[str] = "imitate the source's feature maps and nothing else"
    paper: ClassVar[str] = PAPER
    loss: ClassVar[str] = """
L = Σ_pairs mean_{b,c,i,j} (up(S^m) − r(T^n))²

S^m, T^n: maps of a pair of layers of source and target; r: a 1×1 convolution from the target's channels to the
source's; up: bilinear resize to the target's map.
"""
    implementation: ClassVar[str] = "l2t.methods.fitnets.method:HintStage"

    pairs: Pairs = "single"
    """Pairs of layers: single (the last of first with first, …), one-to-one, all stage ends with all, or a list that
    counts stage ends from 0 (2-0: the source's third with the target's first)."""


class Config(PairedConfig):
    """First the matching loss alone, then cross-entropy alone, each with a fresh optimiser and the whole cosine."""

    summary: ClassVar[str] = "imitate the source's feature maps first, then train on cross-entropy alone"
    paper: ClassVar[str] = PAPER
    loss: ClassVar[str] = """
L = Σ_pairs mean_{b,c,i,j} (up(S^m) − r(T^n))², then L = CE from those weights

S^m, T^n: maps of a pair of layers of source and target; r: a 1×1 convolution from the target's channels to the
source's; up: bilinear resize to the target's map.
"""
    implementation: ClassVar[str] = "l2t.methods.fitnets.method:Fitnets"
    makes: ClassVar[tuple[str, ...]] = ("hint",)

    pairs: Pairs = "single"
    """Pairs of layers: single (the last of first with first, …), one-to-one, all stage ends with all, or a list that
    counts stage ends from 0 (2-0: the source's third with the target's first)."""
    hint_epochs: Annotated[int, Ge(0)] = 0
    """Epochs of the hint stage, whatever `train.min_steps` says; 0: as many as the run's."""
    hint_lr: Annotated[float, Gt(0)] | None = None
    """Learning rate at the start of the hint stage's cosine. Default: the run's."""

    def phases(self, run: RunSpec, data: PhaseData) -> tuple[ArtefactSpec, ...]:
        own = {"epochs": self.hint_epochs, "min_steps": 0} if self.hint_epochs else {}
        train = run.train.model_copy(update={"lr": self.hint_lr or run.train.lr} | own)
        options = Hint(pairs=self.pairs).effective()
        return (few_shot_phase(run, "hint", "hint stage", options, run.target, train),)
