"""Kruskal–Wallis: do several independent samples come from one distribution?"""

from collections.abc import Sequence

from l2t.stats.tested import NoTest, PValue, unusable


def kruskal(groups: Sequence[Sequence[float]]) -> PValue | NoTest:
    """Kruskal–Wallis H test of independent groups, asymptotic (χ²) with tie correction.

    It says that some group differs, not which. The statistic is H.
    NoTest for fewer than two groups, fewer than five values in one, values that are not finite or all equal.
    Oracle: H from its definition; the permutation distribution, drawn (tests/unit/stats/test_kruskal.py).
    """
    if len(groups) < 2:
        return NoTest(f"fewer than two groups ({len(groups)})")
    reason = unusable(*groups)
    if reason:
        return reason
    if len({value for group in groups for value in group}) == 1:
        return NoTest("all values are equal")
    from scipy.stats import kruskal as compared

    result = compared(*groups)
    freedom = len(groups) - 1
    method = f"asymptotic (χ², {freedom} {'degree' if freedom == 1 else 'degrees'} of freedom), corrected for ties"
    return PValue("Kruskal–Wallis H", method, float(result.statistic), float(result.pvalue))
