"""kd: cross-entropy and a teacher's softened outputs."""

import torch
from torch import Tensor
from torch.nn import functional

from l2t.bilevel import Params
from l2t.methods.kd.config import Config
from l2t.methods.method import Batch, Method, Setup, cross_entropy, full_precision, hits
from l2t.models.build import build


class Kd(Method):
    """L = α T² KL(softmax(t/T) ‖ softmax(s/T)) + (1 − α) CE, with the teacher's logits t and the target's s; KL is the
    mean over the batch (METHODS.md, kd). The teacher is frozen, in eval mode.

    Oracle: the formula in plain softmaxes, float64 (tests/numerics/test_kd.py).
    """

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        assert setup.source_info is not None
        super().__init__(setup)
        self.config = config
        weights = setup.artefacts["teacher"]
        teacher = build(setup.source_info, len(weights["classifier.bias"]), torch.Generator())
        self.teacher = teacher.to(next(iter(self.theta.values()))).eval().requires_grad_(False)
        self.teacher.load_state_dict(weights)

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        with torch.no_grad():
            taught, _ = self.teacher(batch.images)

        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, _ = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            matching = softened(taught, logits, self.config.temperature)
            loss = self.config.alpha * matching + (1 - self.config.alpha) * ce
            return loss, {"ce": ce, "matching": matching, "hits": hits(logits, batch.labels)}

        return self.descend(lr, losses)


def softened(taught: Tensor, logits: Tensor, temperature: float) -> Tensor:
    """T² KL(softmax(taught/T) ‖ softmax(logits/T)), the mean over the batch; both [batch, classes]."""
    student = functional.log_softmax(full_precision(logits) / temperature, 1)
    teacher = functional.log_softmax(full_precision(taught) / temperature, 1)
    return temperature**2 * functional.kl_div(student, teacher, reduction="batchmean", log_target=True)
