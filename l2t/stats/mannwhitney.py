"""Mann–Whitney U: do two independent samples come from one distribution?"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from math import comb
from typing import Literal

from l2t.stats.tested import NoTest, PValue, unusable

EXACT_UP_TO = 50
"""Values a side up to which the exact distribution is used: a millisecond, with ties a few."""


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
        u, both, greater = _permuted(tuple(values), tuple(other))
        p = both if alternative == "two-sided" else greater
        return PValue(name, "exact permutation distribution given the ties", u, p)
    from scipy.stats import mannwhitneyu

    result = mannwhitneyu(values, other, alternative=alternative, method="exact" if small else "asymptotic")
    method = "exact" if small else "asymptotic, corrected for ties and continuity"
    return PValue(name, method, float(result.statistic), float(result.pvalue))


@lru_cache(maxsize=4096)  # a report asks for both p of the same samples, and three numbers are little to keep
def _permuted(values: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, float, float]:
    """U, two-sided and one-sided p, by counting the subsets of each size and rank sum (Streitberg & Röhmel 1986)."""
    import numpy as np

    n, everything = len(values), len(values) + len(other)
    pooled = sorted(values + other)
    # Mid-ranks are halves: doubled they are whole.
    doubled = [bisect_left(pooled, value) + bisect_right(pooled, value) + 1 for value in values + other]
    observed = sum(doubled[:n])
    everyone, centre = everything * (everything + 1), n * (everything + 1)
    even = n == len(other)  # then sums lie symmetrically about the centre, and the lower half tells of the upper
    most = min(observed, everyone - observed) if even else everyone
    counts = np.zeros((n + 1, most + 1))
    counts[0, 0] = 1
    total = 0
    for taken, rank in enumerate(sorted(doubled), 1):
        total = min(total + rank, most)
        # Subsets too small to reach n with the ranks that are left, or larger than n, count for nothing.
        least, size = max(1, n - (everything - taken)), min(taken, n)
        if rank <= total:
            counts[least : size + 1, rank : total + 1] += counts[least - 1 : size, : total + 1 - rank]
    ways = counts[n]
    if even:
        tail = float(ways.sum()) / comb(everything, n)
        below = tail - float(ways[most]) / comb(everything, n)
        both, greater = 2 * tail, tail if observed >= centre else 1 - below
    else:
        sums = np.arange(len(ways))
        all_ways = ways.sum()
        both = float(ways[abs(sums - centre) >= abs(observed - centre)].sum() / all_ways)
        greater = float(ways[sums >= observed].sum() / all_ways)
    return observed / 2 - n * (n + 1) / 2, min(1.0, both), min(1.0, greater)
