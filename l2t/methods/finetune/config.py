"""Options of finetune."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from l2t.methods.base import MethodConfig


class Config(MethodConfig):
    """Cross-entropy, from the source's weights with a new classifier."""

    summary: ClassVar[str] = "train the source network itself on, with a new classifier"
    paper: ClassVar[str] = "Sharif Razavian, Azizpour, Sullivan, Carlsson: CNN Features off-the-shelf, CVPRW 2014"
    loss: ClassVar[str] = """
L = CE, from the source's weights

The target is the source network with a new classifier; CE is its cross-entropy with the labels.
"""
    implementation: ClassVar[str] = "l2t.methods.finetune.method:Finetune"
    same_architecture: ClassVar[bool] = True
    train: ClassVar[Mapping[str, Any]] = {"lr": 0.01}

    backbone: Literal["tuned", "slow", "frozen"] = "tuned"
    """All but the classifier: tuned as the classifier is, slow (a tenth of its learning rate), or frozen features."""
