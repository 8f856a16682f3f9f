"""Bars are sorted, say how concentrated they are, and show differences between nearly equal weights."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tui.widgets.bars import Bars, bar, summary
from tui.widgets.scale import Ink


def drawn(bars: Bars, width: int, height: int) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in bars.lines(width, height)]


def filled(values: list[float], ink: Ink = Ink.SHADES) -> Bars:
    bars = Bars()
    bars.set_reactive(Bars.ink, ink)
    bars.show(values)
    return bars


def test_bars_begin_at_nothing_and_the_mean_is_ticked() -> None:
    assert drawn(filled([0.1, 0.6, math.nan, 0.3]), 28, 6) == [
        "1 of 4 hold half",
        "1 0.600 ███████████│████████",
        "3 0.300 ██████████ │",
        "0 0.100 ███▍       │",
        "2     ?            │",
    ]


def test_nearly_equal_bars_begin_at_the_least() -> None:
    lines = drawn(filled([0.0160, 0.0161, 0.0150, 0.0154]), 70, 6)
    assert lines[0] == "2 of 4 hold half, bars from 0.015, │ mean 0.0156, 0 % below 0.001"
    assert lines[1].count("█") > 2 * lines[3].count("█") > lines[4].count("█") == 0


@given(st.lists(st.floats(width=16), max_size=20), st.integers(1, 60), st.integers(1, 9), st.sampled_from(list(Ink)))
def test_any_values_are_drawn(values: list[float], width: int, height: int, ink: Ink) -> None:
    lines = drawn(filled(values, ink), width, height)
    assert lines
    if values:
        assert len(lines) <= height
        assert all(len(line) <= width + 14 for line in lines)


@given(st.floats(0, 1), st.integers(0, 50), st.sampled_from(list(Ink)))
def test_a_bar_is_as_long_as_its_part(part: float, width: int, ink: Ink) -> None:
    assert abs(len(bar(part, width, ink)) - part * width) <= 1


def test_the_summary_counts() -> None:
    assert summary([0.5, 0.25, 0.2495, 0.0005]) == ["1 of 4 hold half", "25 % below 0.001"]
    assert summary([math.nan]) == ["1 channels, none with a number"]


class BarsApp(App[None]):
    """More bars than fit."""

    def __init__(self) -> None:
        super().__init__()
        self.bars, self.told = Bars(), [0]

    def compose(self) -> ComposeResult:
        yield self.bars

    def on_mount(self) -> None:
        self.bars.show([1 / (channel + 1) for channel in range(50)])
        self.bars.focus()

    def on_bars_chosen(self, event: Bars.Chosen) -> None:
        self.told.append(event.channel)


def test_keys_and_clicks_move_the_cursor() -> None:
    async def moved() -> list[int]:
        app = BarsApp()
        async with app.run_test(size=(40, 10)) as pilot:
            await pilot.press("down", "j", "up", "pagedown", "G", "home")
            await pilot.click(Bars, offset=(3, 4))
            app.bars.choose(30)
            await pilot.pause()
            assert any(app.bars.render_line(y).text.startswith("30 ") for y in range(10))
            return app.told

    assert asyncio.run(moved()) == [0, 1, 2, 1, 9, 49, 0, 3]


def test_the_cursor_stays_on_its_channel() -> None:
    bars = filled([0.1, 0.2, 0.7])
    bars.choose(1)
    bars.show([0.5, 0.1, 0.4])
    assert bars.channel == 1


@pytest.mark.parametrize("values", [[], [1.0]])
def test_few_bars(values: list[float]) -> None:
    assert drawn(filled(values), 1, 1)
