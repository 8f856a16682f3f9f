"""Ticks are round, few and distinct; numbers are short and keep what tells."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.axis import labels, log_ticks, number, ticks

NUMBERS = st.floats(-1e12, 1e12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), "?"),
        (float("-inf"), "−inf"),
        (0.0, "0"),
        (0.5, "0.5"),
        (0.03126, "0.0313"),
        (1.795490931, "1.795"),
        (45.2, "45.2"),
        (1234.5, "1234"),
        (12345, "12.35k"),
        (-2e-5, "−2e−5"),
        (4.123e-4, "4.12e−4"),
        (3e15, "3e15"),
    ],
)
def test_numbers_for_people(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(allow_nan=True), st.integers(3, 6))
def test_a_number_is_short(value: float, digits: int) -> None:
    assert len(number(value, digits)) <= digits + 6


@given(NUMBERS, st.floats(1e-6, 1e12), st.integers(1, 12))
def test_ticks_lie_inside_equally_far_apart_and_have_labels_of_their_own(low: float, width: float, most: int) -> None:
    found = ticks(low, low + width, most)
    assert len(found) <= most
    slack = 1e-6 * width + 1e-6 * abs(low)
    assert all(low - slack <= each <= low + width + slack for each in found)
    if len(found) > 1 and width > 1e-3 * abs(low):
        assert len(set(labels(found))) == len(found)


@given(st.floats(-290, 290), st.floats(0.01, 300), st.integers(1, 12))
def test_log_ticks_lie_inside(power: float, powers: float, most: int) -> None:
    low, high = 10**power, 10 ** min(power + powers, 300)
    found = log_ticks(low, high, most)
    assert len(found) <= most
    assert all(low * 0.999 <= each <= high * 1.001 for each in found)
    assert all(a < b for a, b in itertools.pairwise(found))


def test_labels_show_as_many_decimals_as_tell_them_apart() -> None:
    assert labels(ticks(0, 0.1, 6)) == ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"]
    assert labels(ticks(0, 20_000, 5)) == ["0", "5k", "10k", "15k", "20k"]
    assert labels(ticks(40, 60, 3), "%") == ["40 %", "50 %", "60 %"]
    assert labels([1.0, 2.0, 5.0, 10.0]) == ["1", "2", "5", "10"]
    assert labels(ticks(1.2e-4, 1.6e-4, 5)) == ["1.2e−4", "1.3e−4", "1.4e−4", "1.5e−4", "1.6e−4"]
