"""The notation of a traced number: `features.0.weight[4,2,2,0]` or, of the probe's mean, `gamma[14-2,5,0,1]`."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from l2t.errors import UsageError

_ELEMENT = re.compile(r"(?P<name>[A-Za-z][\w.]*)\[(?:(?P<pair>\d+-\d+),?)?(?P<index>\d+(?:,\d+)*)?\]")


META = ("lambda", "w", "gamma")
"""What is named with a pair of layers: layer weights λ, channel weights w, position weights γ."""


@dataclass(frozen=True)
class Element:
    """name: a weight of the target network, or lambda, w, gamma of a pair ("14-2"); index: within the tensor."""

    name: str
    pair: str | None
    index: tuple[int, ...]

    @property
    def tensor(self) -> str:
        """What the index is into: `features.0.weight` or `gamma[14-2]`."""
        return self.name if self.pair is None else f"{self.name}[{self.pair}]"


def parse(text: str) -> Element:
    """Read one `--trace` value. Raises UsageError where it is none."""
    match = _ELEMENT.fullmatch(text.replace(" ", ""))
    if match is None or (match["pair"] is None and match["index"] is None):
        raise UsageError(f"no trace can be made of {text!r}: write features.0.weight[4,2,2,0] or gamma[14-2,5,0,1]")
    if match["pair"] is not None and match["name"] not in META:
        raise UsageError(f"no trace can be made of {text!r}: only {', '.join(META)} belong to a pair of layers")
    index = tuple(int(number) for number in (match["index"] or "").split(",") if number)
    return Element(match["name"], match["pair"], index)


Shapes = Mapping[str, Sequence[int]]


def applying(texts: Sequence[str], target: str, weights: Shapes, method: str, meta: Shapes) -> tuple[str, ...]:
    """The traces that a run records; UsageError for what it does not have: a weight, a pair or an index.

    weights: shapes of the target network's weights; meta: of the method's λ, w and γ, by name ("gamma[14-2]"). A kind
    of meta-weights that the method lacks is passed over, since one request traces several methods.
    """
    found = []
    for text in texts:
        element = parse(text)
        if element.pair is None:
            owner, known = target, weights
        else:
            owner = method
            known = {name: shape for name, shape in meta.items() if name.startswith(f"{element.name}[")}
            if not known:
                continue
        if element.tensor not in known:
            [near] = difflib.get_close_matches(element.tensor, list(known), n=1, cutoff=0.0)
            raise UsageError(f"{text} cannot be traced: {owner} has no {element.tensor}. Did you mean {near}?")
        shape = tuple(known[element.tensor])
        if len(element.index) != len(shape) or any(i >= n for i, n in zip(element.index, shape, strict=True)):
            size = " × ".join(map(str, shape)) or "a single number"
            raise UsageError(f"{text} is outside of {element.tensor} of {owner}, which is {size}")
        found.append(text)
    return tuple(found)
