"""Mann–Whitney U: do two independent samples come from one distribution?"""

from collections.abc import Sequence
from math import comb
from typing import Literal

from l2t.stats.tested import NoTest, PValue, unusable

EXACT_UP_TO = 50
"""Values a side up to which the exact distribution is used: a few milliseconds, with ties a few tens."""


def mann_whitney(
    values: Sequence[float], other: Sequence[float], alternative: Literal["two-sided", "greater"] = "two-sided"
) -> PValue | NoTest:
    """Mann–Whitney U test (Wilcoxon rank-sum test) of two independent samples.

    alternative: "two-sided", or "greater" for the thesis's reading: are `values` larger than `other`?
    Up to 50 values a side p is exact: from Mann and Whitney's distribution, or where values tie from the permutation
    distribution of their mid-ranks (all assignments of the values to the sides, counted, none drawn). Larger samples
    are asymptotic with tie and continuity correction. The result names which.
    NoTest for fewer than five a side, values that are not finite, or values that are all equal.
    Oracle: `scipy.stats.mannwhitneyu`; all rankings enumerated, with and without ties.
    """
    reason = unusable(values, other)
    if reason:
        return reason
    distinct = len({*values, *other})
    if distinct == 1:
        return NoTest("all values are equal")
    name = f"Mann–Whitney U, {'two-sided' if alternative == 'two-sided' else 'one-sided (greater)'}"
    small = max(len(values), len(other)) <= EXACT_UP_TO
    if small and distinct < len(values) + len(other):
        u, p = _permuted(values, other, alternative)
        return PValue(name, "exact permutation distribution given the ties", u, p)
    from scipy.stats import mannwhitneyu

    result = mannwhitneyu(values, other, alternative=alternative, method="exact" if small else "asymptotic")
    method = "exact" if small else "asymptotic, corrected for ties and continuity"
    return PValue(name, method, float(result.statistic), float(result.pvalue))


def _permuted(values: Sequence[float], other: Sequence[float], alternative: str) -> tuple[float, float]:
    """U and p, by counting the subsets of each size and rank sum (Streitberg & Röhmel 1986)."""
    import numpy as np
    from scipy.stats import rankdata

    n, everything = len(values), len(values) + len(other)
    doubled = np.rint(2 * rankdata([*values, *other])).astype(int)  # mid-ranks are halves
    observed = int(doubled[:n].sum())
    everyone, centre = everything * (everything + 1), n * (everything + 1)
    even = n == len(other)  # then sums lie symmetrically about the centre, and the lower half tells of the upper
    most = min(observed, everyone - observed) if even else everyone
    counts = np.zeros((n + 1, most + 1))
    counts[0, 0] = 1
    total = 0
    for taken, rank in enumerate(np.sort(doubled), 1):
        total = min(total + int(rank), most)
        size = min(taken, n)
        if rank <= total:
            counts[1 : size + 1, rank : total + 1] += counts[:size, : total + 1 - rank]
    ways = counts[n]
    if even:
        tail = float(ways.sum()) / comb(everything, n)
        below = tail - float(ways[most]) / comb(everything, n)
        p = 2 * tail if alternative == "two-sided" else tail if observed >= centre else 1 - below
    else:
        sums = np.arange(len(ways))
        extreme = sums >= observed if alternative == "greater" else abs(sums - centre) >= abs(observed - centre)
        p = float(ways[extreme].sum() / ways.sum())
    return observed / 2 - n * (n + 1) / 2, min(1.0, p)
