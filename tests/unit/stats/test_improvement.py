"""Probability of improvement against the count of all pairs and all resamples."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from l2t.stats import Estimate, NoTest, improvement

RUNS = st.lists(st.integers(0, 20).map(float), min_size=1, max_size=6)
SIDES = st.lists(st.tuples(RUNS, RUNS), min_size=1, max_size=4)


def won(values: tuple[float, ...] | list[float], other: tuple[float, ...] | list[float]) -> float:
    """Share of pairs won, by counting."""
    return sum((a > b) + (a == b) / 2 for a in values for b in other) / (len(values) * len(other))


@settings(deadline=None, max_examples=40)
@given(SIDES)
def test_value_is_the_mean_over_tasks_of_the_share_of_pairs_won(sides: list[tuple[list[float], list[float]]]) -> None:
    ours, theirs = [a for a, _ in sides], [b for _, b in sides]
    found, back = improvement(ours, theirs), improvement(theirs, ours)
    assert isinstance(found, Estimate)
    assert isinstance(back, Estimate)
    assert found.value == pytest.approx(np.mean([won(a, b) for a, b in sides]))
    assert found.value == pytest.approx(np.mean([mannwhitneyu(a, b).statistic / len(a) / len(b) for a, b in sides]))
    assert found.value + back.value == pytest.approx(1)
    if found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.high <= 1


def test_interval_is_that_of_all_stratified_resamples() -> None:
    ours, theirs = [[3.0, 5.0, 9.0], [1.0, 7.0]], [[2.0, 4.0, 6.0], [3.0, 8.0]]
    first = [won(a, b) for a in product(ours[0], repeat=3) for b in product(theirs[0], repeat=3)]
    second = [won(a, b) for a in product(ours[1], repeat=2) for b in product(theirs[1], repeat=2)]
    every = [(p + q) / 2 for p in first for q in second]
    found = improvement(ours, theirs)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx(np.quantile(every, [0.025, 0.975]), abs=0.04)


def test_equal_inputs_give_equal_bits_in_any_order_of_runs() -> None:
    assert improvement([[1.0, 2.0, 5.0]], [[0.0, 3.0]]) == improvement([[5.0, 1.0, 2.0]], [[3.0, 0.0]])


def test_complete_superiority_is_certain_as_far_as_these_runs_go() -> None:
    found = improvement([[5.0, 6.0]], [[1.0, 2.0]])
    assert isinstance(found, Estimate)
    assert (found.low, found.value, found.high) == (1, 1, 1)


def test_thousands_of_ties() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = (list(map(float, rng.integers(0, 3, 1000))) for _ in range(2))
    found = improvement([ours], [theirs])
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(won(ours, theirs))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_single_runs_have_no_interval() -> None:
    found = improvement([[2.0], [1.0]], [[1.0], [2.0]])
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.note) == (0.5, None, "no task has two runs on a side")


def test_values_that_are_not_finite_are_left_out_and_counted() -> None:
    found = improvement([[2.0, 3.0, math.nan]], [[1.0, 2.5]])
    assert isinstance(found, Estimate)
    assert (found.value, found.note) == (0.75, "1 not finite, left out")


def test_bad_data() -> None:
    assert improvement([], []) == NoTest("no task")
    assert improvement([[1.0]], [[]]) == NoTest("a side of a task has no finite value")
    with pytest.raises(ValueError, match="the same tasks, got 1 and 2"):
        improvement([[1.0]], [[1.0], [2.0]])
