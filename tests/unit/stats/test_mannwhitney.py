"""Mann–Whitney U against the enumeration of all rankings, scipy, and its refusals."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import rankdata

from l2t.stats import NoTest, PValue, mann_whitney

TIED = st.lists(st.integers(0, 4).map(float), min_size=5, max_size=6)


def enumerated(values: list[float], other: list[float]) -> float:
    """p by counting all rankings that are at least as far from the mean of U."""
    pooled = sorted([*values, *other])
    n, m = len(values), len(other)
    centre = n * m / 2

    def u(ranks: tuple[int, ...]) -> float:
        return sum(ranks) + n - n * (n + 1) / 2

    observed = abs(u(tuple(pooled.index(value) for value in values)) - centre)
    all_u = [u(ranks) for ranks in combinations(range(n + m), n)]
    return sum(abs(value - centre) >= observed for value in all_u) / len(all_u)


@pytest.mark.parametrize("seed", range(5))
def test_exact_p_equals_the_enumeration_of_all_rankings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, other = list(rng.normal(0.5, 1, 5)), list(rng.normal(0, 1, 6))
    result = mann_whitney(values, other)
    assert isinstance(result, PValue)
    assert result.method == "exact"
    assert result.p == pytest.approx(enumerated(values, other))


def test_complete_separation_of_five_and_five_has_p_two_in_252() -> None:
    result = mann_whitney([6, 7, 8, 9, 10], [1, 2, 3, 4, 5])
    assert isinstance(result, PValue)
    assert (result.statistic, result.p) == (25, pytest.approx(2 / 252))


@settings(deadline=None, max_examples=30)
@given(TIED, TIED)
def test_with_ties_p_equals_the_enumeration_of_all_assignments(values: list[float], other: list[float]) -> None:
    assume(1 < len({*values, *other}) < len(values) + len(other))
    both, greater = mann_whitney(values, other), mann_whitney(values, other, "greater")
    assert isinstance(both, PValue)
    assert isinstance(greater, PValue)
    assert both.method == greater.method == "exact permutation distribution given the ties"
    ranks = rankdata([*values, *other])
    centre = len(values) * ranks.mean()
    observed = ranks[: len(values)].sum()
    sums = np.array([sum(taken) for taken in combinations(ranks, len(values))])
    assert both.p == pytest.approx(np.mean(abs(sums - centre) >= abs(observed - centre)))
    assert greater.p == pytest.approx(np.mean(sums >= observed))
    assert both.statistic == stats.mannwhitneyu(values, other).statistic


def test_with_ties_p_of_thirty_agrees_with_random_assignments() -> None:
    rng = np.random.default_rng(8)
    values, other = rng.integers(0, 12, 30) + 1.0, rng.integers(0, 12, 30) + 0.0
    ranks = rankdata([*values, *other])
    drawn = rng.permuted(np.tile(ranks, (40_000, 1)), axis=1)[:, :30].sum(axis=1)
    result = mann_whitney(list(values), list(other))
    assert isinstance(result, PValue)
    far = abs(ranks[:30].sum() - 30 * 30.5)
    assert result.p == pytest.approx(np.mean(abs(drawn - 30 * 30.5) >= far), abs=0.01)


def test_beyond_fifty_a_side_p_is_the_normal_approximation_by_hand() -> None:
    values, other = [88.5, 90.5, 90.5, 91, 92, 93] * 9, [85, 86, 88.5, 88.5, 89, 90.5] * 9
    result = mann_whitney(values, other)
    assert isinstance(result, PValue)
    assert result.method == "asymptotic, corrected for ties and continuity"
    ties = 2 * (27**3 - 27) + 6 * (9**3 - 9)  # 88.5 and 90.5; the six others
    sd = math.sqrt(54 * 54 / 12 * (109 - ties / (108 * 107)))
    z = (result.statistic - 54 * 54 / 2 - 0.5) / sd
    assert (result.statistic, result.p) == (32 * 81, pytest.approx(math.erfc(z / math.sqrt(2))))


@pytest.mark.parametrize("sizes", [(5, 6), (30, 30), (60, 30)])
def test_one_sided_p_is_that_of_scipy_and_its_name_says_so(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    values, other = (list(rng.normal(size=size)) for size in sizes)
    greater, less = mann_whitney(values, other, "greater"), mann_whitney(other, values, "greater")
    assert isinstance(greater, PValue)
    assert isinstance(less, PValue)
    method = "exact" if max(sizes) <= 50 else "asymptotic"
    assert greater.test == "Mann–Whitney U, one-sided (greater)"
    assert greater.method.split(",")[0] == method
    assert greater.p == stats.mannwhitneyu(values, other, alternative="greater", method=method).pvalue
    assert less.p == pytest.approx(stats.mannwhitneyu(values, other, alternative="less", method=method).pvalue)


def test_thousands_of_ties_and_large_samples_are_asymptotic() -> None:
    rng = np.random.default_rng(0)
    values, other = rng.integers(0, 5, 3000), rng.integers(0, 5, 3000)
    result = mann_whitney(list(map(float, values)), list(map(float, other)))
    assert isinstance(result, PValue)
    expected = stats.mannwhitneyu(values, other, method="asymptotic").pvalue
    assert (result.method.split(",")[0], result.p) == ("asymptotic", pytest.approx(expected))


def test_the_sides_can_be_swapped() -> None:
    rng = np.random.default_rng(1)
    values, other = list(rng.normal(size=30)), list(rng.normal(size=20))
    forth, back = mann_whitney(values, other), mann_whitney(other, values)
    assert isinstance(forth, PValue)
    assert isinstance(back, PValue)
    assert forth.p == pytest.approx(back.p)
    assert forth.statistic + back.statistic == 600


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_fewer_than_five_a_side_are_not_tested(n: int) -> None:
    assert mann_whitney([float(value) for value in range(n)], [1, 2, 3, 4, 5]) == NoTest(
        f"fewer than 5 a side ({n} and 5)"
    )


def test_equal_values_are_not_tested() -> None:
    assert mann_whitney([1] * 5, [1] * 6) == NoTest("all values are equal")


def test_nan_is_not_tested() -> None:
    assert mann_whitney([1, 2, 3, 4, math.nan], [1, 2, 3, 4, 5]) == NoTest("1 of the values is not finite")
