"""Welch's interval against scipy's."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from l2t.stats import difference

SAMPLE = st.lists(st.integers(0, 1000).map(lambda value: value / 10), min_size=2, max_size=30)


@given(SAMPLE, SAMPLE)
def test_difference_equals_welchs_interval(values: list[float], other: list[float]) -> None:
    assume(len(set(values)) > 1 and len(set(other)) > 1)
    expected = stats.ttest_ind(values, other, equal_var=False).confidence_interval()
    result = difference(values, other)
    assert result is not None
    assert result.value == pytest.approx(sum(values) / len(values) - sum(other) / len(other), abs=1e-9)
    assert (result.low, result.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_one_side_without_spread_still_has_an_interval() -> None:
    result = difference([1, 2, 3], [5, 5, 5])
    assert result is not None
    assert result.low == pytest.approx(-3 - 4.302653 / math.sqrt(3), rel=1e-6)


@pytest.mark.parametrize("other", [[5.0], [5.0, 5.0]])
def test_no_spread_at_all_gives_the_difference_without_interval(other: list[float]) -> None:
    result = difference([7.0, 7.0], other)
    assert result is not None
    assert (result.value, result.low, result.high) == (2, None, None)


@pytest.mark.parametrize("empty", [[], [math.nan]])
def test_no_value_gives_no_difference(empty: list[float]) -> None:
    assert difference([1, 2], empty) is None


def test_a_spread_whose_square_is_zero_still_has_an_interval() -> None:
    result, scaled = difference([0, 1e-200, 3e-200], [0, 0]), difference([0, 1, 3], [0, 0])
    assert result is not None
    assert scaled is not None
    assert result.high == pytest.approx(1e-200 * scaled.high, rel=1e-12)
