"""Dots stand at their values' columns, whatever the values, the width and the characters there are."""

import asyncio
import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Size

from tui.ascii import spelt
from tui.widgets.scale import Ink, Scale
from tui.widgets.strip import Sample, StripPlot, axis_line, interval_line, place, stack


def plotted(samples: list[Sample], *sizes: tuple[int, int], ink: Ink = Ink.SHADES) -> list[list[str]]:
    """The lines of a strip plot at each of the sizes."""
    found = []

    class Harness(App[None]):
        def compose(self) -> ComposeResult:
            yield StripPlot("%")

    async def play() -> None:
        app = Harness()
        async with app.run_test(size=(80, 24)):
            strip = app.query_one(StripPlot)
            strip.ink = ink
            strip.show(samples)
            for size in sizes:
                found.append(["".join(text for text, _ in line) for line in strip.lines(*size)])

    asyncio.run(play())
    return found


def test_dots_stand_at_their_values_and_those_that_coincide_are_counted() -> None:
    samples = [Sample("a", (70.0, 71.0, 71.0, 73.5, 80.0)), Sample("b", (75.0, 79.0))]
    assert plotted(samples, (53, 3))[0] == [
        "a •    2         ┃  •                               •",
        "b                          •         ┃         •     ",
        "% │70       │72       │74       │76       │78     80│",
    ]


def test_where_there_is_room_dots_are_stacked_above_the_interval() -> None:
    assert plotted([Sample("a", (70.0, 71.0, 71.0, 80.0), half=3.0)], (53, 4))[0] == [
        "       •                                             ",
        "a •    •                                            •",
        "  ├──────────────┃──────────────┤                    ",
        "% │70       │72       │74       │76       │78     80│",
    ]


def test_ascii_has_ascii_only() -> None:
    samples = [Sample("a", (70.0, 71.0, 71.0, 72.5, 80.0), half=3.0), Sample("b", (75.0,))]
    lines = plotted(samples, (43, 3), ink=Ink.ASCII)[0]
    assert [spelt(line) for line in lines] == [
        "a *---2-----*-|-----------+               *",
        "b                     *                    ",
        "% |70                 |75               80|",
    ]
    assert "".join(lines[:2]).translate({ord(mark): None for mark in "─┃┤"}).isascii()


@pytest.mark.parametrize(("values", "mark"), [((70.0,), "•"), ((70.0,) * 9, "9"), ((70.0,) * 10, "#")])
def test_one_value_and_equal_values_stand_in_the_middle(values: tuple[float, ...], mark: str) -> None:
    line, axis = plotted([Sample("a", values, half=0.0)], (43, 2))[0]
    assert line == f"a {' ' * 20}{mark}{' ' * 20}"
    assert axis == "% │69.0     │69.5     │70.0     │70.5 71.0│"


def test_dots_that_hide_interval_or_mean_are_marked() -> None:
    strip = StripPlot("%")
    strip.set_reactive(StripPlot.ink, Ink.SHADES)
    strip.show([Sample("a", (60.0, 69.0, 70.0, 70.0, 71.0, 80.0), half=2.0)])
    [(_, *pieces, _), _] = strip.lines(43, 2)
    assert "".join(text for text, style in pieces if style.underline) == "••"
    assert "".join(text for text, style in pieces if style.reverse) == "2"


def test_what_is_no_number_is_left_out() -> None:
    strange = Sample("a", (None, 70.0, math.nan, 71.0, math.inf, 71.0, -math.inf), half=math.nan)
    plain = Sample("a", (70.0, 71.0, 71.0))
    assert plotted([strange], (60, 4)) == plotted([plain], (60, 4))
    assert plotted([Sample("a", (None, math.nan))], (60, 4)) == [["no accuracy to plot yet"]]


def test_a_wide_interval_leaves_half_of_the_axis_to_the_values() -> None:
    line, _ = plotted([Sample("a", (80.0, 82.0), half=50.0)], (43, 2))[0]
    assert line == "a ←─────────•─────────┃─────────•─────────→"


