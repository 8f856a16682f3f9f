"""Interquartile mean over runs and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from l2t.stats.estimate import Estimate
from l2t.stats.resampling import RESAMPLES, percentile_interval
from l2t.stats.tested import NoTest

if TYPE_CHECKING:
    import numpy as np


def iqm(tasks: Sequence[Sequence[float]], confidence: float = 0.95) -> Estimate | NoTest:
    """Mean of the middle half of all runs of all tasks (Agarwal et al. 2021, rliable), in the unit of the values.

    tasks: one sequence a task (data set × shots), one value a run. A quarter of all values, rounded down, is cut off
    at each end. The interval is the percentile bootstrap's, stratified: every task's runs are drawn anew from that
    task's runs, so it speaks of other seeds, not of other tasks. Seeded.
    Values that are not finite are left out and counted; tasks left with unequal numbers of runs weigh by them, and the
    note says so. NoTest where a task has no value. No interval where no task has two runs.
    Oracle: the definition, computed directly; the enumeration of all resamples (tests/unit/stats/test_iqm.py).
    """
    finite = [sorted(value for value in runs if isfinite(value)) for runs in tasks]
    if not finite or not all(finite):
        return NoTest("no task" if not finite else "a task has no finite value")
    from numpy import array

    strata = [array(runs, dtype=float) for runs in finite]
    size = sum(map(len, strata))
    excluded = sum(map(len, tasks)) - size
    notes = [f"{excluded} not finite, left out"] if excluded else []
    if len(set(map(len, strata))) > 1:
        notes.append("tasks weigh by their numbers of runs, which differ")
    value = float(_middle(array([[value for runs in finite for value in runs]], dtype=float))[0])
    method = f"percentile bootstrap, stratified over {len(strata)} tasks, {RESAMPLES:,} resamples"
    if max(map(len, strata)) < 2:
        return Estimate(value, None, None, confidence, method, "; ".join([*notes, "no task has two runs"]))

    def resampled(rng: np.random.Generator, count: int) -> np.ndarray:
        import numpy as np

        drawn = [runs[rng.integers(0, len(runs), (count, len(runs)))] for runs in strata]
        return _middle(np.concatenate(drawn, axis=1))

    low, high = percentile_interval(resampled, size, confidence)
    return Estimate(value, low, high, confidence, method, "; ".join(notes))


def _middle(samples: np.ndarray) -> np.ndarray:
    """Interquartile mean of every row."""
    import numpy as np

    size = samples.shape[1]
    cut = size // 4
    means: np.ndarray = np.sort(samples, axis=1)[:, cut : size - cut].mean(axis=1)
    return means
