"""Mann–Whitney U: do two independent samples come from one distribution?"""

from collections.abc import Sequence

from l2t.stats.tested import NoTest, PValue, unusable

EXACT_UP_TO = 50
"""Values a side up to which the exact distribution is used (ties permitting): a few milliseconds."""


def mann_whitney(values: Sequence[float], other: Sequence[float]) -> PValue | NoTest:
    """Two-sided Mann–Whitney U test (Wilcoxon rank-sum test) of two independent samples.

    Exact without ties up to 50 values a side, else asymptotic with tie and continuity correction; the result names
    which. NoTest for fewer than five a side, values that are not finite, or values that are all equal.
    Oracle: `scipy.stats.mannwhitneyu`; Mann & Whitney's exact distribution enumerated over all rankings.
    """
    reason = unusable(values, other)
    if reason:
        return reason
    distinct = len({*values, *other})
    if distinct == 1:
        return NoTest("all values are equal")
    from scipy.stats import mannwhitneyu

    exact = distinct == len(values) + len(other) and max(len(values), len(other)) <= EXACT_UP_TO
    result = mannwhitneyu(values, other, alternative="two-sided", method="exact" if exact else "asymptotic")
    method = "exact" if exact else "asymptotic, corrected for ties and continuity"
    return PValue("Mann–Whitney U, two-sided", method, float(result.statistic), float(result.pvalue))
