"""Meta-weights of one epoch and the probe that they were observed on: plain numbers, no numpy, no torch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from l2t.spec.trace import META
from l2t.store.arrays import Archive, Array
from l2t.store.plain import RefusedError

MOST_IMAGES = 64
"""Images of a probe above which it is none of ours; so with what follows."""
LARGEST_SIDE = 512
"""Pixels of an image's side."""
MOST_PAIRS = 400
"""Pairs of layers."""
MOST_CHANNELS = 4096
"""Channels of a pair."""
GRID = 9
"""Numbers of one channel's position weights."""

_NAME = re.compile(r"(lambda|w|gamma)\[(\d{1,4}-\d{1,4})\]", re.ASCII)

Grid = tuple[tuple[float, ...], ...]
"""3×3 position weights of a channel."""


@dataclass(frozen=True)
class Image:
    """An image of the probe."""

    width: int
    height: int
    rgb: bytes
    """Red, green, blue of each pixel, row by row."""
    label: int


@dataclass(frozen=True)
class Matrix:
    """Layer weights λ."""

    sources: tuple[int, ...]
    """Source layers, one a row."""
    targets: tuple[int, ...]
    """Target layers, one a column."""
    values: tuple[tuple[float | None, ...], ...]
    """None where the method has no such pair."""


@dataclass(frozen=True)
class Layout:
    """Where the weights of each pair lie in the arrays: kind → pair → first row and number of rows."""

    places: Mapping[str, Mapping[str, tuple[int, int]]]

    def rows(self, kind: str) -> int:
        """Rows of a kind's whole array."""
        return sum(rows for _, rows in self.places.get(kind, {}).values())


@dataclass(frozen=True)
class Weights:
    """Meta-weights of one epoch: the probe's mean, or of one of its images."""

    layout: Layout
    arrays: Mapping[str, Array]
    """By kind."""
    image: int = 0
    """Which of those that the arrays hold."""

    def layer_weights(self) -> Matrix | None:
        """λ of each pair; None where the method has no layer weights."""
        places = self.layout.places.get("lambda")
        if not places:
            return None
        values = {pair: self.numbers("lambda", pair)[0] for pair in places}
        ends = [tuple(map(int, pair.split("-"))) for pair in places]
        sources, targets = (tuple(sorted({end[side] for end in ends})) for side in (0, 1))
        rows = tuple(tuple(values.get(f"{source}-{target}") for target in targets) for source in sources)
        return Matrix(sources, targets, rows)

    def channel_weights(self, pair: str) -> tuple[float, ...] | None:
        """w of each source channel of a pair; None where there are none."""
        return self.numbers("w", pair) or None

    def position_weights(self, pair: str) -> tuple[Grid, ...] | None:
        """γ [channels, 3, 3] of a pair; None where there are none."""
        numbers = self.numbers("gamma", pair)
        return (
            tuple(tuple(numbers[at + row : at + row + 3] for row in (0, 3, 6)) for at in range(0, len(numbers), GRID))
            or None
        )

    def number(self, kind: str, pair: str, index: int) -> float:
        """One number: of λ index 0, of w a channel, of γ nine times the channel plus the position."""
        return self.numbers(kind, pair)[index]

    def numbers(self, kind: str, pair: str) -> tuple[float, ...]:
        """All numbers of a kind and pair, flat: one of λ, one a channel of w, nine a channel of γ; or none."""
        first, rows = self.layout.places.get(kind, {}).get(pair, (0, 0))
        if not rows:
            return ()
        size = GRID if kind == "gamma" else 1
        return self.arrays[kind].numbers((self.image * self.layout.rows(kind) + first) * size, rows * size)


def layout_of(start: Archive) -> Layout:
    """From the archive of a run's start; RefusedError where it tells none that can be ours."""
    names, rows = start.read("names").texts(), start.read("rows")
    if rows.dtype != "<i8" or rows.shape != (len(names),):
        raise RefusedError("names and rows do not fit")
    places: dict[str, dict[str, tuple[int, int]]] = {}
    ends = dict.fromkeys(META, 0)
    for name, count in zip(names, rows.numbers(0, len(names)), strict=True):
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        kind, pair = match.groups()
        if not 1 <= count <= MOST_CHANNELS or pair in places.get(kind, {}) or (kind == "lambda" and count != 1):
            raise RefusedError("names and rows do not fit")
        places.setdefault(kind, {})[pair] = (ends[kind], int(count))
        ends[kind] += int(count)
    if not places or max(map(len, places.values())) > MOST_PAIRS:
        raise RefusedError("no λ, w or γ" if not places else "too many pairs of layers")
    return Layout(places)


def probe_of(start: Archive) -> tuple[Image, ...]:
    """From the archive of a run's start; RefusedError where it has none that can be ours."""
    images, labels = start.read("probe/images"), start.read("probe/labels")
    count, *shape = images.shape or (0,)
    if images.dtype != "|u1" or labels.dtype != "<i8" or labels.shape != (count,):
        raise RefusedError("no probe")
    if len(shape) != 3 or shape[0] != 3 or not 1 <= count <= MOST_IMAGES:
        raise RefusedError("no probe")
    _, height, width = shape
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise RefusedError("no probe")
    found = []
    for number, label in enumerate(labels.numbers(0, count)):
        rgb = bytearray(3 * height * width)
        for colour in range(3):
            at = (3 * number + colour) * height * width
            rgb[colour::3] = images.data[at : at + height * width]
        found.append(Image(width, height, bytes(rgb), int(label)))
    return tuple(found)
