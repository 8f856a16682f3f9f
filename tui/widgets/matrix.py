"""The table of the Matrix screen: methods in rows, data sets and shots in columns, two lines a cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.actions import TABLES, bindings
from tui.widgets.drawn import FAINT, PLAIN, STRONG, Drawn, Piece, longest, sentence, window

HEADING = 2
"""Lines of the column heads."""
LARGEST_LABEL = 18


@dataclass(frozen=True)
class Entry:
    """What stands in a place."""

    key: str
    first: str
    """Upper line: "▲ 73.8 ± 2.9"."""
    second: str
    """Lower line: "10/10 ▶2"."""
    best: bool = False
    tone: str = ""
    """good, bad or nothing: the colour of the upper line."""


@dataclass(frozen=True)
class Shown:
    """A whole table."""

    rows: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Group ("CIFAR-10") and title ("5 shots")."""
    entries: Mapping[tuple[int, int], Entry]
    """By row and column."""


class MatrixTable(Drawn, can_focus=True):
    """Cells with a cursor. Tells of `Opened` and `Moved`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(TABLES)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"matrix--good", "matrix--bad"}
    DEFAULT_CSS = """
    MatrixTable { height: 1fr; padding: 0 1; }
    MatrixTable .matrix--good { color: $text-success; }
    MatrixTable .matrix--bad { color: $text-error; }
    """

    @dataclass
    class Opened(Message):
        """The user chose this cell."""

        key: str

    @dataclass
    class Moved(Message):
        """The cursor is here now."""

        key: str | None

    def __init__(self, empty: str) -> None:
        super().__init__()
        self.row = self.column = 0
        self._empty = empty
        self._shown = Shown((), (), {})
        self._top = self._left = 0
        self._geometry = (0, 1, 1)

    def show(self, shown: Shown) -> None:
        """Draw this table, where it is another."""
        if shown == self._shown:
            return
        if not self._shown.entries:
            self.row, self.column = min(shown.entries, default=(0, 0))
        self._shown = shown
        self.row = min(self.row, max(len(shown.rows) - 1, 0))
        self.column = min(self.column, max(len(shown.columns) - 1, 0))
        self.redraw()

    @property
    def key(self) -> str | None:
        """The cell under the cursor."""
        entry = self._shown.entries.get((self.row, self.column))
        return entry.key if entry else None

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        shown = self._shown
        if not shown.rows:
            return [line for text in self._empty.splitlines() for line in sentence(text, width) or [[]]]
        roomy = len(shown.rows) * 3 + HEADING <= height
        tall = 3 if roomy else 2
        down = max((height - HEADING) // tall, 1)
        least = len(f"rows {len(shown.rows)}–{len(shown.rows)} of {len(shown.rows)}") if down < len(shown.rows) else 6
        label = min(max(longest(shown.rows), least), max(LARGEST_LABEL, width // 3)) + 2
        texts = [text for entry in shown.entries.values() for text in (entry.first, entry.second)]
        size = max(longest([*texts, *(title for _, title in shown.columns)]), 11) + 3
        across = max((width - label) // size, 1)
        self._left = window(self.column, self._left, across, len(shown.columns))
        self._top = window(self.row, self._top, down, len(shown.rows))
        self._geometry = (label, size, tall)
        columns = range(self._left, min(self._left + across, len(shown.columns)))
        rows = range(self._top, min(self._top + down, len(shown.rows)))
        lines = [*self._heads(rows, columns, label, size)]
        for row in rows:
            lines += self._row(row, columns, label, size)
            lines += [[]] if roomy else []
        return lines

    def _heads(self, rows: range, columns: range, label: int, size: int) -> list[list[Piece]]:
        total = len(self._shown.rows)
        shown = f"rows {rows.start + 1}–{rows.stop} of {total}" if len(rows) < total else ""
        groups: list[Piece] = [(shown.ljust(label)[:label], FAINT if shown else PLAIN)]
        titles: list[Piece] = [(" " * label, PLAIN)]
        before = None
        for column in columns:
            group, title = self._shown.columns[column]
            groups.append(((group if group != before else "")[: size - 1].ljust(size), STRONG))
            titles.append((title[: size - 1].ljust(size), STRONG if column == self.column else FAINT))
            before = group
        last = len(self._shown.columns)
        if columns.start or columns.stop < last:
            titles[0] = (f"{columns.start + 1}–{columns.stop} of {last}".ljust(label)[:label], FAINT)
        return [groups, titles]

    def _row(self, row: int, columns: range, label: int, size: int) -> list[list[Piece]]:
        name = self._shown.rows[row]
        name = name if len(name) <= label - 2 else name[: label - 3] + "…"
        first: list[Piece] = [(name.ljust(label), STRONG if row == self.row else PLAIN)]
        second: list[Piece] = [(" " * label, PLAIN)]
        for column in columns:
            entry = self._shown.entries.get((row, column))
            chosen = (row, column) == (self.row, self.column) and self.has_focus
            above, below = (entry.first, entry.second) if entry else ("  –", "")
            style = Style(bold=entry.best) if entry else FAINT
            if entry and entry.tone:
                style += self.get_component_rich_style(f"matrix--{entry.tone}", partial=True)
            over = Style(reverse=True) if chosen else PLAIN
            first += [(above[: size - 1].ljust(size - 1), style + over), (" ", PLAIN)]
            second += [(below[: size - 1].ljust(size - 1), FAINT + over), (" ", PLAIN)]
        return [first, second]

    def _go(self, row: int, column: int) -> None:
        row = min(max(row, 0), max(len(self._shown.rows) - 1, 0))
        column = min(max(column, 0), max(len(self._shown.columns) - 1, 0))
        if (row, column) != (self.row, self.column):
            self.row, self.column = row, column
            self.redraw()
            self.post_message(self.Moved(self.key))

    def action_up(self) -> None:
        self._go(self.row - 1, self.column)

    def action_down(self) -> None:
        self._go(self.row + 1, self.column)

    def action_left(self) -> None:
        self._go(self.row, self.column - 1)

    def action_right(self) -> None:
        self._go(self.row, self.column + 1)

    def action_page_up(self) -> None:
        self._go(self.row - 5, self.column)

    def action_page_down(self) -> None:
        self._go(self.row + 5, self.column)

    def action_first(self) -> None:
        self._go(0, 0)

    def action_last(self) -> None:
        self._go(len(self._shown.rows), len(self._shown.columns))

    def action_open(self) -> None:
        if self.key is not None:
            self.post_message(self.Opened(self.key))

    def on_click(self, event: events.Click) -> None:
        label, size, tall = self._geometry
        at = (event.x - 1 - label) // size + self._left, (event.y - HEADING) // tall + self._top
        if event.y < HEADING or event.x - 1 < label:
            return
        again = at == (self.column, self.row)
        self._go(at[1], at[0])
        if again:
            self.action_open()
