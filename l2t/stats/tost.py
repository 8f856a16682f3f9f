"""Equivalence of two means: two one-sided tests."""

from collections.abc import Sequence
from statistics import fmean, stdev

from l2t.stats.tested import NoTest, PValue, unusable
from l2t.stats.welch import welch


def tost(values: Sequence[float], other: Sequence[float], margin: float) -> PValue | NoTest:
    """Welch's two one-sided tests (Schuirmann 1987): is the difference of means inside ±margin?

    A small p says "equivalent"; a large one says nothing. p is the larger of the two one-sided p-values, the statistic
    its t. p < 0.05 exactly where Welch's 90 % interval of the difference lies inside the margin.
    margin: > 0, in the unit of the values, chosen before looking at them; else ValueError.
    NoTest for fewer than five a side, values that are not finite, or no spread on either side.
    Oracle: `statsmodels.stats.weightstats.ttost_ind(usevar="unequal")`.
    """
    if not margin > 0:
        raise ValueError(f"the margin must be above 0, got {margin}")
    reason = unusable(values, other)
    if reason:
        return reason
    sd, other_sd = stdev(values), stdev(other)
    if sd == other_sd == 0:
        return NoTest("neither side has any spread")
    from scipy.special import stdtr

    error, freedom = welch(sd, len(values), other_sd, len(other))
    # Of the two tests the one whose bound is nearer decides; the other's p is smaller.
    t = (abs(fmean(values) - fmean(other)) - margin) / error
    return PValue(f"equivalence within ±{margin:g}, Welch's TOST", "Student's t", t, float(stdtr(freedom, t)))
