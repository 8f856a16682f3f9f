"""A12 and Cliff's δ against the count of all pairs; the interval against the delta method and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm
from statsmodels.stats.nonparametric import rank_compare_2indep

from l2t.stats import Estimate, NoTest, a12, cliffs_delta

SAMPLE = st.lists(st.integers(0, 30).map(float), min_size=1, max_size=20)


@given(SAMPLE, SAMPLE)
def test_effects_are_the_shares_of_pairs(values: list[float], other: list[float]) -> None:
    pairs = [(a > b) - (a < b) for a in values for b in other]
    share, delta = a12(values, other), cliffs_delta(values, other)
    assert isinstance(share, Estimate)
    assert isinstance(delta, Estimate)
    assert delta.value == pytest.approx(np.mean(pairs))
    assert share.value == pytest.approx(mannwhitneyu(values, other).statistic / len(pairs))


@settings(max_examples=50)
@given(st.lists(st.integers(0, 30).map(float), min_size=5, max_size=20), SAMPLE.filter(lambda s: len(s) > 4))
def test_intervals_contain_the_estimate_and_mirror_when_sides_are_swapped(
    values: list[float], other: list[float]
) -> None:
    forth, back, delta = a12(values, other), a12(other, values), cliffs_delta(values, other)
    assert isinstance(forth, Estimate)
    assert isinstance(back, Estimate)
    assert isinstance(delta, Estimate)
    assert forth.low is not None
    assert forth.high is not None
    assert 0 <= forth.low <= forth.value <= forth.high <= 1
    assert forth.high > forth.low
    assert (back.low, back.high) == pytest.approx((1 - forth.high, 1 - forth.low))
    assert (delta.low, delta.high) == pytest.approx((2 * forth.low - 1, 2 * forth.high - 1))


def test_the_ends_solve_newcombes_equation() -> None:
    values, other = [3, 5, 6, 8, 9, 10], [1, 2, 4, 5, 7]
    found = a12(values, other)
    assert isinstance(found, Estimate)
    for theta in (found.low, found.high):
        assert theta is not None
        first, second = theta / (2 - theta), 2 * theta**2 / (1 + theta)  # Hanley & McNeil's Q1 and Q2
        half = 11 / 2 - 1
        variance = (theta * (1 - theta) + half * (first - theta**2 + second - theta**2)) / 30
        assert abs(found.value - theta) / math.sqrt(variance) == pytest.approx(norm.ppf(0.975))


def test_complete_separation_still_has_an_interval() -> None:
    found = a12([6, 7, 8, 9, 10], [1, 2, 3, 4, 5])
    assert isinstance(found, Estimate)
    assert (found.value, found.high) == (1, 1)
    assert found.low is not None
    assert 0.5 < found.low < 0.75


@pytest.mark.parametrize("shift", [0, 0.8])
def test_large_samples_have_the_interval_of_the_delta_method(shift: float) -> None:
    rng = np.random.default_rng(5)
    values, other = rng.normal(shift, 1, 2000), rng.normal(0, 1, 2000)
    found = a12(list(values), list(other))
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx(rank_compare_2indep(values, other).conf_int(), abs=0.002)


@pytest.mark.parametrize("n", [5, 30])
@pytest.mark.parametrize("truth", [0.5, 0.9])
def test_the_interval_covers_the_truth_as_often_as_it_says(n: int, truth: float) -> None:
    rng = np.random.default_rng(11)
    shift = norm.ppf(truth) * math.sqrt(2)
    covered = 0
    for _ in range(1000):
        found = a12(list(rng.normal(shift, 1, n)), list(rng.normal(0, 1, n)))
        assert isinstance(found, Estimate)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.925 <= covered / 1000 <= 0.985  # 0.95 and what 1,000 tries leave open (0.02)


def test_few_values_have_an_effect_without_interval() -> None:
    found = a12([1, 2], [0])
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high) == (1, None, None)
    assert found.note == "fewer than 5 a side (2 and 1): no interval"
    delta = cliffs_delta([1, 2], [0])
    assert isinstance(delta, Estimate)
    assert (delta.value, delta.low) == (1, None)


def test_nothing_has_no_effect() -> None:
    assert a12([], [1.0]) == NoTest("a side has no value")
    assert cliffs_delta([1.0], [math.nan]) == NoTest("a side has no finite value (1 left out)")


def test_values_that_are_not_finite_are_left_out_and_counted() -> None:
    found = a12([1, 2, 3, 4, 5, math.nan], [1, 2, 3, 4, 5])
    assert isinstance(found, Estimate)
    assert (found.value, found.note) == (0.5, "1 not finite, left out")


def test_equal_values_tie() -> None:
    found = a12([1.0] * 6, [1.0] * 6)
    assert isinstance(found, Estimate)
    assert found.value == 0.5


def test_thousands_of_ties() -> None:
    rng = np.random.default_rng(0)
    values, other = rng.integers(0, 5, 3000), rng.integers(0, 5, 3000)
    found = a12(list(map(float, values)), list(map(float, other)))
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(mannwhitneyu(values, other).statistic / 9_000_000)