def test_those_that_have_no_room_are_counted() -> None:
    samples = [Sample(name, (at,), said=(f"{name} is long", name)) for at, name in enumerate("abcdefg")]
    low, high = plotted(samples, (80, 5), (80, 8))
    assert [line[0] for line in low] == ["a", "b", "c", "d", "%"]
    assert low[-1].endswith("  +3 more")
    assert high[-1].endswith("  ┃ mean  ─ 95 %")


def test_what_is_said_beside_is_as_long_as_there_is_room() -> None:
    samples = [Sample("a", (1.0,), said=("x" * 30, "y" * 15)), Sample("b", (2.0,), said=("z", "w"))]
    wide, middle, narrow = plotted(samples, (80, 3), (60, 3), (50, 3))
    assert [line.split()[-1] for line in wide[:2]] == ["x" * 30, "z"]
    assert [line.split()[-1] for line in middle[:2]] == ["y" * 15, "w"]
    assert len(narrow[0]) == len(narrow[1]) == 50


def test_its_height_leaves_room_for_others() -> None:
    async def heights(samples: int) -> list[int]:
        class Harness(App[None]):
            def compose(self) -> ComposeResult:
                yield StripPlot("%")

        app = Harness()
        async with app.run_test():
            strip = app.query_one(StripPlot)
            strip.show([Sample("a", (float(at),)) for at in range(samples)])
            return [strip.get_content_height(Size(80, 9), Size(80, height), 80) for height in (10, 16, 24, 40)]

    assert asyncio.run(heights(0)) == [0, 0, 0, 0]
    assert asyncio.run(heights(1)) == [0, 2, 4, 4]
    assert asyncio.run(heights(4)) == [0, 2, 5, 13]
    assert asyncio.run(heights(20)) == [0, 2, 6, 14]


def test_every_width_and_height_is_drawn() -> None:
    samples = [
        Sample("▲ scratch", (61.2, 63.9, 63.9, 70.1), 4.2, ("63.9 ± 4.2  +5.4 p 0.012", "+5.4 p 0.012", "")),
        Sample("◆ other", (59.0, None), None, ("59.0  baseline", "baseline", "")),
        Sample("  ufm", (), None, ("no result", "no test", "")),
    ]
    sizes = [(width, height) for width in range(1, 201) for height in (1, 2, 3, 4, 7, 14)]
    for (width, height), lines in zip(sizes, plotted(samples, *sizes), strict=True):
        assert all(len(line) <= max(width, 3) for line in lines)
        if height > 3:
            assert len(lines) <= height
            dots = "".join(line[: width - 26] for line in lines[:-1])
            assert width < 80 or sum(dots.count(mark) for mark in "•") + 2 * dots.count("2") == 5


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40), st.integers(1, 200))
def test_order_and_ends_are_kept(values: list[float], columns: int) -> None:
    scale = Scale(min(values), max(values))
    places = [place(value, scale, columns) for value in sorted(values)]
    assert places == sorted(places)
    if scale.high > scale.low:
        assert (places[0], places[-1]) == (0, columns - 1)
    sample = Sample("a", tuple(values))
    line = interval_line(sample, scale, columns)
    assert len(line) == columns
    assert line.index("┃") == place(fmean(values), scale, columns)


@given(st.floats(0, 99), st.floats(1e-6, 100), st.integers(1, 200))
def test_ticks_stand_at_their_values(low: float, span: float, columns: int) -> None:
    scale = Scale(low, low + span)
    line = axis_line(scale, columns)
    assert len(line) == columns
    for word in line.split():
        text = word.strip("│")
        at = line.index(word) + (0 if word.startswith("│") else len(word) - 1)
        value = float(text.replace("−", "-"))
        rounding = 0.5 * 10.0 ** -len(text.partition(".")[2]) + 1e-9
        near = {place(value + by, scale, columns) for by in (-rounding, 0.0, rounding)}
        assert min(near) <= at <= max(near)
    assert columns < 40 or line.strip()


@given(st.integers(1, 30), st.integers(1, 3), st.booleans())
def test_a_stack_has_as_many_dots_or_their_number(count: int, levels: int, ascii: bool) -> None:
    found = stack(count, levels, ascii)
    assert len(found) == levels
    if count <= levels:
        assert found.strip() == ("*" if ascii else "•") * count
    else:
        assert found.strip() == (str(count) if count < 10 else "#")
