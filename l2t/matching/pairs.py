"""Which source layer is matched with which target layer. Torch-free."""

from dataclasses import dataclass
from itertools import product
from typing import Literal

from l2t.models.base import ModelInfo

Form = Literal["all", "one-to-one", "single"]


@dataclass(frozen=True, order=True)
class Pair:
    """A source tap and a target tap, by their indices. `str(pair)` is its name: "14-2"."""

    source: int
    target: int

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


def choose(form: Form, source: ModelInfo, target: ModelInfo) -> tuple[Pair, ...]:
    """The pairs of a form, in the order (source, target).

    all: every stage end of the source with every one of the target (ResNet-32 → VGG-9: 15, thesis 5.2); one-to-one:
    first with first and so on (4-0, 9-1, 14-2); single: the last of those (14-2).
    """
    if form == "all":
        return tuple(Pair(*ends) for ends in product(source.stages, target.stages))
    matched = tuple(Pair(*ends) for ends in zip(source.stages, target.stages, strict=False))
    return matched if form == "one-to-one" else matched[-1:]
