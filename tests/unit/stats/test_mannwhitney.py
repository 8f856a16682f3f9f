"""Mann–Whitney U against the enumeration of all rankings, scipy, and its refusals."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from l2t.stats import NoTest, PValue, mann_whitney


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


def test_ties_make_it_asymptotic_and_the_result_says_so() -> None:
    values, other = [88.5, 90.5, 90.5, 91, 92, 93], [85, 86, 88.5, 88.5, 89, 90.5]
    result = mann_whitney(values, other)
    assert isinstance(result, PValue)
    assert result.method == "asymptotic, corrected for ties and continuity"
    # Normal approximation by hand: U = 31.5, tie-corrected variance.
    ties = 3**3 - 3 + 3**3 - 3
    sd = math.sqrt(36 / 12 * (13 - ties / (12 * 11)))
    assert result.p == pytest.approx(math.erfc((result.statistic - 18 - 0.5) / sd / math.sqrt(2)))


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
