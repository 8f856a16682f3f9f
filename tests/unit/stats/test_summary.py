"""Summaries against numpy and scipy, and in words where numbers do not exist."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from l2t.stats import summarize

SAMPLE = st.lists(st.floats(0, 100), min_size=2, max_size=40)


@given(SAMPLE)
def test_summary_equals_numpy_and_the_t_interval_of_scipy(values: list[float]) -> None:
    summary = summarize(values)
    assert summary.n == len(values)
    assert summary.mean == pytest.approx(np.mean(values))
    assert summary.sd == pytest.approx(np.std(values, ddof=1), abs=1e-9)
    assert summary.median == pytest.approx(np.median(values))
    if summary.sd > 1e-9:
        low, high = stats.t.interval(
            0.95, len(values) - 1, np.mean(values), np.std(values, ddof=1) / len(values) ** 0.5
        )
        assert (summary.low, summary.high) == (pytest.approx(low), pytest.approx(high))


def test_hand_computed_example() -> None:
    summary = summarize([2, 4, 4, 4, 5, 5, 7, 9])
    assert (summary.mean, summary.median) == (5, 4.5)
    assert summary.sd == pytest.approx(math.sqrt(32 / 7))
    assert summary.half_width == pytest.approx(2.364624 * math.sqrt(32 / 7 / 8), rel=1e-6)  # t(7) from a printed table


def test_nothing_has_no_mean_and_says_so() -> None:
    summary = summarize([])
    assert (summary.n, summary.mean, summary.sd, summary.half_width) == (0, None, None, None)
    assert summary.note == "no value"


def test_one_value_has_a_mean_but_no_spread() -> None:
    summary = summarize([3.5])
    assert (summary.mean, summary.median, summary.sd, summary.half_width) == (3.5, 3.5, None, None)
    assert summary.note == "one value has no spread"


def test_two_values_have_an_interval() -> None:
    assert summarize([1, 3]).half_width == pytest.approx(12.7062047, rel=1e-6)


def test_equal_values_have_a_point_for_an_interval_and_a_note() -> None:
    summary = summarize([90.0] * 6)
    assert (summary.sd, summary.half_width, summary.note) == (0, 0, "all 6 values are equal")


def test_values_that_are_not_finite_are_left_out_and_counted() -> None:
    summary = summarize([1, math.nan, 3, math.inf])
    assert (summary.n, summary.excluded, summary.mean) == (2, 2, 2)
    assert summary.note == "2 not finite, left out"


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6))
def test_no_number_of_a_summary_is_nan(values: list[float]) -> None:
    summary = summarize([value if abs(value) < 1e100 else math.nan for value in values])
    numbers = (summary.mean, summary.median, summary.sd, summary.low, summary.high)
    assert all(number is None or math.isfinite(number) for number in numbers)
