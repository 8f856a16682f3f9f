"""Dots finer than a terminal's cells: braille, 2×4 a cell, or in ASCII one of . ' : in 1×2.

A shape is one bit mask for each column of dots, lowest dot first; a cell's character is looked up from a few bits of
each of its columns. All costs go with the columns, none with the number of points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LEFT = (0x40, 0x04, 0x02, 0x01)
_RIGHT = (0x80, 0x20, 0x10, 0x08)


def _braille(left: int, right: int) -> str:
    code = sum(bit for level, bit in enumerate(_LEFT) if left >> level & 1)
    return chr(0x2800 + code + sum(bit for level, bit in enumerate(_RIGHT) if right >> level & 1))


@dataclass(frozen=True)
class Dots:
    """How a cell is divided. wide, high: dots a cell; characters: cell by the bits of its columns, the left one's above
    the right one's."""

    wide: int
    high: int
    characters: str

    def row(self, masks: Sequence[int], row: int) -> list[str]:
        """The characters of one row of cells, row 0 lowest, of a shape whose columns are `masks`. An empty cell is a
        space."""
        shift, cut, characters = row * self.high, (1 << self.high) - 1, self.characters
        if self.wide == 1:
            return [characters[mask >> shift & cut] for mask in masks]
        return [
            characters[(left >> shift & cut) << self.high | right >> shift & cut]
            for left, right in zip(masks[::2], masks[1::2], strict=True)
        ]


BRAILLE = Dots(2, 4, " " + "".join(_braille(bits >> 4, bits & 15) for bits in range(1, 256)))
ASCII = Dots(1, 2, " .':")


def span(low: int, high: int) -> int:
    """The mask of the dots from low to high, both set."""
    return (1 << high + 1) - (1 << low)


def line(points: Iterable[tuple[int, int]], columns: int, height: int) -> list[int]:
    """The shape of a line through points (column, dot), columns ascending; what is outside is cut off."""
    masks = [0] * columns
    top = height - 1

    def mark(column: int, a: int, b: int) -> None:
        low, high = (a, b) if a < b else (b, a)
        if 0 <= column < columns and high >= 0 and low <= top:
            masks[column] |= span(max(low, 0), min(high, top))

    before: tuple[int, int] | None = None
    for x, y in points:
        if before is None:
            mark(x, y, y)
        elif x == before[0]:
            mark(x, before[1], y)
        else:
            x0, y0 = before
            width, rise = x - x0, y - y0
            first = max(x0, -1)
            last = y0 + rise * (first - x0) // width
            for column in range(first + 1, min(x, columns) + 1):
                now = y0 + (2 * rise * (column - x0) + width) // (2 * width)
                step = (now > last) - (now < last)
                middle = last + step * (abs(now - last) // 2)
                mark(column - 1, last, middle)  # half of a step belongs to the column before it
                mark(column, middle + step, now)
                last = now
        before = x, y
    return masks


def between(lows: Iterable[tuple[int, int]], highs: Iterable[tuple[int, int]], columns: int, height: int) -> list[int]:
    """A sparse shading of what lies between two lines of equal columns."""
    below, above = line(lows, columns, height), line(highs, columns, height)
    shades = [sum(1 << dot for dot in range(height) if (dot + 2 * phase) % 4 == 0) for phase in range(2)]
    masks = []
    for column, (a, b) in enumerate(zip(below, above, strict=True)):
        area = span((a & -a).bit_length() - 1, b.bit_length() - 1) if a and b else 0
        masks.append(area & shades[column % 2])
    return masks
