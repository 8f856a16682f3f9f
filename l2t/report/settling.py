"""When traced values settle: the epoch from which on a value stays within 5 % of its range of its end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import TYPE_CHECKING

from l2t.stats import Summary, summarize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARE = 0.05
"""Of a value's range (greatest minus least over the training): how far from its end it may still be."""


def settled(course: Mapping[int, float], step: float = 0.0) -> int | None:
    """The first epoch of `course` (value by epoch, rising) from which on every value is within SHARE of the range of
    the last.

    step: distance of two numbers that the values were rounded to. None where there is nothing to settle: fewer than
    three epochs, a value that is not finite, no movement, or SHARE of the range is less than two steps, so that
    rounding would decide.
    Oracle: trying each epoch from the first on (tests/unit/report/test_figures_settling.py).
    """
    values = list(course.values())
    if len(values) < 3 or not all(map(isfinite, values)):
        return None
    allowed = SHARE * (max(values) - min(values))
    if allowed <= 2 * step:
        return None
    first: int | None = None
    for epoch in reversed(list(course)):
        if abs(course[epoch] - values[-1]) > allowed:
            break
        first = epoch
    return first


def settled_each(epochs: Sequence[int], table: "NDArray[np.float64]", step: float) -> list[int | None]:
    """`settled` of each column of `table` [epochs, values], whose values were rounded to `step` times the largest of
    their column: hundreds of times as fast for the thousands of γ of a run."""
    import numpy as np

    if len(epochs) < 3:
        return [None] * table.shape[1]
    with np.errstate(invalid="ignore"):  # values that are not finite are sorted out below
        allowed = SHARE * (table.max(axis=0) - table.min(axis=0))
        near = np.abs(table - table[-1]) <= allowed
        told = allowed > 2 * step * np.abs(table).max(axis=0)
    first = np.logical_and.accumulate(near[::-1])[::-1].argmax(axis=0)
    usable = np.isfinite(table).all(axis=0) & told
    return [epochs[at] if use else None for at, use in zip(first.tolist(), usable.tolist(), strict=True)]


@dataclass(frozen=True)
class Settled:
    """Several runs of one cell."""

    epochs: tuple[float, ...]
    """Of each run the median epoch over its values, in the order of the runs; runs without any are left out."""
    summary: Summary
    """Mean over the runs, with Student's interval."""
    values: int
    """Values that settled, over all runs."""
    still: int
    """Values that had nothing to settle (see `settled`)."""


def together(runs: Iterable[Iterable[int | None]]) -> Settled | None:
    """Runs together: of each, what `settled` says of its values. None where no value of any run settled."""
    medians, values, still = [], 0, 0
    for run in runs:
        found = list(run)
        epochs = [epoch for epoch in found if epoch is not None]
        values += len(epochs)
        still += len(found) - len(epochs)
        if epochs:
            medians.append(float(median(epochs)))
    return Settled(tuple(medians), summarize(medians), values, still) if medians else None
