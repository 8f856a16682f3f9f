"""Options of learning without forgetting."""

from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from l2t.methods.base import MethodConfig


class Config(MethodConfig):
    """Cross-entropy, and a second head that answers the source's question as the source does."""

    summary: ClassVar[str] = "keep answering the source's own question, with a second head, as the source does"
    paper: ClassVar[str] = "Li, Hoiem: Learning without Forgetting, ECCV 2016"
    loss: ClassVar[str] = """
L = CE + weight · (−Σ_k p_k log q_k),  p = softmax(s/T), q = softmax(o/T)

s: the frozen source's outputs for the same images; o: those of a second head beside the target's classifier.
"""
    implementation: ClassVar[str] = "l2t.methods.lwf.method:Lwf"

    weight: Annotated[float, Ge(0)] = 1.0
    """Weight of the soft cross-entropy against the labels'. Paper and code (λ_o): 1."""
    temperature: Annotated[float, Gt(0)] = 2.0
    """T, by which logits of source and second head are divided before the softmax. Paper and code: 2."""
    t_squared: bool = False
    """Multiply the soft cross-entropy by T², so that its gradient keeps its size when T changes, as distillation often
    does; the code does not."""
