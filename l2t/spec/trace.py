"""The notation of a traced number: `features.0.weight[4,2,2,0]` or, of the probe's mean, `gamma[14-2,5,0,1]`."""

import re
from dataclasses import dataclass

from l2t.errors import UsageError

_ELEMENT = re.compile(r"(?P<name>[A-Za-z][\w.]*)\[(?:(?P<pair>\d+-\d+),?)?(?P<index>\d+(?:,\d+)*)?\]")


@dataclass(frozen=True)
class Element:
    """name: a weight of the target network, or lambda, w, gamma of a pair ("14-2"); index: within the tensor."""

    name: str
    pair: str | None
    index: tuple[int, ...]


def parse(text: str) -> Element:
    """Read one `--trace` value. Raises UsageError where it is none."""
    match = _ELEMENT.fullmatch(text.replace(" ", ""))
    if match is None or (match["pair"] is None and match["index"] is None):
        raise UsageError(f"no trace can be made of {text!r}: write features.0.weight[4,2,2,0] or gamma[14-2,5,0,1]")
    index = tuple(int(number) for number in (match["index"] or "").split(",") if number)
    return Element(match["name"], match["pair"], index)
