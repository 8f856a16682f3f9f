"""Wilcoxon signed-rank against the enumeration of all signs, and its refusals."""

import math
from itertools import product

import numpy as np
import pytest

from l2t.stats import NoTest, PValue, wilcoxon


def enumerated(differences: list[float]) -> float:
    """p by counting all assignments of signs whose rank sum is at least as extreme."""
    ranks = [sorted(map(abs, differences)).index(abs(value)) + 1 for value in differences]
    centre = sum(ranks) / 2
    observed = abs(sum(rank for rank, value in zip(ranks, differences, strict=True) if value > 0) - centre)
    sums = [sum(r for r, on in zip(ranks, signs, strict=True) if on) for signs in product((0, 1), repeat=len(ranks))]
    return sum(abs(value - centre) >= observed for value in sums) / len(sums)


@pytest.mark.parametrize("seed", range(5))
def test_exact_p_equals_the_enumeration_of_all_signs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, other = rng.normal(0.5, 1, 8), rng.normal(0, 1, 8)
    result = wilcoxon(list(values), list(other))
    assert isinstance(result, PValue)
    assert result.method == "exact"
    assert result.p == pytest.approx(enumerated(list(values - other)))


def test_five_pairs_of_one_sign_have_p_two_in_32() -> None:
    result = wilcoxon([1, 2, 3, 4, 5], [0, 0, 0, 0, 0])
    assert isinstance(result, PValue)
    assert (result.statistic, result.p) == (0, pytest.approx(2 / 32))


def test_differences_that_tie_but_for_rounding_are_ties() -> None:
    result = wilcoxon([0.3, 0.5, 0.9, 1.1, 1.9], [0.1, 0.3, 0.1, 0.2, 0.2])
    assert isinstance(result, PValue)
    assert result.method == "asymptotic, corrected for ties and continuity"


def test_equal_pairs_are_left_out_and_counted() -> None:
    result = wilcoxon([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 6])
    assert isinstance(result, PValue)
    assert (result.method, result.p) == ("exact, 1 equal pair left out", pytest.approx(2 / 32))


def test_pairs_that_hardly_differ_are_not_tested() -> None:
    assert wilcoxon([1, 2, 3, 4, 5], [1, 2, 3, 4, 6]) == NoTest("fewer than 5 pairs differ (1 of 5)")


def test_fewer_than_five_pairs_are_not_tested() -> None:
    assert wilcoxon([1, 2], [3, 4]) == NoTest("fewer than 5 a side (2 and 2)")


def test_nan_is_not_tested() -> None:
    assert wilcoxon([math.nan] * 5, [1, 2, 3, 4, 5]) == NoTest("5 of the values are not finite")


def test_unpaired_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="pairs are needed, got 2 and 1"):
        wilcoxon([1, 2], [1])
