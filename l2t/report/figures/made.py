"""What a figure is before it is drawn, and what a module that makes one is given."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from l2t.report.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Columns = Literal[1, 2]
"""Columns of a paper that a figure is as wide as."""

WIDTHS: dict[Columns, float] = {1: 3.4, 2: 7.0}
"""Inches."""


@dataclass(frozen=True)
class Wanted:
    """What figures are made from. They are about the runs behind the report's entries: finished, with a value."""

    home: Path
    report: Report
    columns: Columns = 1
    progress: Callable[[str], None] = lambda text: None
    """Told what is being read, where that may take long."""

    @property
    def width(self) -> float:
        """Inches."""
        return WIDTHS[self.columns]


@dataclass(frozen=True)
class Made:
    """A figure whose data are read."""

    figure: str
    """Its name in the registry ("shots")."""
    name: str
    """Of its file, without ending: fixed words and a slug, unique among the figures of one call."""
    title: str
    """What it shows, in a few words."""
    caption: str
    """What a reader must know: sentences, with n and what an interval is."""
    runs: tuple[str, ...]
    """Ids of the runs behind it."""
    size: tuple[float, float]
    """Width and height, inches."""
    draw: Callable[["Figure"], None]
    """Draws it into an empty figure of that size, in the style of `l2t.report.figures.style`."""


@dataclass(frozen=True)
class Skipped:
    """A figure, or a part of one, that cannot be made."""

    figure: str
    where: str
    """Which table or tables; empty where it is all."""
    reason: str
    """Why, and what would give it: a sentence without full stop."""


def slug(*parts: object) -> str:
    """A part of a file name: lower-case letters, digits and single hyphens only, 60 characters at most."""
    text = unicodedata.normalize("NFKD", " ".join(map(str, parts))).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text)[:60].strip("-") or "x"


def counted(numbers: Sequence[int]) -> str:
    """ "n = 10", "n = 2 to 10"."""
    low, high = min(numbers), max(numbers)
    return f"n = {low}" if low == high else f"n = {low} to {high}"
