"""Cliff's δ: how much more often one sample's value exceeds another's than the reverse."""

from collections.abc import Sequence
from dataclasses import replace

from l2t.stats.a12 import a12
from l2t.stats.estimate import Estimate
from l2t.stats.tested import NoTest


def cliffs_delta(values: Sequence[float], other: Sequence[float], confidence: float = 0.95) -> Estimate | NoTest:
    """P(value > other) − P(value < other), in [−1, 1] (Cliff 1993): 2 A12 − 1, and so is its interval.

    Bad data as in `a12`.
    Oracle: all pairs counted.
    """
    found = a12(values, other, confidence)
    if isinstance(found, NoTest):
        return found
    low, high = (None if end is None else 2 * end - 1 for end in (found.low, found.high))
    return replace(found, value=2 * found.value - 1, low=low, high=high)
