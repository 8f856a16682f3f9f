"""Vargha and Delaney's A12: how often one sample's value exceeds another's."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from math import isfinite

from l2t.stats.estimate import Estimate
from l2t.stats.tested import MINIMUM, NoTest

METHOD = "Newcombe 2006, method 5"


def a12(values: Sequence[float], other: Sequence[float], confidence: float = 0.95) -> Estimate | NoTest:
    """P(value > other) + P(value = other) / 2, in [0, 1]; 0.5 where neither tends to be larger (Vargha & Delaney 2000).

    The interval is Newcombe's method 5 (Statistics in Medicine 25, 2006, 559–573): the probabilities θ whose
    distance from the estimate is at most z times the standard error that Hanley and McNeil's variance has *at θ*. It
    exists also at complete separation, where the delta method (Brunner–Munzel, DeLong) has no variance to go by.
    Simulated coverage at 5, 10 and 30 a side: 0.93–0.98 (with thrice the spread on one side 0.90–0.96); with 30
    against 10 of thrice the spread it falls to 0.87.
    Values that are not finite are left out and counted. NoTest where a side has none; no interval below five a side.
    Oracle: all pairs counted; U of `scipy.stats.mannwhitneyu`; the interval against the delta method's
    (`statsmodels.stats.nonparametric.rank_compare_2indep`) for large samples.
    """
    a, b = (sorted(value for value in sample if isfinite(value)) for sample in (values, other))
    excluded = len(values) + len(other) - len(a) - len(b)
    if not a or not b:
        return NoTest("a side has no value" if not excluded else f"a side has no finite value ({excluded} left out)")
    wins = sum(bisect_left(b, value) + bisect_right(b, value) for value in a) / 2
    n, m = len(a), len(b)
    share = wins / (n * m)
    notes = [f"{excluded} not finite, left out"] if excluded else []
    if min(n, m) < MINIMUM:
        notes.append(f"fewer than {MINIMUM} a side ({n} and {m}): no interval")
        return Estimate(share, None, None, confidence, METHOD, "; ".join(notes))
    from scipy.special import ndtri

    z2 = float(ndtri((1 + confidence) / 2)) ** 2
    half = (n + m) / 2 - 1

    def reached(theta: float) -> bool:
        """Is theta inside the interval?"""
        spread = 1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta)
        return (share - theta) ** 2 <= z2 * theta * (1 - theta) * spread / (n * m)

    low, high = _edge(0, share, reached), _edge(1, share, reached)
    return Estimate(share, low, high, confidence, METHOD, "; ".join(notes))


def _edge(outside: float, inside: float, reached: Callable[[float], bool]) -> float:
    """Where `reached` begins to hold on the way from outside to inside, by halving."""
    if outside == inside:
        return inside
    while True:
        middle = (outside + inside) / 2
        if middle in (outside, inside):
            return inside
        outside, inside = (outside, middle) if reached(middle) else (middle, inside)
