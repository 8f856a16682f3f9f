"""The products of methods, data sets and shots that a request asks for."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from l2t.spec.recipe import SweepTable
from l2t.spec.request import SweepRequest

AXES = ("methods", "datasets", "shots")
Axes = tuple[tuple[Any, ...], ...]
"""Values of `AXES`, in this order."""


@dataclass(frozen=True)
class Block:
    """A product of methods, data sets and shots, and the table that holds its settings."""

    axes: Axes
    table: SweepTable

    @property
    def methods(self) -> tuple[str, ...]:
        return self.axes[0]

    def columns(self) -> Iterator[tuple[str, int]]:
        """Its pairs of data set and shots."""
        return itertools.product(*self.axes[1:])

    def keeping(self, given: Axes) -> "Block":
        """The part of it that has the given values; an axis for which none is given is kept whole."""
        axes = (
            tuple(value for value in axis if value in wanted or not wanted)
            for axis, wanted in zip(self.axes, given, strict=True)
        )
        return Block(tuple(axes), self.table)


def choose_blocks(request: SweepRequest) -> list[Block]:
    """The products of the request, each with at least one cell (see SweepRequest); none where an axis is unknown."""
    given: Axes = (request.methods, request.datasets, request.shots)
    tables = request.recipe.sweep or (SweepTable(),)
    common: list[tuple[Any, ...]] = []
    for axis, wanted in zip(AXES, given, strict=True):
        values = getattr(request.recipe, axis)
        replaced = not set(wanted) <= set(values) and not any(getattr(table, axis) for table in tables)
        common.append(wanted if replaced else values)
    known = [_block(table, common) for table in tables]
    chosen = [part for part in (block.keeping(given) for block in known) if all(part.axes)]
    if all(set(wanted) <= set(found) for wanted, found in zip(given, _union(chosen), strict=True)):
        return chosen
    near = [block for block in known if any(set(a) & set(w) for a, w in zip(block.axes, given, strict=True))]
    axes = tuple(w or found for w, found in zip(given, _union(chosen or near or known), strict=True))
    return [Block(axes, SweepTable())] if all(axes) else []


def _block(table: SweepTable, common: Sequence[tuple[Any, ...]]) -> Block:
    axes = tuple(getattr(table, axis) or values for axis, values in zip(AXES, common, strict=True))
    return Block(axes, table)


def _union(blocks: Sequence[Block]) -> Axes:
    """All values of each axis of the blocks, in order, each once."""
    return tuple(tuple(dict.fromkeys(v for block in blocks for v in block.axes[number])) for number in range(3))
