"""Permutation test of two means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from l2t.stats.resampling import AT_ONCE, RESAMPLES, SEED
from l2t.stats.tested import NoTest, PValue, unusable

if TYPE_CHECKING:
    import numpy as np

ENUMERATED = 20_000
"""Assignments of values to sides up to which all are gone through (8 + 8 values have 12,870); else some are drawn."""


def permutation(
    values: Sequence[float], other: Sequence[float], alternative: Literal["two-sided", "greater"] = "two-sided"
) -> PValue | NoTest:
    """Permutation test of the difference of means (Pitman 1937) of two independent samples.

    The statistic is mean(values) − mean(other).
    Exact where all assignments of the values to the sides can be gone through, else Monte Carlo with a fixed seed, the
    observed one counted among the drawn (Phipson & Smyth 2010), so that p is never 0. The result names which.
    Two-sided p is twice the smaller tail, at most 1.
    NoTest for fewer than five a side, values that are not finite, or values that are all equal.
    Assignments whose means differ by rounding only are equal (of accuracies in whole tenths
    `scipy.stats.permutation_test` takes some that are equal for different ones).
    Oracle: all assignments enumerated in whole tenths; `scipy.stats.permutation_test` and Student's t-test where drawn.
    """
    reason = unusable(values, other)
    if reason:
        return reason
    if len({*values, *other}) == 1:
        return NoTest("all values are equal")
    import numpy as np

    # Sorted, so that p does not depend on the order of the runs; about the mean, so that sums are as exact as can be.
    pooled = np.sort(np.asarray([*values, *other], float))
    equal = 1e-14 * float(np.abs(pooled).sum())  # sums of decimals that are equal differ by rounding, which is less
    middle = pooled.mean()
    pooled -= middle
    observed = float((np.sort(np.asarray(values, float)) - middle).sum())
    assignments = comb(len(pooled), len(values))
    exact = assignments <= ENUMERATED
    above, below, drawn = 0, 0, assignments
    if not exact:
        above, below, drawn = 1, 1, RESAMPLES + 1  # the observed assignment is one of them
    for sums in _enumerated(pooled, len(values)) if exact else _random(pooled, len(values)):
        above += int((sums >= observed - equal).sum())
        below += int((sums <= observed + equal).sum())
    p = min(1.0, (above if alternative == "greater" else 2 * min(above, below)) / drawn)
    method = f"exact, {assignments:,} permutations" if exact else f"Monte Carlo, {RESAMPLES:,} random permutations"
    name = f"permutation test of means, {'two-sided' if alternative == 'two-sided' else 'one-sided (greater)'}"
    return PValue(name, method, fmean(values) - fmean(other), p)


def _enumerated(pooled: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Sums of the first side over all assignments."""
    import numpy as np

    yield pooled[np.array(list(combinations(range(len(pooled)), size)))].sum(axis=1)


def _random(pooled: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Sums of the first side over random assignments, a bounded number at once."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    most = max(1, AT_ONCE // len(pooled))
    for done in range(0, RESAMPLES, most):
        rows = np.tile(pooled, (min(most, RESAMPLES - done), 1))
        yield rng.permuted(rows, axis=1)[:, :size].sum(axis=1)
