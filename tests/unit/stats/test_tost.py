"""Equivalence against statsmodels and Welch's 90 % interval."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import ttest_ind
from statsmodels.stats.weightstats import ttost_ind

from l2t.stats import NoTest, PValue, tost

SAMPLE = st.lists(st.integers(0, 1000).map(lambda value: value / 10), min_size=5, max_size=30)


@given(SAMPLE, SAMPLE, st.floats(0.1, 100))
def test_p_is_that_of_statsmodels(values: list[float], other: list[float], margin: float) -> None:
    assume(len(set(values)) > 1 and len(set(other)) > 1)
    found = tost(values, other, margin)
    assert isinstance(found, PValue)
    p = ttost_ind(values, other, -margin, margin, usevar="unequal")[0]
    assert found.p == pytest.approx(p, abs=1e-12)


@given(SAMPLE, SAMPLE, st.floats(0.1, 100))
def test_equivalent_is_where_welchs_90_percent_interval_lies_inside(
    values: list[float], other: list[float], margin: float
) -> None:
    assume(len(set(values)) > 1 and len(set(other)) > 1)
    found = tost(values, other, margin)
    assert isinstance(found, PValue)
    assume(abs(found.p - 0.05) > 1e-9)
    interval = ttest_ind(values, other, equal_var=False).confidence_interval(0.9)
    assert (found.p < 0.05) == (-margin < interval.low and interval.high < margin)


def test_the_margin_is_named() -> None:
    found = tost([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 2.5)
    assert isinstance(found, PValue)
    assert (found.test, found.method) == ("equivalence within ±2.5, Welch's TOST", "Student's t")
    assert found.statistic == pytest.approx(-2.5)  # standard error 1


@pytest.mark.parametrize("margin", [0, -1, math.nan])
def test_a_margin_is_needed(margin: float) -> None:
    with pytest.raises(ValueError, match="margin must be above 0"):
        tost([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], margin)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_values_are_not_tested(n: int) -> None:
    assert tost([1.0] * n, [1, 2, 3, 4, 5], 1) == NoTest(f"fewer than 5 a side ({n} and 5)")


def test_bad_data_are_not_tested() -> None:
    assert tost([90.0] * 5, [90.5] * 5, 1) == NoTest("neither side has any spread")
    assert tost([1, 2, 3, 4, math.inf], [1, 2, 3, 4, 5], 1) == NoTest("1 of the values is not finite")


def test_one_side_without_spread_is_tested() -> None:
    found = tost([90.0] * 5, [90.1, 90.2, 90.1, 90.0, 90.1], 1)
    assert isinstance(found, PValue)
    assert found.p < 1e-4
