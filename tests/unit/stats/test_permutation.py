"""Permutation test of means against all assignments and the t-test."""

import math
from itertools import combinations
from typing import Literal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test, ttest_ind

from l2t.stats import NoTest, PValue, permutation

TENTHS = st.lists(st.integers(700, 720), min_size=5, max_size=6)
"""Accuracies in tenths of a percent: equal sums of them, added in another order, differ by rounding."""


def enumerated(values: list[int], other: list[int]) -> tuple[float, float]:
    """Upper tail and two-sided p; whole numbers, so sums tie exactly."""
    pooled = [*values, *other]
    sums = [sum(pooled[i] for i in taken) for taken in combinations(range(len(pooled)), len(values))]
    upper = sum(total >= sum(values) for total in sums) / len(sums)
    lower = sum(total <= sum(values) for total in sums) / len(sums)
    return upper, min(1, 2 * min(upper, lower))


@settings(deadline=None, max_examples=15)
@given(TENTHS, TENTHS)
def test_exact_p_is_that_of_all_assignments(tenths: list[int], other_tenths: list[int]) -> None:
    assume(len({*tenths, *other_tenths}) > 1)
    values, other = ([tenth / 10 for tenth in side] for side in (tenths, other_tenths))
    both, greater = permutation(values, other), permutation(values, other, "greater")
    assert isinstance(both, PValue)
    assert isinstance(greater, PValue)
    assert (greater.p, both.p) == pytest.approx(enumerated(tenths, other_tenths))
    assert both.statistic == pytest.approx(np.mean(values) - np.mean(other))
    assert both.method == f"exact, {math.comb(len(values) + len(other), len(values))} permutations"


def test_large_samples_are_drawn_and_agree_with_the_t_test() -> None:
    rng = np.random.default_rng(6)
    values, other = list(rng.normal(0.6, 1, 30)), list(rng.normal(0, 1, 30))
    found = permutation(values, other)
    assert isinstance(found, PValue)
    assert found.method == "Monte Carlo, 9,999 random permutations"
    assert found.p == pytest.approx(ttest_ind(values, other).pvalue, abs=0.01)
    assert permutation(values[::-1], other) == found


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize("sizes", [(9, 9), (20, 7), (6, 30)])
def test_drawn_p_is_scipys_but_for_the_draw(
    sizes: tuple[int, int], alternative: Literal["two-sided", "greater"]
) -> None:
    rng = np.random.default_rng(sizes)
    # Tenths, as accuracies are: many assignments have the same mean, and no two sums of theirs the same rounding.
    values, other = (list(np.round(rng.normal(shift, 1, n), 1)) for shift, n in zip((0.5, 0), sizes, strict=True))
    found = permutation(values, other, alternative)
    oracle = permutation_test(
        (values, other),
        lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        n_resamples=99_999,
        vectorized=True,
        alternative=alternative,
        rng=np.random.default_rng(8),
    )
    assert isinstance(found, PValue)
    assert found.method.startswith("Monte Carlo")
    assert found.statistic == pytest.approx(oracle.statistic)
    assert found.p == pytest.approx(oracle.pvalue, abs=0.02)


def test_drawn_assignments_that_equal_the_observed_count_whatever_their_rounding() -> None:
    values = [0.1] * 5 + [0.3] * 5
    found = permutation(values, values)
    assert isinstance(found, PValue)
    assert (found.method, found.p) == ("Monte Carlo, 9,999 random permutations", 1)


def test_drawn_p_is_never_zero() -> None:
    found = permutation([float(value) for value in range(30)], [float(value) for value in range(100, 130)])
    assert isinstance(found, PValue)
    assert found.p == pytest.approx(2 / 10_000)


def test_thousands_of_ties() -> None:
    found = permutation([0.0, 1.0] * 700, [1.0, 0.0] * 700)
    assert isinstance(found, PValue)
    assert (found.statistic, found.p) == (0, 1)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_values_are_not_tested(n: int) -> None:
    assert permutation([1.0] * n, [1, 2, 3, 4, 5]) == NoTest(f"fewer than 5 a side ({n} and 5)")


def test_bad_data_are_not_tested() -> None:
    assert permutation([1.0] * 5, [1.0] * 5) == NoTest("all values are equal")
    assert permutation([1, 2, 3, 4, math.nan], [1, 2, 3, 4, 5]) == NoTest("1 of the values is not finite")
