"""Matrix and curves in the light theme and without colour, with every style: a colour that changes is seen."""

import os
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from screens import drive, press, text, until
from textual.pilot import Pilot
from textual.strip import Strip

from tui.app import L2TApp
from tui.memory import Memory, remember

GOLDEN = Path(__file__).parent / "golden" / "tui"

Play = Pilot[Any]
Lines = list[list[tuple[str, str]]]
"""Of each line the texts of one style, and that style."""

SCREENS = {"matrix": ((), "◆ baseline l2tww"), "run": (("2", "enter"), "matching")}


def drawn(app: L2TApp) -> Lines:
    """What the terminal gets."""
    lines = app.screen._compositor.render_strips()
    for filter in app.get_line_filters():
        lines = [line.apply_filter(filter, app.screen.background_colors[1]) for line in lines]
    return [_merged(line) for line in lines]


def _merged(line: Strip) -> list[tuple[str, str]]:
    merged: list[tuple[str, str]] = []
    for piece, style, _ in line:
        said = _said(style or Style())
        if merged and merged[-1][1] == said:
            merged[-1] = (merged[-1][0] + piece, said)
        elif piece:
            merged.append((piece, said))
    return merged


def _said(style: Style) -> str:
    """ "bold #DDE1E6 on #14171C"."""
    marks = [name for name in ("bold", "dim", "italic", "underline", "reverse") if getattr(style, name)]
    front = style.color.name.lower() if style.color and not style.color.is_default else "default"
    back = style.bgcolor.name.lower() if style.bgcolor and not style.bgcolor.is_default else "default"
    return " ".join([*marks, front, "on", back])


def written(lines: Lines) -> str:
    """The characters, and below them the styles, a line each: column and style where one begins."""
    characters = ["".join(text for text, _ in line).rstrip() for line in lines]
    styles = []
    for number, line in enumerate(lines, 1):
        column, parts = 1, []
        for piece, style in line:
            parts.append(f"{column} {style}")
            column += len(piece)
        styles.append(f"{number}: {'; '.join(parts)}")
    return "\n".join([*characters, "", *styles]) + "\n"


def looked_at(home: Path, name: str) -> Lines:
    """The screen of this name at 120×40."""
    keys, says = SCREENS[name]
    found: list[Lines] = []

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "▶ 2" in text(app) and "71.0 ± " in text(app))
        await press(pilot, *keys)
        await until(pilot, lambda: says in text(app))
        await pilot.pause(0.3)
        found.append(drawn(app))

    drive(home, play, (120, 40))
    return found[0]


def compared(lines: Lines, name: str) -> None:
    file = GOLDEN / f"{name}-120x40.txt"
    if os.environ.get("L2T_GOLDEN"):
        file.write_text(written(lines))
    assert written(lines) == file.read_text()


@pytest.mark.parametrize("name", SCREENS)
def test_a_light_screen_has_its_colours(home: Path, name: str) -> None:
    remember(home, Memory(theme="l2t-light"))
    compared(looked_at(home, name), f"light-{name}")


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_without_colour_has_none_and_says_the_same(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = looked_at(home, name)
    compared(lines, f"nocolour-{name}")
    assert {style.partition(" on ")[2] for line in lines for _, style in line} == {"default"}
    assert {style.partition(" on ")[0].split()[-1] for line in lines for _, style in line} == {"default"}


def test_without_colour_best_better_and_worse_and_the_cursor_are_told_apart(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = looked_at(home, "matrix")
    whole = "\n".join("".join(text for text, _ in line) for line in lines)
    assert {"▲", "▼", "◆", "·", "▶", "✗"} & set(whole) >= {"▲", "◆", "·", "▶"}
    entries = [(text, style) for line in lines for text, style in line if " ± " in text and "interval" not in text]
    assert any("bold" in style.split() for _, style in entries)
    assert any("bold" not in style.split() for _, style in entries)
    assert any("reverse" in style.split() for line in lines for _, style in line)


def test_without_colour_the_curves_of_a_plot_have_signs_of_their_own(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    whole = ["".join(text for text, _ in line) for line in looked_at(home, "run")]
    legend = next(line for line in whole if "total" in line and "matching" in line)
    signs = {legend.split(name)[0].split()[-1] for name in ("total", "CE", "matching", "outer")}
    assert len(signs) == 4
    drawn = set("".join(whole[4 : whole.index(legend)]))
    assert len(signs & drawn) >= 3  # one curve may lie on another


def test_curves_change_with_the_theme(home: Path) -> None:
    def colours(app: L2TApp) -> set[str]:
        return {style.split()[0] for line in drawn(app) for piece, style in line if "⠉" <= piece[:1] <= "⣿"}

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "enter")
        await until(pilot, lambda: "#56b4e9" in colours(app))
        await press(pilot, "f7")
        await until(pilot, lambda: "#0072b2" in colours(app) and "#56b4e9" not in colours(app))

    drive(home, play, (120, 40))
