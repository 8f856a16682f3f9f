"""The scale from numbers to colours or shades that heat maps, position maps and overlays share. No Textual."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rich.color import Color
from rich.style import Style

RGB = tuple[int, int, int]

_STOPS: tuple[RGB, ...] = (
    (68, 1, 84), (72, 40, 120), (62, 73, 137), (49, 104, 142), (38, 130, 142),
    (31, 158, 137), (53, 183, 121), (110, 206, 88), (181, 222, 43), (253, 231, 37),
)  # fmt: skip
"""viridis: even in lightness, and the same to colour-blind eyes."""


class Ink(StrEnum):
    """What a widget may draw with."""

    COLOUR = "colour"
    SHADES = "shades"
    """Blocks and shades, without colour."""
    ASCII = "ascii"


SHADES = {Ink.COLOUR: " ░▒▓█", Ink.SHADES: " ░▒▓█", Ink.ASCII: " .:*#"}
"""Characters from the lowest to the highest."""


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high`, of which what lies outside is drawn as its end."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None], low: float | None = None, high: float | None = None) -> "Scale":
        """From the least to the greatest of the finite values, where no end is given."""
        finite = [value for value in values if value is not None and math.isfinite(value)]
        return cls(min(finite, default=0.0) if low is None else low, max(finite, default=1.0) if high is None else high)

    def part(self, value: float | None) -> float | None:
        """Where a value lies, 0 … 1; 0.5 where the ends are equal; None for what is no number."""
        if value is None or math.isnan(value):
            return None
        if not self.high > self.low:
            return 0.5
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


@lru_cache(1024)
def rgb(part: float) -> RGB:
    """Colour of 0 … 1."""
    place = part * (len(_STOPS) - 1)
    at = min(int(place), len(_STOPS) - 2)
    return blend(_STOPS[at], _STOPS[at + 1], place - at)


def blend(first: RGB, second: RGB, share: float) -> RGB:
    """The mixture with this share of the second colour."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def shade(part: float, ink: Ink) -> str:
    """Character of 0 … 1."""
    characters = SHADES[ink]
    return characters[min(int(part * len(characters)), len(characters) - 1)]


@lru_cache(8192)
def paint(foreground: RGB | None, background: RGB | None = None) -> Style:
    """Style of two colours; None leaves one as it is."""
    return Style(
        color=None if foreground is None else Color.from_rgb(*foreground),
        bgcolor=None if background is None else Color.from_rgb(*background),
    )


def on(background: RGB) -> RGB:
    """Black or white, whichever is read better on a colour."""
    return (0, 0, 0) if luminance(background) > 0.45 else (255, 255, 255)


def luminance(colour: RGB) -> float:
    """Lightness of a colour, 0 … 1."""
    red, green, blue = colour
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
