"""What stands in a report beside its comparison tables: per-class accuracies, costs, further tests, provenance.

A section brings its numbers twice: as tables of texts, which every format draws in the same way, and as plain values,
which JSON writes. A module of `l2t.report.sections` makes one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Grid:
    """One table of texts, and the sentences under it. Without rows only the sentences are shown."""

    title: str
    """Line above it, with units; empty where the section's title says all."""
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As many texts each as there are headings."""
    left: frozenset[int] = frozenset({0})
    """Columns that are words: aligned left. All others are numbers."""
    bold: frozenset[tuple[int, int]] = frozenset()
    """Places (row, column) that stand out."""
    sentences: tuple[str, ...] = ()
    """What a reader must know, in full sentences."""


@dataclass(frozen=True)
class Section:
    """A part of a report with a name of its own."""

    name: str
    """Its key in JSON ("per_class")."""
    title: str
    """Its heading ("Accuracy of each class")."""
    grids: Sequence[Grid]
    data: Any
    """The same numbers as JSON values: dicts, lists, numbers, texts, None."""
