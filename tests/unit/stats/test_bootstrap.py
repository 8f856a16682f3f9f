"""BCa interval against Efron's formulas over all resamples, and on bad data."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from l2t.stats import Estimate, NoTest, bootstrap

SAMPLE = st.lists(st.integers(0, 1000).map(lambda value: value / 10), min_size=5, max_size=30)


def interval(values: list[float], resampled: np.ndarray) -> tuple[float, float]:
    """Efron & Tibshirani 1993, (14.9)–(14.15)."""
    mean = np.mean(values)
    below = (np.mean(resampled < mean - 1e-9) + np.mean(resampled <= mean + 1e-9)) / 2
    bias = ndtri(below)
    without = np.array([np.mean(values[:i] + values[i + 1 :]) for i in range(len(values))])
    pull = without.mean() - without
    acceleration = (pull**3).sum() / (6 * (pull**2).sum() ** 1.5)
    z = ndtri(np.array([0.025, 0.975]))
    low, high = np.quantile(resampled, ndtr(bias + (bias + z) / (1 - acceleration * (bias + z))))
    return float(low), float(high)


@pytest.mark.parametrize("values", [[1.0, 2.5, 3.0, 4.2, 11.0], [80.1, 80.2, 84.0, 86.5, 87.0, 90.3]])
def test_interval_is_efrons_over_all_resamples(values: list[float]) -> None:
    every = np.array([np.mean(drawn) for drawn in product(values, repeat=len(values))])
    found = bootstrap(values)
    assert isinstance(found, Estimate)
    # 9,999 of them are drawn: the ends of so few values lie on steps, hence the tolerance.
    tolerance = 0.03 * (max(values) - min(values))
    assert (found.low, found.high) == pytest.approx(interval(values, every), abs=tolerance)


def test_interval_of_thirty_is_efrons_over_other_resamples() -> None:
    rng = np.random.default_rng(7)
    values = list(rng.exponential(3, 30))
    drawn = rng.choice(values, (50_000, 30)).mean(axis=1)
    found = bootstrap(values)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(np.mean(values))
    assert (found.low, found.high) == pytest.approx(interval(values, drawn), abs=0.05)
    assert found.high - found.value > found.value - found.low  # the sample is skewed to the right


@settings(deadline=None, max_examples=30)
@given(SAMPLE, st.randoms(use_true_random=False))
def test_interval_lies_in_the_sample_around_the_mean_in_any_order(values: list[float], random) -> None:
    found = bootstrap(values)
    assert isinstance(found, Estimate)
    assert found.low is not None
    assert found.high is not None
    assert min(values) - 1e-9 <= found.low <= found.value <= found.high <= max(values) + 1e-9
    random.shuffle(values)
    assert bootstrap(values) == found


def test_interval_moves_and_stretches_with_its_values() -> None:
    values = list(np.random.default_rng(3).normal(80, 2, 12))
    found, moved = bootstrap(values), bootstrap([3 * value + 7 for value in values])
    assert isinstance(found, Estimate)
    assert isinstance(moved, Estimate)
    assert (moved.low, moved.high) == pytest.approx((3 * found.low + 7, 3 * found.high + 7))


@pytest.mark.parametrize(("values", "reason"), [([], "no value"), ([math.nan], "no finite value (1 left out)")])
def test_nothing_has_no_mean(values: list[float], reason: str) -> None:
    assert bootstrap(values) == NoTest(reason)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_few_values_have_no_interval(n: int) -> None:
    found = bootstrap([float(value) for value in range(n)])
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high) == ((n - 1) / 2, None, None)
    assert found.note == f"fewer than 5 values ({n}): a bootstrap interval would be too narrow"


def test_equal_values_have_a_point_for_an_interval() -> None:
    found = bootstrap([90.1] * 7)
    assert isinstance(found, Estimate)
    assert (found.low, found.value, found.high, found.note) == (90.1, 90.1, 90.1, "all 7 values are equal")


def test_values_that_differ_by_rounding_only_have_an_interval() -> None:
    found = bootstrap([90.1] * 6 + [math.nextafter(90.1, 91)])
    assert isinstance(found, Estimate)
    assert found.low == pytest.approx(90.1)
    assert found.high == pytest.approx(90.1)


def test_values_that_are_not_finite_are_left_out_and_counted() -> None:
    found, clean = bootstrap([1, 2, math.nan, 3, 4, math.inf, 6]), bootstrap([1, 2, 3, 4, 6])
    assert isinstance(found, Estimate)
    assert isinstance(clean, Estimate)
    assert (found.low, found.high, found.note) == (clean.low, clean.high, "2 not finite, left out")


def test_thousands_of_ties() -> None:
    found = bootstrap([0.0] * 1000 + [1.0] * 1000)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx((0.478, 0.522), abs=0.002)
