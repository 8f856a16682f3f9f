"""Wilcoxon signed-rank: are paired differences symmetric about zero?"""

from collections.abc import Sequence

from l2t.stats.tested import MINIMUM, NoTest, PValue, unusable

EXACT_UP_TO = 50
"""Pairs up to which the exact distribution is used (ties permitting)."""

DECIMALS = 9
"""Differences equal to this many decimals tie: 0.3 − 0.1 and 0.5 − 0.3 are one difference, not two ranks."""


def wilcoxon(values: Sequence[float], other: Sequence[float]) -> PValue | NoTest:
    """Two-sided Wilcoxon signed-rank test of paired samples: values[i] and other[i] belong together.

    Pairs without difference are left out (Wilcoxon's own treatment). Exact up to 50 pairs where no two differences
    tie (to 9 decimals), else asymptotic with tie and continuity correction; the result names which.
    NoTest for fewer than five pairs or fewer than five that differ, or values that are not finite.
    Raises ValueError where the lengths differ.
    Oracle: `scipy.stats.wilcoxon`; the exact distribution enumerated over all signs.
    """
    if len(values) != len(other):
        raise ValueError(f"pairs are needed, got {len(values)} and {len(other)} values")
    reason = unusable(values, other)
    if reason:
        return reason
    rounded = [round(a - b, DECIMALS) for a, b in zip(values, other, strict=True)]
    differences = [value for value in rounded if value]
    if len(differences) < MINIMUM:
        return NoTest(f"fewer than {MINIMUM} pairs differ ({len(differences)} of {len(values)})")
    from scipy.stats import wilcoxon as signed_rank

    exact = len({abs(value) for value in differences}) == len(differences) <= EXACT_UP_TO
    result = signed_rank(differences, correction=not exact, method="exact" if exact else "approx")
    method = "exact" if exact else "asymptotic, corrected for ties and continuity"
    if equal := len(values) - len(differences):
        method += f", {equal} equal {'pair' if equal == 1 else 'pairs'} left out"
    return PValue("Wilcoxon signed-rank, two-sided", method, float(result.statistic), float(result.pvalue))
