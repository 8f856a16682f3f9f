"""Tests where one side, or both, is only a printed mean."""

from collections.abc import Sequence
from math import sqrt

from l2t.stats import Difference, NoTest, PValue, summarize
from l2t.stats.tested import unusable
from l2t.stats.welch import welch


def judge(
    values: Sequence[float], mean: float, sd: float | None, runs: int
) -> tuple[Difference | None, PValue | NoTest]:
    """Mean of `values` minus a printed mean of `runs` runs, with 95 % interval, and the two-sided test that it is 0.

    values: finite, percent. sd: spread of the printed runs, by Welch's t-test; None where no ± is printed: they are
    then taken to spread as `values` do (Student's t, n − 1 degrees of freedom).
    NoTest for fewer than five values, and where neither side has any spread.
    Oracle: `scipy.stats.ttest_ind_from_stats`.
    """
    ours = summarize(values)
    if ours.mean is None:
        return None, NoTest("no finished run")
    value = ours.mean - mean
    few = unusable(values)
    if ours.sd is None or (ours.sd == 0 and not sd):
        return Difference(value, None, None), few or NoTest("no spread on either side")
    if sd is None:
        error, freedom = ours.sd * sqrt(1 / ours.n + 1 / runs), ours.n - 1.0
    else:
        error, freedom = welch(ours.sd, ours.n, sd, runs)
    half, p = _student(value, error, freedom)
    name, method = ("Student's t", "printed spread taken as ours") if sd is None else ("Welch's t", "printed spread")
    return (
        Difference(value, value - half, value + half),
        few or PValue(f"{name}, two-sided", method, value / error, p),
    )


def from_means(mean: float, sd: float | None, other: float, other_sd: float | None, runs: int) -> PValue | NoTest:
    """Welch's t-test, two-sided, of two printed means of `runs` runs each.

    NoTest where a side has no printed ±, or neither any spread. Oracle: `scipy.stats.ttest_ind_from_stats`.
    """
    if sd is None or other_sd is None:
        return NoTest("no ± printed")
    if sd == other_sd == 0:
        return NoTest("no spread on either side")
    error, freedom = welch(sd, runs, other_sd, runs)
    _, p = _student(mean - other, error, freedom)
    return PValue("Welch's t, two-sided", "from printed means", (mean - other) / error, p)


def _student(value: float, error: float, freedom: float) -> tuple[float, float]:
    """Half the 95 % interval and the two-sided p-value."""
    from scipy.special import stdtr, stdtrit

    return float(stdtrit(freedom, 0.975)) * error, min(1.0, 2 * float(stdtr(freedom, -abs(value / error))))
