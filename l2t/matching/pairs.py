"""Which source layer is matched with which target layer. Torch-free."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated

from annotated_types import DocInfo
from pydantic import BeforeValidator

from l2t.errors import UsageError
from l2t.models.base import ModelInfo


def _normal(value: object) -> str:
    """A form as it is; a list with its pairs in order, each once. ValueError for what is neither."""
    text = value if isinstance(value, str) else ""
    if text in ("all", "one-to-one", "single"):
        return text
    if not re.fullmatch(r"[0-9]{1,3}-[0-9]{1,3}(\+[0-9]{1,3}-[0-9]{1,3})*", text):
        raise ValueError("input should be all, one-to-one, single, or pairs of stage ends such as 2-0+2-1")
    return "+".join(f"{source}-{target}" for source, target in _listed(text))


def _listed(text: str) -> Sequence[tuple[int, int]]:
    pairs = (pair.split("-") for pair in text.split("+"))
    return sorted({(int(source), int(target)) for source, target in pairs})


Pairs = Annotated[str, BeforeValidator(_normal), DocInfo("all | one-to-one | single | 2-0+2-1")]
"""A form by its name, or a list of pairs that count stage ends from 0, the source's first."""


@dataclass(frozen=True, order=True)
class Pair:
    """A source tap and a target tap, by their indices. `str(pair)` is its name: "14-2"."""

    source: int
    target: int

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


def choose(pairs: Pairs, source: ModelInfo, target: ModelInfo) -> tuple[Pair, ...]:
    """The pairs of two networks, in the order (source, target).

    all: every stage end of the source with every one of the target (ResNet-32 → VGG-9: 15, thesis 5.2); one-to-one:
    first with first and so on (4-0, 9-1, 14-2); single: the last of those (14-2). A list counts stage ends: 2-0 of the
    same networks is 14-0. UsageError where a network has no such stage end.
    """
    if pairs == "all":
        return tuple(Pair(*ends) for ends in product(source.stages, target.stages))
    if pairs in ("one-to-one", "single"):
        matched = tuple(Pair(*ends) for ends in zip(source.stages, target.stages, strict=False))
        return matched if pairs == "one-to-one" else matched[-1:]
    listed = _listed(pairs)
    for first, second in listed:
        if first >= len(source.stages) or second >= len(target.stages):
            raise UsageError(
                f"there is no pair {first}-{second}: pairs count stage ends, the source's first. "
                f"{_counted(source)} as source, {_counted(target)} as target"
            )
    return tuple(Pair(source.stages[first], target.stages[second]) for first, second in listed)


def _counted(model: ModelInfo) -> str:
    last = len(model.stages) - 1
    return f"{model.title} has {last + 1} (0 to {last})" if last else f"{model.title} has one (0)"
