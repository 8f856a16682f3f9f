"""The three-way answer against draws from the posterior and the t-test."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from l2t.stats import NoTest, ThreeWay, bayes

PAIRS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=5, max_size=30)


@given(PAIRS, st.floats(0, 50))
def test_the_three_sum_to_one_and_without_rope_are_the_one_sided_t_test(
    pairs: list[tuple[int, int]], rope: float
) -> None:
    values, other = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    assume(len({a - b for a, b in pairs}) > 1)
    found, sharp = bayes(values, other, rope), bayes(values, other, 0)
    assert isinstance(found, ThreeWay)
    assert isinstance(sharp, ThreeWay)
    assert found.worse + found.equivalent + found.better == pytest.approx(1)
    assert min(found.worse, found.equivalent, found.better) >= 0
    test = ttest_rel(values, other, alternative="greater")
    assert sharp.worse == pytest.approx(test.pvalue, abs=1e-12)
    interval = ttest_rel(values, other).confidence_interval()
    assert (sharp.low, sharp.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("correlation", [0, 0.1, 0.5])
def test_probabilities_are_frequencies_of_posterior_draws(correlation: float) -> None:
    rng = np.random.default_rng(4)
    other = rng.normal(50, 3, 12)
    values = other + rng.normal(0.8, 1.5, 12)
    differences = values - other
    # Normal-inverse-χ² with the flat prior: first the variance, then the mean given it.
    variance = 11 * differences.var(ddof=1) / rng.chisquare(11, 200_000)
    spread = np.sqrt(variance * (1 / 12 + correlation / (1 - correlation)))
    means = rng.normal(differences.mean(), spread)
    found = bayes(list(values), list(other), 1, correlation)
    assert isinstance(found, ThreeWay)
    drawn = (np.mean(means < -1), np.mean(abs(means) <= 1), np.mean(means > 1))
    assert (found.worse, found.equivalent, found.better) == pytest.approx(drawn, abs=0.005)
    assert (found.low, found.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.05)


def test_swapped_sides_swap_worse_and_better() -> None:
    values, other = [1, 2, 4, 8, 9.5], [1.5, 1, 2, 5, 9]
    forth, back = bayes(values, other, 0.5), bayes(other, values, 0.5)
    assert isinstance(forth, ThreeWay)
    assert isinstance(back, ThreeWay)
    assert (forth.worse, forth.better) == pytest.approx((back.better, back.worse))


def test_the_correlation_is_named() -> None:
    found = bayes([1, 2, 4, 8, 9.5], [1.5, 1, 2, 5, 9], 0.5, 0.1)
    assert isinstance(found, ThreeWay)
    assert found.method == "Bayesian correlated t-test, ρ = 0.1"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_pairs_have_no_answer(n: int) -> None:
    assert bayes([1.0] * n, [2.0] * n, 1) == NoTest(f"fewer than 5 a side ({n} and {n})")


def test_bad_data_have_no_answer() -> None:
    assert bayes([3.0] * 5, [1.0] * 5, 1) == NoTest("all differences are 2")
    assert bayes([1, 2, 3, 4, math.nan], [1, 2, 3, 4, 5], 1) == NoTest("1 of the values is not finite")


def test_bad_settings_are_errors() -> None:
    with pytest.raises(ValueError, match="pairs are needed, got 2 and 1"):
        bayes([1, 2], [1], 1)
    for rope, correlation in ((-1, 0), (math.nan, 0), (1, 1), (1, -0.1)):
        with pytest.raises(ValueError, match="rope must be ≥ 0"):
            bayes([1.0] * 5, [1.0] * 5, rope, correlation)
