"""Permutation test of two means."""

from collections.abc import Sequence
from math import comb
from typing import Literal

from l2t.stats.resampling import RESAMPLES, SEED
from l2t.stats.tested import NoTest, PValue, unusable

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
    Oracle: all assignments enumerated; for large samples Student's t-test.
    """
    reason = unusable(values, other)
    if reason:
        return reason
    if len({*values, *other}) == 1:
        return NoTest("all values are equal")
    import numpy as np
    from scipy.stats import permutation_test

    assignments = comb(len(values) + len(other), len(values))
    exact = assignments <= ENUMERATED
    # Sorted, so that drawn permutations do not depend on the order of the runs.
    result = permutation_test(
        (np.sort(np.asarray(values, float)), np.sort(np.asarray(other, float))),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=assignments if exact else RESAMPLES,
        vectorized=True,
        alternative=alternative,
        rng=np.random.default_rng(SEED),
    )
    method = f"exact, {assignments:,} permutations" if exact else f"Monte Carlo, {RESAMPLES:,} random permutations"
    name = f"permutation test of means, {'two-sided' if alternative == 'two-sided' else 'one-sided (greater)'}"
    return PValue(name, method, float(result.statistic), min(1.0, float(result.pvalue)))
