"""Friedman and Nemenyi against Demšar's worked example, his table of q, and scikit-posthocs."""

import math
from itertools import combinations

import numpy as np
import pytest
import scikit_posthocs
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from l2t.stats import Friedman, NoTest, PValue, friedman

# Demšar 2006, table 6: AUC of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf on 14 data sets.
DEMSAR = [
    [0.763, 0.768, 0.771, 0.798],
    [0.599, 0.591, 0.590, 0.569],
    [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657],
    [0.882, 0.888, 0.886, 0.898],
    [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685],
    [0.583, 0.583, 0.563, 0.625],
    [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000],
    [0.940, 0.962, 0.965, 0.962],
    [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.9751, 0.975],  # printed as a tie, ranked 2 and 3
    [0.957, 0.978, 0.946, 0.970],
]

BLOCKS = st.integers(3, 6).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 9).map(float), min_size=k, max_size=k), min_size=5, max_size=12)
)


def test_demsars_example() -> None:
    found = friedman(DEMSAR)
    assert isinstance(found, Friedman)
    assert isinstance(found.test, PValue)
    assert found.ranks == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=5e-4)
    # He prints χ² = 9.28 without correction for ties; the correction divides by 1 − Σ(t³ − t) / n(k³ − k).
    ties = 1 - (6 + 6 + 60 + 6) / (14 * 60)
    assert found.test.statistic * ties == pytest.approx(9.28, abs=0.005)
    assert found.test.p == pytest.approx(chi2.sf(found.test.statistic, 3))
    assert found.critical == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), abs=5e-4)
    assert found.blocks == 14


@pytest.mark.parametrize(
    ("k", "q"), [(3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031), (9, 3.102), (10, 3.164)]
)
def test_critical_differences_have_demsars_q(k: int, q: float) -> None:
    found = friedman([[float(value) for value in range(k)]] * 6)
    assert isinstance(found, Friedman)
    assert found.critical is not None
    assert found.critical / math.sqrt(k * (k + 1) / 36) == pytest.approx(q, abs=1e-3)  # his table rounds q


@settings(deadline=None, max_examples=20)
@given(BLOCKS)
def test_pairs_beyond_the_critical_difference_are_those_of_scikit_posthocs(blocks: list[list[float]]) -> None:
    found = friedman(blocks)
    assert isinstance(found, Friedman)
    assume(found.critical is not None)
    p = scikit_posthocs.posthoc_nemenyi_friedman(np.array(blocks)).to_numpy()
    for i, j in combinations(range(len(found.ranks)), 2):
        distance = abs(found.ranks[i] - found.ranks[j])
        assert (distance > found.critical) == (p[i, j] < 0.05)


@settings(deadline=None, max_examples=40)
@given(BLOCKS)
def test_ranks_add_up_and_one_is_best(blocks: list[list[float]]) -> None:
    found = friedman(blocks)
    assert isinstance(found, Friedman)
    k = len(blocks[0])
    assert sum(found.ranks) == pytest.approx(k * (k + 1) / 2)
    best = friedman([[*row, max(row) + 1] for row in blocks])
    assert isinstance(best, Friedman)
    assert best.ranks[-1] == 1


@pytest.mark.parametrize(
    ("ranks", "critical", "alike"),
    [
        ((1.0, 2.0, 3.0), 0.5, ()),
        ((3.0, 1.0, 2.0), 1.0, ((1, 2), (2, 0))),
        ((1.0, 1.5, 2.0, 4.0), 1.2, ((0, 1, 2),)),
        ((1.0, 1.5, 2.0, 4.0), None, ()),
    ],
)
def test_bars_join_the_largest_sets_within_the_critical_difference(
    ranks: tuple[float, ...], critical: float | None, alike: tuple[tuple[int, ...], ...]
) -> None:
    assert Friedman(NoTest(""), ranks, critical, 9).alike == alike


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        ([[1.0, 2.0]] * 9, "fewer than three treatments (2)"),
        ([[1.0, 2.0, 3.0]], "fewer than 5 blocks (1)"),
        ([[1.0, 2.0, 3.0]] * 4, "fewer than 5 blocks (4)"),
        ([[7.0, 7.0, 7.0]] * 6, "all treatments tie in every block"),
    ],
)
def test_where_there_is_no_test_there_are_ranks(blocks: list[list[float]], reason: str) -> None:
    found = friedman(blocks)
    assert isinstance(found, Friedman)
    assert (found.test, found.critical) == (NoTest(reason), None)
    assert len(found.ranks) == len(blocks[0])


def test_bad_data_have_no_ranks() -> None:
    assert friedman([]) == NoTest("no block")
    assert friedman([[]]) == NoTest("no treatment")
    assert friedman([[1, 2, math.nan]]) == NoTest("1 of the values is not finite")
    with pytest.raises(ValueError, match="one value of every treatment"):
        friedman([[1, 2, 3], [1, 2]])


def test_thousands_of_ties() -> None:
    found = friedman([[0.0, 0.0, 1.0]] * 2000 + [[0.0, 1.0, 0.0]] * 2000 + [[1.0, 0.0, 0.0]] * 2000)
    assert isinstance(found, Friedman)
    assert isinstance(found.test, PValue)
    assert (found.ranks, found.test.p) == (pytest.approx((2, 2, 2)), pytest.approx(1))
