"""A heat map prints its numbers, keeps its cursor in sight and takes keys and clicks."""

import asyncio
import math

import pytest
from textual.app import App, ComposeResult

from tui.widgets.heat import Heat
from tui.widgets.scale import Ink

VALUES = ((0.25, 1.0, None), (math.nan, 2.0, 0.5))


def drawn(heat: Heat, width: int, height: int) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in heat.lines(width, height)]


def filled(ink: Ink = Ink.COLOUR) -> Heat:
    heat = Heat()
    heat.set_reactive(Heat.ink, ink)
    heat.show(["4", "9"], ["0", "1", "2"], VALUES, names=("source", "target", "λ"))
    return heat


def test_the_names_stand_in_the_corner_where_they_fit() -> None:
    assert drawn(filled(), 60, 4) == [
        "source\\target      0           1           2",
        "            4    [0.25]        1           ·",
        "            9      ?           2          0.5",
        "              λ 0.25                      2",
    ]


def test_the_names_are_stacked_where_they_do_not() -> None:
    assert drawn(filled(), 30, 5) == [
        "       target",
        "source    0      1      2",
        "     4  [0.25]   1      ·",
        "     9    ?      2     0.5",
        "       λ 0.25                2",
    ]


def test_in_shades_the_highest_is_darkest() -> None:
    lines = drawn(filled(Ink.SHADES), 60, 4)
    assert "█ 2 █" in lines[2]
    assert "█" not in lines[1]


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (12, 4)])
@pytest.mark.parametrize("values", [(), ((1.0,),), VALUES])
def test_any_size_is_drawn(values: tuple[tuple[float | None, ...], ...], size: tuple[int, int]) -> None:
    heat = Heat("empty")
    heat.show(list("ab")[: len(values)], list("xyz")[: len(values[0]) if values else 0], values)
    assert heat.lines(*size)


class HeatApp(App[None]):
    """One heat map that is too large for its place."""

    def __init__(self, ink: Ink = Ink.COLOUR) -> None:
        super().__init__()
        self.heat, self.told = Heat(), 0
        self.heat.ink = ink

    def compose(self) -> ComposeResult:
        yield self.heat

    def on_mount(self) -> None:
        names = [str(each) for each in range(12)]
        self.heat.show(names, names, [[row * column / 121 for column in range(12)] for row in range(12)])
        self.heat.focus()

    def on_heat_chosen(self) -> None:
        self.told += 1


def test_keys_and_clicks_move_the_cursor_and_it_stays_in_sight() -> None:
    async def moved() -> tuple[tuple[int, int], tuple[int, int], int, str]:
        app = HeatApp(Ink.ASCII)
        async with app.run_test(size=(40, 8)) as pilot:
            await pilot.press("down", "j", "right", "l", "l", "h", "up")
            first = (app.heat.row, app.heat.column)
            await pilot.click(Heat, offset=(10, 3))
            second = (app.heat.row, app.heat.column)
            await pilot.press(*["down"] * 20, *["right"] * 20)
            await pilot.pause()
            text = "\n".join(app.heat.render_line(y).text for y in range(8))
            return first, second, app.told, text

    first, second, told, text = asyncio.run(moved())
    assert first == (1, 2)
    assert second == (2, 1)
    assert told == 7 + 1 + 9 + 10
    assert "[1]" in text
    assert "12 x 12" in text
    assert text.isascii()


def test_the_history_of_the_chosen_cell_is_drawn_and_belongs_to_the_scale() -> None:
    heat = Heat()
    heat.ink = Ink.ASCII
    histories = {(0, 0): [0.0, 1.0, 2.0, 4.0], (0, 1): [1.0] * 100}
    heat.show(["3"], ["1", "2"], [[1.0, 2.0]], names=("source", "target", "λ"), histories=histories)
    lines = ["".join(text for text, _ in line) for line in heat.lines(40, 8)]
    assert lines[-1].split() == ["λ", "3→1", "_-+#", "4"]
    assert any("λ 0" in line and line.endswith(" 4") for line in lines)
    heat.column = 1
    assert "".join(text for text, _ in heat.lines(40, 8)[-1]).count("-") in range(20, 40)
    assert len(heat.lines(40, 4)) < 6
