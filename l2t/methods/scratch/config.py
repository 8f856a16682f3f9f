"""Options of scratch: none."""

from typing import ClassVar

from l2t.methods.base import MethodConfig


class Config(MethodConfig):
    """Cross-entropy only."""

    summary: ClassVar[str] = "train the target network from random weights, without a source"
    paper: ClassVar[str] = "baseline of the thesis, section 5"
    loss: ClassVar[str] = """
L = CE

CE: cross-entropy of the target's outputs with the labels, the mean over the batch.
"""
    implementation: ClassVar[str] = "l2t.methods.scratch.method:Scratch"
    needs_source: ClassVar[bool] = False
