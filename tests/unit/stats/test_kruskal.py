"""Kruskal–Wallis against its definition, the permutation distribution and the two-sample test."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import chi2, mannwhitneyu, rankdata

from l2t.stats import NoTest, PValue, kruskal

GROUPS = st.lists(st.lists(st.integers(0, 20).map(float), min_size=5, max_size=12), min_size=2, max_size=5)


def h(groups: list[list[float]]) -> float:
    """Kruskal & Wallis 1952 with their correction for ties: the share of the ranks' variance between groups."""
    ranks = rankdata(np.concatenate(groups))
    sizes = list(map(len, groups))
    means = [part.mean() for part in np.split(ranks, np.cumsum(sizes)[:-1])]
    between = sum(n * (mean - ranks.mean()) ** 2 for n, mean in zip(sizes, means, strict=True))
    return (len(ranks) - 1) * between / ((ranks - ranks.mean()) ** 2).sum()


@given(GROUPS)
def test_h_is_the_share_of_variance_between_groups(groups: list[list[float]]) -> None:
    assume(len({value for group in groups for value in group}) > 1)
    found = kruskal(groups)
    assert isinstance(found, PValue)
    assert found.statistic == pytest.approx(h(groups), abs=1e-9)
    assert found.p == pytest.approx(chi2.sf(found.statistic, len(groups) - 1))


def test_p_agrees_with_the_permutation_distribution() -> None:
    rng = np.random.default_rng(2)
    groups = [list(rng.normal(shift, 1, 15)) for shift in (0, 0.3, 0.8)]
    found = kruskal(groups)
    assert isinstance(found, PValue)
    pooled = np.concatenate(groups)
    drawn = [h([list(part) for part in np.split(rng.permutation(pooled), 3)]) for _ in range(4000)]
    assert found.p == pytest.approx(np.mean(np.array(drawn) >= found.statistic), abs=0.015)


def test_two_groups_are_mann_whitney_without_continuity() -> None:
    values, other = [1, 3, 4, 6, 7, 9], [2, 5, 8, 10, 11.5]
    found = kruskal([values, other])
    assert isinstance(found, PValue)
    assert found.p == pytest.approx(mannwhitneyu(values, other, method="asymptotic", use_continuity=False).pvalue)
    assert found.method == "asymptotic (χ², 1 degree of freedom), corrected for ties"


def test_thousands_of_ties() -> None:
    rng = np.random.default_rng(0)
    groups = [list(map(float, rng.integers(0, 3, 2000))) for _ in range(4)]
    found = kruskal(groups)
    assert isinstance(found, PValue)
    assert found.statistic == pytest.approx(h(groups))


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ([], "fewer than two groups (0)"),
        ([[1.0] * 5], "fewer than two groups (1)"),
        ([[], [1.0], [1.0, 2.0]], "fewer than 5 values (0, 1 and 2)"),
        ([[1.0] * 5, [1.0] * 6, [1.0] * 5], "all values are equal"),
        ([[1, 2, 3, 4, math.nan], [1, 2, 3, 4, 5]], "1 of the values is not finite"),
    ],
)
def test_bad_data_are_not_tested(groups: list[list[float]], reason: str) -> None:
    assert kruskal(groups) == NoTest(reason)
