"""Curves as they are drawn."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.drawn import Piece
from tui.widgets.plot import MARKS, SMOOTHING, Curve, Drawing, Plot
from tui.widgets.scale import Ink

VALUES = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1e-300, 1e300, 0.1])


def plain(lines: list[list[Piece]]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def plot(*curves: Curve, ink: Ink = Ink.SHADES, **options: str) -> Plot:
    made = Plot()
    made.set_reactive(Plot.ink, ink)
    made._drawing = Drawing(curves, **options)
    return made


@given(
    st.lists(VALUES, max_size=8),
    st.integers(0, 120),
    st.integers(0, 40),
    st.booleans(),
    st.integers(0, len(SMOOTHING) - 1),
    st.sampled_from(Ink),
    st.booleans(),
)
def test_whatever_the_values_and_the_size_something_fits_or_nothing_is_drawn(
    ys: list[float], width: int, height: int, log: bool, smoothing: int, ink: Ink, band: bool
) -> None:
    curve = Curve("a\x1bb", range(len(ys)), ys, (ys, ys) if band else None)
    made = plot(curve, Curve("other", range(3), (1.0, 2.0, 3.0)), ink=ink)
    made.look.log, made.look.smoothing = log, smoothing
    lines = plain(made.lines(width, height))
    assert all(len(line) <= max(width, 20) for line in lines)
    assert "\x1b" not in "".join(lines)
    if ink is Ink.ASCII:
        assert set("".join(lines)) & set(map(chr, range(0x2800, 0x2900))) == set()


def test_a_line_goes_from_corner_to_corner() -> None:
    lines = plain(plot(Curve("up", range(5), range(5)), title="t").lines(30, 10))
    assert lines[0] == "t"
    assert lines[1].endswith("⠉")
    assert lines[-1] == "up 4"
    assert lines[-2].split() == ["0", "2", "4"]


def test_the_cursor_tells_the_values_there_and_the_mark_tells_curves_apart() -> None:
    made = plot(Curve("a", range(5), range(5)), Curve("b", range(5), range(5, 10)))
    made.look.cursor = 2.0
    assert plain(made.lines(60, 10))[-1] == "epoch 2  o a 2   x b 7"


def test_a_logarithmic_axis_says_what_it_leaves_out() -> None:
    made = plot(Curve("a", range(4), (0.0, 1.0, 10.0, 100.0)), title="t")
    made.look.log = True
    lines = plain(made.lines(60, 12))
    assert lines[0] == "t, log, 1 values ≤ 0 left out"
    assert lines[-1] == "a 100"
    none = plot(Curve("a", range(2), (0.0, -1.0)))
    none.look.log = True
    assert plain(none.lines(60, 12)) == ["no value above 0: y turns to a linear axis"]


@pytest.mark.parametrize("value", [0.1, 5.0, -3.0, 0.0])
def test_equal_values_are_a_line_in_the_middle(value: float) -> None:
    lines = plain(plot(Curve("lr", range(20), [value] * 20)).lines(40, 11))
    drawn = [row for row, line in enumerate(lines[1:-3]) if any(0x2800 < ord(c) < 0x2900 for c in line)]
    assert drawn in ([3], [2, 3], [3, 4])


def test_nan_is_not_drawn() -> None:
    lines = plain(plot(Curve("a", range(3), (1.0, math.nan, 3.0))).lines(40, 10))
    assert lines[-1] == "a 3"


@pytest.mark.parametrize(("width", "takes"), [(78, 4), (118, 3), (158, 2)])
def test_eight_curves_are_told_apart_by_marks_and_a_legend_in_columns(width: int, takes: int) -> None:
    curves = [Curve(f"scratch, 10 shots, seed {at}", range(5), range(at, at + 5)) for at in range(8)]
    lines = plain(plot(*curves).lines(width, 19))
    assert len(lines) == 19
    legend = lines[-takes:]
    assert [line for line in lines if "seed" in line] == legend
    shown = " ".join(legend)
    assert all(f"{mark} scratch, 10 shots, seed {at} {at + 4}" in shown for at, mark in enumerate(MARKS))


def test_a_legend_without_room_says_how_many_it_leaves_out() -> None:
    curves = [Curve(f"seed {at}", range(5), range(at, at + 5)) for at in range(8)]
    assert plain(plot(*curves).lines(40, 10))[-1] == "o seed 0 4   x seed 1 5   +6"
    long = [Curve("a long name of a curve, longer than half a line", range(5), range(at, at + 5)) for at in range(8)]
    assert plain(plot(*long).lines(60, 19))[-1].endswith("+4")


def test_a_window_with_the_newest_point_moves_with_the_curve() -> None:
    made = plot(Curve("a", range(31), range(31)))
    made._drawing = Drawing(made._drawing.curves, until=100.0)
    made.look.window = (20.0, 30.0)
    made.draw(Drawing((Curve("a", range(34), range(34)),), until=100.0))
    assert made.look.window == (23.0, 33.0)
    made.look.window = (5.0, 10.0)
    made.draw(Drawing((Curve("a", range(40), range(40)),), until=100.0))
    assert made.look.window == (5.0, 10.0)


def test_zooming_keeps_the_place_that_is_pointed_at() -> None:
    made = plot(Curve("a", range(101), range(101)))
    made.zoom(0.5, 20.0)
    assert made.look.window == (10.0, 60.0)
    made.zoom(2.0, 20.0)
    assert made.look.window is None


def test_the_cursor_goes_from_point_to_point_to_both_ends() -> None:
    made = plot(Curve("a", range(3), range(3)))
    made.move(-1)
    assert made.look.cursor == 1
    for _ in range(5):
        made.move(-1)
    assert made.look.cursor == 0
    for _ in range(5):
        made.move(1)
    assert made.look.cursor == 2


def test_a_curve_is_worked_through_once_until_it_or_the_look_changes() -> None:
    made = plot(Curve("a", range(5), range(5)))
    first = made._curves()
    assert made._curves() is first
    made.toggle_log()
    assert [list(curve.xs) for curve in made._curves()] == [[1, 2, 3, 4]]
