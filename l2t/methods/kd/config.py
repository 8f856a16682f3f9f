"""Options of kd."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le

from l2t.methods.base import MethodConfig
from l2t.methods.finetune.config import Config as FinetuneConfig
from l2t.methods.phases import PhaseData, few_shot_phase
from l2t.spec.artefact import ArtefactSpec
from l2t.spec.run import RunSpec


class Config(MethodConfig):
    """Cross-entropy and the softened outputs of a teacher: the source, finetuned on the same subset."""

    summary: ClassVar[str] = "imitate the softened outputs of a teacher, the source finetuned on the same images"
    paper: ClassVar[str] = "Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, 2015"
    loss: ClassVar[str] = """
L = α T² KL(softmax(t/T) ‖ softmax(s/T)) + (1 − α) CE

t, s: outputs of the teacher and of the target; KL: the mean over the batch. The teacher is the source, finetuned on the
same images, then frozen. At the protocol's learning rate of 0.1 a VGG-9 does not leave chance (docs/LOG.md).
"""
    implementation: ClassVar[str] = "l2t.methods.kd.method:Kd"
    makes: ClassVar[tuple[str, ...]] = ("teacher",)
    train: ClassVar[Mapping[str, Any]] = {"lr": 0.01}

    temperature: Annotated[float, Gt(0)] = 4.0
    """T, by which logits are divided before the softmax."""
    alpha: Annotated[float, Ge(0), Le(1)] = 0.9
    """Weight of the teacher's part, T² KL(teacher‖student); cross-entropy has 1 − alpha."""
    teacher_lr: Annotated[float, Gt(0)] = 0.01
    """Learning rate at the start of the teacher's cosine, as finetune's."""

    def phases(self, run: RunSpec, data: PhaseData) -> tuple[ArtefactSpec, ...]:
        assert run.source is not None
        train = run.train.model_copy(update={"lr": self.teacher_lr})
        return (few_shot_phase(run, "teacher", "teacher", FinetuneConfig().effective(), run.source.model, train),)
