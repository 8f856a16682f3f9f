"""Probability of improvement over tasks."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from l2t.stats.estimate import Estimate
from l2t.stats.resampling import RESAMPLES, percentile_interval
from l2t.stats.tested import NoTest

if TYPE_CHECKING:
    import numpy as np


def improvement(
    tasks: Sequence[Sequence[float]], other: Sequence[Sequence[float]], confidence: float = 0.95
) -> Estimate | NoTest:
    """How often a run of the first method beats one of the other on a task, averaged over tasks (Agarwal et al. 2021).

    tasks, other: one sequence a task (data set × shots), in the same order, one value a run; their numbers may differ.
    A task's probability is A12: the share of pairs won, ties counting half. The interval is the percentile
    bootstrap's, stratified: each method's runs are drawn anew within every task. Seeded.
    Values that are not finite are left out and counted. NoTest where a side of a task has no value. No interval where
    no task has two runs on a side. Raises ValueError where the numbers of tasks differ.
    Oracle: all pairs counted; the enumeration of all resamples (tests/unit/stats/test_improvement.py).
    """
    if len(tasks) != len(other):
        raise ValueError(f"both methods need the same tasks, got {len(tasks)} and {len(other)}")
    left, right = ([sorted(filter(isfinite, runs)) for runs in side] for side in (tasks, other))
    if not tasks or not all(left) or not all(right):
        return NoTest("no task" if not tasks else "a side of a task has no finite value")
    import numpy as np

    places = []
    for a, b in zip(left, right, strict=True):
        levels, found = np.unique([*a, *b], return_inverse=True)
        places.append((found[: len(a)], found[len(a) :], len(levels)))
    value = float(np.mean([_won(a[None], b[None], levels)[0] for a, b, levels in places]))
    used = sum(map(len, (*left, *right)))
    excluded = sum(map(len, (*tasks, *other))) - used
    notes = [f"{excluded} not finite, left out"] if excluded else []
    method = f"percentile bootstrap, stratified over {len(places)} tasks, {RESAMPLES:,} resamples"
    if max(map(len, (*left, *right))) < 2:
        return Estimate(value, None, None, confidence, method, "; ".join([*notes, "no task has two runs on a side"]))

    def resampled(rng: np.random.Generator, count: int) -> np.ndarray:
        total = np.zeros(count)
        for a, b, levels in places:
            ours, theirs = (side[rng.integers(0, len(side), (count, len(side)))] for side in (a, b))
            total += _won(ours, theirs, levels)
        return total / len(places)

    low, high = percentile_interval(resampled, used, confidence)
    return Estimate(value, low, high, confidence, method, "; ".join(notes))


def _won(values: np.ndarray, other: np.ndarray, levels: int) -> np.ndarray:
    """In every row the share of pairs in which the first is larger, ties counting half.

    values, other: places of the values among all `levels` distinct ones, in rising order.
    """
    theirs = _tally(other, levels)
    wins = _tally(values, levels) * (theirs.cumsum(axis=1) - theirs / 2)
    share: np.ndarray = wins.sum(axis=1) / (values.shape[1] * other.shape[1])
    return share


def _tally(places: np.ndarray, levels: int) -> np.ndarray:
    """How often each level stands in each row."""
    import numpy as np

    apart = places + levels * np.arange(len(places))[:, None]
    return np.bincount(apart.ravel(), minlength=len(places) * levels).reshape(len(places), levels)
