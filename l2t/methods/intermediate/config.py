"""Options of intermediate."""

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt

from l2t.errors import DataError, UsageError
from l2t.methods.finetune.config import Config as FinetuneConfig
from l2t.methods.phases import PhaseData, whole_set_phase
from l2t.spec.artefact import ArtefactSpec
from l2t.spec.run import RunSpec

THROUGH = {"cifar100": "cifar10"}
"""Intermediate data set of a target data set; of all others it is CIFAR-100."""


class Config(FinetuneConfig):
    """Finetuning twice: on a whole intermediate data set, then on the subset, with a new classifier each time.

    The intermediate network is trained once and shared by all seeds, which hides its variance.
    """

    summary: ClassVar[str] = "finetune the source network on an intermediate data set first, then on the target's"
    paper: ClassVar[str] = "Phang, Févry, Bowman: Sentence Encoders on STILTs, 2018; Pruksachatkun et al., ACL 2020"
    loss: ClassVar[str] = """
L = CE on the intermediate data set, then L = CE on the target's, from the source's weights

The target is the source network; it gets a new classifier, optimiser and schedule for each of the two.
"""
    implementation: ClassVar[str] = "l2t.methods.intermediate.method:Intermediate"
    makes: ClassVar[tuple[str, ...]] = ("intermediate",)

    backbone: Literal["tuned", "slow", "frozen"] = "tuned"
    """All but the classifier: tuned as the classifier is, or slow (a tenth of its learning rate), on both data sets;
    frozen: tuned on the intermediate data set, whose classifier is left behind, then frozen."""
    through: str = "auto"
    """The intermediate data set, whose whole training set is used; auto: CIFAR-100, for CIFAR-100 itself CIFAR-10."""
    through_epochs: Annotated[int, Ge(1)] = 30
    """Epochs on the intermediate data set."""
    through_lr: Annotated[float, Gt(0)] = 0.01
    """Learning rate at the start of the cosine on the intermediate data set."""

    def phases(self, run: RunSpec, data: PhaseData) -> tuple[ArtefactSpec, ...]:
        name = THROUGH.get(run.dataset, "cifar100") if self.through == "auto" else self.through
        try:
            images = data.images(name)
        except DataError as error:
            raise DataError(
                f"{error}. intermediate trains on {name} first: --set method.through=glyphs takes other images"
            ) from error
        if images.dataset == run.dataset or images.checksum == run.checksum:
            raise UsageError(f"intermediate goes through another data set than its target: method.through={name}")
        backbone = "tuned" if self.backbone == "frozen" else self.backbone
        options = FinetuneConfig(backbone=backbone).effective()
        train = {"epochs": self.through_epochs, "lr": self.through_lr}
        return (whole_set_phase(run, "intermediate", "intermediate network", options, run.target, images, train),)
