"""Curves in a line."""

from hypothesis import given
from hypothesis import strategies as st

from cli.sparkline import LEVELS, sparkline


def test_the_smallest_is_lowest_and_the_largest_highest() -> None:
    assert sparkline([1, 2, 3, 2, 1]) == "▁▅█▅▁"


def test_a_flat_curve_is_flat() -> None:
    assert sparkline([0.1, 0.1, 0.1]) == "▄▄▄"


def test_nothing_is_nothing() -> None:
    assert sparkline([]) == ""


@given(st.lists(st.floats(-1e6, 1e6), max_size=300), st.integers(1, 40))
def test_a_curve_is_never_wider_than_asked(values: list[float], width: int) -> None:
    text = sparkline(values, width)
    assert len(text) == min(width, len(values))
    assert set(text) <= set(LEVELS)
