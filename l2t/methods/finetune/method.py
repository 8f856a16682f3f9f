"""finetune: SGD on the cross-entropy, from the source's weights."""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor

from l2t.bilevel import SGD
from l2t.methods.finetune.config import Config
from l2t.methods.method import Setup
from l2t.methods.scratch.method import Scratch
from l2t.models.layers import start_as_torch

SLOW = 0.1
"""Learning rate of a slow backbone over the classifier's."""
HEAD = "target.classifier."


class Finetune(Scratch):
    """L = CE; every weight but the classifier's starts as the source's (METHODS.md, finetune).

    The classifier starts as PyTorch's default, from the stream "target". A frozen backbone is in eval mode, so its
    running statistics stay too. Oracle: torch.optim.SGD, with a group for the backbone, on torch's own layers
    (tests/numerics/test_finetune.py).
    """

    def __init__(self, setup: Setup) -> None:
        config = setup.config
        assert isinstance(config, Config)
        self.backbone = config.backbone
        from_weights(setup, self.start(setup))
        if self.backbone == "frozen":
            setup.target.requires_grad_(False)
            setup.target.classifier.requires_grad_(True)
        super().__init__(setup)

    def start(self, setup: Setup) -> Mapping[str, Tensor]:
        """Weights of a network of the target's architecture to begin from."""
        assert setup.source is not None
        return setup.source.state_dict()

    def to_train(self) -> None:
        self.learner.train(self.backbone != "frozen")

    def groups(self, lr: float) -> Sequence[tuple[SGD, Iterable[str]]]:
        if self.backbone != "slow":
            return super().groups(lr)
        head = [name for name in self.theta if name.startswith(HEAD)]
        body = [name for name in self.theta if not name.startswith(HEAD)]
        return [(self.sgd(lr), head), (self.sgd(SLOW * lr), body)]


def from_weights(setup: Setup, weights: Mapping[str, Tensor]) -> None:
    """Let the target begin from these weights of its architecture, but for the classifier, which starts as PyTorch's
    default from the stream "target"."""
    body = {name: value for name, value in weights.items() if not name.startswith("classifier.")}
    setup.target.load_state_dict(setup.target.state_dict() | body)
    start_as_torch(setup.target.classifier, setup.streams.generator("target", "head"))
