"""Difference of two means with Welch's interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from l2t.stats.summary import summarize
from l2t.stats.welch import welch


@dataclass(frozen=True)
class Difference:
    """Mean of the first sample minus mean of the second."""

    value: float
    low: float | None
    """Lower end of the 95 % interval; None where a side has fewer than two values or both have no spread."""
    high: float | None
    """Upper end of the 95 % interval."""


def difference(values: Sequence[float], other: Sequence[float]) -> Difference | None:
    """mean(values) − mean(other) with Welch's 95 % interval (unequal variances), in the unit of the values.

    None where a side has no finite value; values that are not finite are left out.
    Oracle: `scipy.stats.ttest_ind(values, other, equal_var=False).confidence_interval()`.
    """
    a = summarize([value for value in values if isfinite(value)])
    b = summarize([value for value in other if isfinite(value)])
    if a.mean is None or b.mean is None:
        return None
    value = a.mean - b.mean
    if a.sd is None or b.sd is None or a.sd == b.sd == 0:
        return Difference(value, None, None)
    from scipy.special import stdtrit

    error, freedom = welch(a.sd, a.n, b.sd, b.n)
    half = float(stdtrit(freedom, 0.975)) * error
    return Difference(value, value - half, value + half)
