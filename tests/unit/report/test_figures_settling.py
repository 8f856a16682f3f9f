"""When values settle, against a plain reading of the definition."""

import random
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.report.settling import settled, settled_each, together
from l2t.stats import summarize


def plain(course: dict[int, float]) -> int:
    """Each epoch from the first on: are all values from there to the end within 5 % of the range of the end?"""
    values = list(course.values())
    allowed = 0.05 * (max(values) - min(values))
    return next(
        epoch
        for epoch in course
        if all(abs(value - values[-1]) <= allowed for later, value in course.items() if later >= epoch)
    )


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=60).filter(lambda values: len(set(values)) > 1))
def test_it_is_the_first_epoch_from_which_all_are_near_the_end(values: list[float]) -> None:
    course = {3 * epoch: value for epoch, value in enumerate(values)}
    found = settled(course)
    assert found is None or found == plain(course)
    assert found is not None or 0.05 * (max(values) - min(values)) == 0


def test_a_ramp_settles_at_95_percent_and_a_jump_at_once_after_it() -> None:
    assert settled({epoch: float(epoch) for epoch in range(101)}) == 95
    assert settled({epoch: float(epoch >= 7) for epoch in range(50)}) == 7


def test_a_value_that_comes_near_its_end_and_leaves_again_has_not_settled() -> None:
    course = dict.fromkeys(range(20), 1.0) | {0: 0.0, 10: 0.5}
    assert settled(course) == 11


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [2.0] * 9, [0.0, nan, 1.0, 1.0], [0.0, inf, 1.0, 1.0]])
def test_nothing_to_settle(values: list[float]) -> None:
    assert settled(dict(enumerate(values))) is None


def test_rounding_never_decides() -> None:
    course = {epoch: 1 - 2.0**-epoch for epoch in range(30)}
    assert settled(course) == settled(course, 0.02) == 5
    assert settled(course, 0.03) is None


def test_each_column_of_a_table_settles_as_it_does_alone() -> None:
    rng = np.random.default_rng(2)
    table = rng.normal(size=(12, 40)).cumsum(0).round(2)
    table[:, 0], table[5, 1], table[3, 2] = 1.0, nan, inf
    epochs = [3 * row for row in range(12)]
    for step in (0.0, 0.02):
        alone = [
            settled(dict(zip(epochs, column, strict=True)), step * float(max(map(abs, column))) if step else 0.0)
            for column in table.T
        ]
        assert settled_each(epochs, table, step) == alone
        assert sum(epoch is not None for epoch in alone) > (30 if step == 0 else 2)
    assert settled_each([0, 1], table[:2], 0.0) == [None] * 40


def test_runs_together_have_the_median_of_each_and_students_interval_over_them() -> None:
    rng = random.Random(1)
    runs = [[rng.randrange(100) for _ in range(5)] + [None] for _ in range(6)]
    found = together(runs)
    assert found is not None
    medians = [float(sorted(epoch for epoch in run if epoch is not None)[2]) for run in runs]
    assert found.epochs == tuple(medians)
    assert found.summary == summarize(medians)
    assert (found.values, found.still) == (30, 6)


def test_runs_in_which_nothing_moved_are_nothing() -> None:
    assert together([]) is None
    assert together([[None, None], []]) is None
    one = together([[None], [4]])
    assert one is not None
    assert (one.epochs, one.summary.n, one.summary.low) == ((4.0,), 1, None)
