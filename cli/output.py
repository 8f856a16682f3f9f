"""stdout: data, for people as tables and for programs as JSON. Everything else goes through `cli.diagnostics`.

Tables are plain text: aligned, whole when piped, fitted to the terminal otherwise, coloured only on a terminal without
NO_COLOR. They need no rich, so that `l2t ls` on 10,000 runs starts and prints in half a second.
"""

import codecs
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from l2t.printable import printable
from l2t.words import ASCII, width

if TYPE_CHECKING:
    from rich.text import Text

COLOURS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}
STATES = {
    "done": "green",
    "failed": "red",
    "running": "cyan",
    "interrupted": "yellow",
    "paused": "yellow",
    "queued": "dim",
    "cancelled": "dim",
}
"""Colours of the states of runs, the same in every table."""

NARROWEST = 8
"""Characters below which a column is not cut to fit the terminal."""


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    title: str
    right: bool = False
    """Align right: numbers."""
    cut: bool = False
    """May be cut (with …) where the terminal is too narrow."""
    colours: Mapping[str, str] = field(default_factory=dict)
    """Colour of a cell, by its text."""


def prepare() -> None:
    """Make stdout and stderr spell what their encoding lacks instead of failing. Called once, by `cli.app`."""
    codecs.register_error("l2t", _spell)
    if sys.stdout is None:  # closed by the caller (>&-)
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="l2t")


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(ASCII.get(character, "?") for character in error.object[error.start : error.end]), error.end


def coloured() -> bool:
    """Whether stdout shows colours: a terminal does, and whatever reads it where FORCE_COLOR is set; never with
    NO_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def terminal_width() -> int | None:
    """Columns of the terminal; None where stdout is a file or pipe, which lines need not fit."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def write(text: str) -> None:
    """Write lines of text."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def write_json(value: Any) -> None:
    """Write JSON: a list with one element a line, anything else indented. Keys are part of the product."""
    if isinstance(value, list):
        lines = ",\n".join(json.dumps(item, allow_nan=False) for item in value)
        write(f"[\n{lines}\n]" if value else "[]")
    else:
        write(json.dumps(value, indent=2, allow_nan=False))


def write_styled(lines: Iterable["Text"]) -> None:
    """Write lines of rich text, styled on a terminal, never wrapped or cut. rich spells what the encoding lacks."""
    from rich.console import Console

    # Of what is no terminal, nothing says which colours it has.
    system: Literal["auto", "standard"] = "auto" if sys.stdout.isatty() else "standard"
    console = Console(highlight=False, color_system=system if coloured() else None)
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)


def write_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Write a table with a header line. Control characters in cells are escaped."""
    cells = [_printable(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    widths = [max(map(width, {column.title, *texts})) for column, texts in zip(columns, cells, strict=True)]
    available = terminal_width()
    if available is not None:
        widths = _fit(columns, widths, available)
    drawn = [_draw(*column) for column in zip(columns, cells, widths, strict=True)]
    write("\n".join("  ".join(line).rstrip() for line in zip(*drawn, strict=True)))


def write_paragraph(text: str, indent: str = "") -> None:
    """Write a paragraph, broken at words to fit the terminal, every line indented."""
    available = terminal_width()
    lines = textwrap.wrap(text, max(available - len(indent), 20), break_on_hyphens=False) if available else [text]
    write("\n".join(indent + line for line in lines))


def _printable(cells: Sequence[str]) -> list[str]:
    return list(cells) if "".join(cells).isprintable() else [printable(cell) for cell in cells]


def _fit(columns: Sequence[Column], widths: list[int], available: int) -> list[int]:
    """Widths with the widest of the columns that may be cut made narrower until the line fits, or nothing is left."""
    fitted = list(widths)
    while sum(fitted) + 2 * (len(fitted) - 1) > available:
        cuttable = [index for index, column in enumerate(columns) if column.cut and fitted[index] > NARROWEST]
        if not cuttable:
            break
        fitted[max(cuttable, key=fitted.__getitem__)] -= 1
    return fitted


def _draw(column: Column, cells: list[str], size: int) -> list[str]:
    """Title and cells of a column, all of one width. Each text is drawn once, however often it stands there."""
    colour = coloured()
    drawn = {cell: _cell(cell, size, column.right, column.colours.get(cell, "") if colour else "") for cell in {*cells}}
    return [_cell(column.title, size, column.right, "bold" if colour else ""), *map(drawn.__getitem__, cells)]


def _cell(text: str, size: int, right: bool, colour: str) -> str:
    if width(text) > size:
        while width(text) > size - 1:
            text = text[:-1]
        text += "…"
    space = " " * (size - width(text))
    if colour:
        text = f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"
    return space + text if right else text + space
