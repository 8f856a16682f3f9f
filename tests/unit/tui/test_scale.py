"""Numbers become colours and shades: ends, what is no number, and legends that fit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.drawn import Drawn, ends, fitting, sentence, window
from tui.widgets.scale import SHADES, Ink, Scale, luminance, on, rgb, shade

NUMBERS = st.floats(width=16)


@given(st.lists(NUMBERS | st.none()))
def test_every_number_has_a_part_and_a_colour(values: list[float | None]) -> None:
    scale = Scale.over(values)
    for value in values:
        part = scale.part(value)
        if value is None or math.isnan(value):
            assert part is None
        else:
            assert part is not None
            assert 0 <= part <= 1
            assert all(0 <= each <= 255 for each in rgb(part))
            assert all(shade(part, ink) in SHADES[ink] for ink in Ink)


def test_equal_ends_are_the_middle() -> None:
    assert Scale.over([1.0, 1.0]).part(1.0) == 0.5


def test_colours_grow_lighter_and_their_text_stays_readable() -> None:
    lightness = [luminance(rgb(at / 50)) for at in range(51)]
    assert lightness == sorted(lightness)
    assert all(abs(luminance(rgb(at / 50)) - luminance(on(rgb(at / 50)))) > 0.4 for at in range(51))


def test_ends_that_lie_close_are_told_apart() -> None:
    assert ends(Scale(0.9996, 1.0004)) == ("0.9996", "1.0004") or len(set(ends(Scale(0.9996, 1.0004)))) == 2
    assert ends(Scale(1, 1)) == ("1", "1")


@pytest.mark.parametrize("ink", list(Ink))
@given(width=st.integers(1, 60), low=st.floats(0, 2, width=16), high=st.floats(0, 2, width=16))
def test_a_legend_fits_and_names_its_ends(ink: Ink, width: int, low: float, high: float) -> None:
    widget = Drawn()
    widget.set_reactive(Drawn.ink, ink)
    scale = Scale(min(low, high), max(low, high))
    text = "".join(piece for piece, _ in widget.legend(scale, "γ", width))
    assert len(text) <= width
    if width >= 20:
        assert all(end in text for end in ends(scale))


@given(st.text("ab ", max_size=60), st.integers(1, 20))
def test_a_sentence_keeps_its_words(text: str, width: int) -> None:
    lines = [line[0][0] for line in sentence(text, width)]
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or " " not in line for line in lines)


@given(st.data(), st.integers(1, 30), st.integers(1, 30))
def test_a_window_holds_the_chosen_one(data: st.DataObject, count: int, shown: int) -> None:
    chosen = data.draw(st.integers(0, count - 1))
    first = window(chosen, data.draw(st.integers(0, count)), shown, count)
    assert first <= chosen < first + shown
    assert 0 <= first <= max(count - shown, 0)


def test_clauses_are_dropped_whole() -> None:
    assert [fitting(["abc", "de", "f"], width) for width in (2, 6, 7, 10)] == ["ab", "abc, f", "abc, de", "abc, de, f"]
