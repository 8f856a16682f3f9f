"""Percent become steps and little blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.scale import Ink
from tui.widgets.spark import spark, step


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_is_never_a_lower_step(one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert 0 <= step(low) <= step(high) <= 7  # type: ignore[operator]


def test_ends_of_the_steps_and_what_is_not_measured() -> None:
    assert [step(value) for value in (0, 12.4, 12.5, 99.9, 100, 130, -1, None)] == [0, 0, 1, 7, 7, 7, 0, None]


@pytest.mark.parametrize(("ink", "drawn"), [(Ink.COLOUR, "  ▁ █▅"), (Ink.SHADES, "  ▁ █▅"), (Ink.ASCII, "  _ #+")])
def test_the_newest_stands_at_the_right_and_a_gap_is_blank(ink: Ink, drawn: str) -> None:
    assert spark([0, None, 7, 4], 6, ink) == drawn
    assert spark([0, None, 7, 4], 2, ink) == drawn[-2:]
