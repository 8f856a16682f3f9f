"""scratch: SGD on the cross-entropy."""

from torch import Tensor

from l2t.bilevel import Params
from l2t.methods.method import Batch, Method, cross_entropy, hits


class Scratch(Method):
    """L = CE. Oracle: torch.optim.SGD on torch's own layers (tests/numerics/test_methods.py)."""

    def step(self, batch: Batch, lr: float) -> dict[str, Tensor]:
        def losses(theta: Params) -> tuple[Tensor, dict[str, Tensor]]:
            logits, _ = self.forward(theta, batch.images)
            ce = cross_entropy(logits, batch.labels)
            return ce, {"ce": ce, "hits": hits(logits, batch.labels)}

        return self.descend(lr, losses)
