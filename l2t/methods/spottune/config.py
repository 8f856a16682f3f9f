"""Options of spottune."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt

from l2t.errors import UsageError
from l2t.methods.base import MethodConfig
from l2t.models.base import ModelInfo
from l2t.models.resnet.config import ResnetInfo


class Config(MethodConfig):
    """Cross-entropy; a small network decides, for each image and residual block, between a frozen and a tuned one.

    The trained network holds both, and the policy: about twice the source's parameters.
    """

    summary: ClassVar[str] = "decide for each image which residual blocks are the source's and which are finetuned"
    paper: ClassVar[str] = "Guo, Shi, Kumar, Grauman, Rosing, Feris: SpotTune, CVPR 2019"
    loss: ClassVar[str] = """
L = CE, with blocks x ← a · tuned(x) + (1 − a) · frozen(x)

tuned, frozen: two copies of a residual block, both from the source's weights. a, of an image and a block, is 0 or 1:
Gumbel-softmax of a policy network's two outputs, straight through (its gradient is the softmax's at temperature τ).
The source is a CIFAR ResNet.
"""
    implementation: ClassVar[str] = "l2t.methods.spottune.method:Spottune"
    same_architecture: ClassVar[bool] = True
    train: ClassVar[Mapping[str, Any]] = {"lr": 0.01}

    temperature: Annotated[float, Gt(0)] = 5.0
    """τ of the Gumbel-softmax, constant. Paper and code: 5."""
    policy_lr: Annotated[float, Gt(0)] = 0.01
    """Learning rate at the start of the policy network's cosine. Code: 0.01, in steps."""
    policy_weight_decay: Annotated[float, Ge(0)] = 1e-3
    """L2 decay of the policy network. Code: 1e-3."""
    frozen_statistics: Literal["kept", "moving"] = "kept"
    """Running statistics of the frozen blocks' batch norm: kept as the source's, or moving with the batches, whose own
    statistics they then normalise with, as in the code (which trains these batch norms' weights, too)."""
    at_test: Literal["argmax", "sample"] = "argmax"
    """argmax: the likelier copy of each block; sample: drawn as in training, as the code does."""

    def check(self, source: ModelInfo, target: ModelInfo) -> None:
        if not isinstance(source, ResnetInfo):
            raise UsageError(
                f"spottune chooses between copies of residual blocks, and takes CIFAR ResNets only; {source.title} is "
                "none. Take another source (l2t source list)"
            )
