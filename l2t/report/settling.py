"""When traced values settle: the epoch from which on a value stays within 5 % of its range of its end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from statistics import median

from l2t.stats import Summary, summarize

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
