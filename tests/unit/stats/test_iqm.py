"""Interquartile mean against its definition and all resamples."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import trim_mean

from l2t.stats import Estimate, NoTest, iqm

TASKS = st.lists(st.lists(st.integers(0, 100).map(float), min_size=1, max_size=6), min_size=1, max_size=5)


def middle(values: list[float]) -> float:
    """Mean of what remains when the smallest and the largest quarter are struck off, one by one."""
    values = sorted(values)
    for _ in range(len(values) // 4):
        values = values[1:-1]
    return sum(values) / len(values)


@settings(deadline=None, max_examples=40)
@given(TASKS)
def test_value_is_the_mean_of_the_middle_half(tasks: list[list[float]]) -> None:
    found = iqm(tasks)
    assert isinstance(found, Estimate)
    pooled = [value for runs in tasks for value in runs]
    assert found.value == pytest.approx(middle(pooled))
    assert found.value == pytest.approx(trim_mean(pooled, 0.25))
    if found.low is not None and found.high is not None:
        assert min(pooled) <= found.low <= found.high <= max(pooled)


def test_interval_is_that_of_all_stratified_resamples() -> None:
    tasks = [[1.0, 2.2, 4.1], [10.0, 11.5, 12.1], [3.0, 5.3, 8.8]]
    every = [
        middle([*a, *b, *c])
        for a in product(tasks[0], repeat=3)
        for b in product(tasks[1], repeat=3)
        for c in product(tasks[2], repeat=3)
    ]
    found = iqm(tasks)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx(np.quantile(every, [0.025, 0.975]), abs=0.1)


def test_strata_are_kept() -> None:
    # Without them a resample of these two tasks could have more of one than of the other.
    found = iqm([[0.0] * 5, [100.0] * 5])
    assert isinstance(found, Estimate)
    assert found.low == found.value == found.high == 50


def test_equal_inputs_give_equal_bits_in_any_order_of_runs() -> None:
    assert iqm([[1.0, 2.0, 3.5], [4.0, 7.0]]) == iqm([[3.5, 1.0, 2.0], [7.0, 4.0]])


def test_many_runs_are_resampled_in_parts() -> None:
    rng = np.random.default_rng(0)
    found = iqm([list(rng.integers(0, 5, 1500).astype(float)) for _ in range(2)])
    assert isinstance(found, Estimate)
    assert found.low is not None
    assert found.low < found.value


@pytest.mark.parametrize("tasks", [[[1.0], [2.0]], [[5.0]]])
def test_single_runs_have_no_interval(tasks: list[list[float]]) -> None:
    found = iqm(tasks)
    assert isinstance(found, Estimate)
    assert (found.low, found.high, found.note) == (None, None, "no task has two runs")


def test_missing_runs_are_said() -> None:
    found = iqm([[1.0, math.nan, 2.0], [3.0, 4.0, 5.0]])
    assert isinstance(found, Estimate)
    assert found.note == "1 not finite, left out; tasks weigh by their numbers of runs, which differ"


def test_nothing_has_no_mean() -> None:
    assert iqm([]) == NoTest("no task")
    assert iqm([[1.0], []]) == NoTest("a task has no finite value")
