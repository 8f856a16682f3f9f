"""A table of any length of which only the visible window is known: the rest is asked for when it comes into view."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from l2t.printable import printable
from tui.actions import TABLES, bindings
from tui.widgets.based import Based

AHEAD = 20
"""Lines that are asked for before and behind those in view."""


@dataclass(frozen=True)
class Head:
    """A column. `narrow`: the widest it may be where room is short; `drop`: the greater, the sooner it is left out."""

    title: str
    right: bool = False
    narrow: int = 0
    drop: int = 0
    sort: str | None = None
    """What runs are sorted by with it."""


@dataclass(frozen=True)
class Line:
    """A row: what it stands for, its texts, and by column the tone of a text ("good", "bad", "warn", "faint")."""

    key: str
    cells: tuple[str, ...]
    tones: tuple[tuple[int, str], ...] = ()


class Table(ScrollView, Based, can_focus=True):
    """Lines with a cursor; marked lines are shown so. Asks for lines by `Wanted`, tells of `Opened`, `Moved` and
    `Sorted`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(TABLES)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"table--{n}" for n in ("head", "cursor", "good", "bad", "warn", "faint")}
    DEFAULT_CSS = """
    Table { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    Table .table--head { text-style: bold; }
    Table .table--cursor { text-style: reverse; }
    Table .table--good { color: $text-success; }
    Table .table--bad { color: $text-error; }
    Table .table--warn { color: $text-warning; }
    Table .table--faint { text-style: dim; }
    """

    @dataclass
    class Wanted(Message):
        """These lines are to be given."""

        table: "Table"
        first: int
        count: int

        @property
        def control(self) -> "Table":
            return self.table

    @dataclass
    class Opened(Message):
        """The user chose this line."""

        table: "Table"
        key: str

        @property
        def control(self) -> "Table":
            return self.table

    @dataclass
    class Moved(Message):
        """The cursor is here now."""

        table: "Table"
        key: str | None

        @property
        def control(self) -> "Table":
            return self.table

    @dataclass
    class Sorted(Message):
        """The user clicked this column's title."""

        table: "Table"
        by: str

        @property
        def control(self) -> "Table":
            return self.table

    def __init__(self, heads: Sequence[Head], empty: str = "nothing here yet", id: str | None = None) -> None:
        super().__init__(id=id)
        self.heads = tuple(heads)
        self.empty = empty
        self.total = 0
        self.cursor = 0
        self.marked: frozenset[str] = frozenset()
        self.sorted = ""
        self._first = 0
        self._lines: tuple[Line, ...] = ()
        self._fit: list[int] = []

    def head(self, heads: Sequence[Head]) -> None:
        """Other columns, for the lines that are filled in next; from the top."""
        if tuple(heads) != self.heads:
            self.heads, self._fit, self._lines = tuple(heads), [], ()
            self.go(0)

    def fill(self, first: int, lines: Sequence[Line], total: int, cursor: int | None = None) -> None:
        """Show these lines, the first of which is number `first` of `total`; cursor: where it is now, if it moved."""
        new = (first, tuple(lines), total)
        moved = cursor is not None and cursor != self.cursor
        if new == (self._first, self._lines, self.total) and not moved:
            return
        before = self.line
        self._first, self._lines, self.total = new
        self._fit = []
        if before is not None and cursor is None:
            cursor = self._seen(before.key)
        self.virtual_size = Size(self.size.width, total + 1)
        self.cursor = min(self.cursor if cursor is None else cursor, max(total - 1, 0))
        self.refresh()

    def _seen(self, key: str) -> int | None:
        """Where a line is now, if it is still in sight: the cursor stays on it."""
        top = round(self.scroll_offset.y)
        for at in range(top, top + max(self.size.height - 1, 1)):
            if 0 <= at - self._first < len(self._lines) and self._lines[at - self._first].key == key:
                return at
        return None

    def mark(self, keys: frozenset[str]) -> None:
        """Show these lines as marked."""
        self.marked = keys
        self.refresh()

    def say(self, empty: str) -> None:
        """What stands there where there are no lines."""
        if empty != self.empty:
            self.empty = empty
            self.refresh()

    @property
    def window(self) -> tuple[int, int]:
        """First line that is wanted now, and how many."""
        top = max(round(self.scroll_offset.y) - AHEAD, 0)
        return top, max(self.size.height, 1) + 2 * AHEAD

    @property
    def line(self) -> Line | None:
        """The line under the cursor, where it is known."""
        at = self.cursor - self._first
        return self._lines[at] if 0 <= at < len(self._lines) else None

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that are known."""
        return self._lines

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.base
        if y == 0:
            return self._drawn([head.title for head in self.heads], (), base + self._style("head"), width, True)
        number = y - 1 + round(self.scroll_offset.y)
        at = number - self._first
        if not self.total:
            words = self.empty.splitlines()
            text = words[y - 1] if y - 1 < len(words) else ""
            return Strip([Segment(set_cell_size(" " + text, width), base + self._style("faint"))], width)
        if not 0 <= at < len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[at]
        style = base + self._style("cursor") if number == self.cursor and self.has_focus else base
        if line.key in self.marked:
            style += Style(bold=True)
        return self._drawn(line.cells, line.tones, style, width, False, line.key in self.marked, number == self.cursor)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    def on_resize(self) -> None:
        self._fit = []
        self.virtual_size = Size(self.size.width, self.total + 1)
        self._want()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._want()

    def go(self, cursor: int) -> None:
        """Move the cursor, and what is in view with it."""
        cursor = min(max(cursor, 0), max(self.total - 1, 0))
        if cursor == self.cursor:
            return
        self.cursor = cursor
        height = max(self.size.height - 1, 1)
        top = round(self.scroll_offset.y)
        if cursor < top or cursor >= top + height:
            self.scroll_to(y=cursor if cursor < top else cursor - height + 1, animate=False, force=True, immediate=True)
        self.refresh()
        line = self.line
        self.post_message(self.Moved(self, line.key if line else None))

    def action_up(self) -> None:
        self.go(self.cursor - 1)

    def action_down(self) -> None:
        self.go(self.cursor + 1)

    def action_page_up(self) -> None:
        self.go(self.cursor - max(self.size.height - 2, 1))

    def action_page_down(self) -> None:
        self.go(self.cursor + max(self.size.height - 2, 1))

    def action_first(self) -> None:
        self.go(0)

    def action_last(self) -> None:
        self.go(self.total - 1)

    def action_open(self) -> None:
        if self.line is not None:
            self.post_message(self.Opened(self, self.line.key))

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            start = 2
            for head, size in zip(self.heads, self._widths(self.scrollable_content_region.width), strict=True):
                if size and start <= event.x < start + size and head.sort:
                    self.post_message(self.Sorted(self, head.sort))
                start += size + 2 if size else 0
            return
        number = event.y - 1 + round(self.scroll_offset.y)
        if number >= self.total:
            return
        if number == self.cursor or event.chain > 1:
            self.action_open()
        self.go(number)

    def _want(self) -> None:
        first, count = self.window
        last = min(first + count, self.total)
        if self.total and (first < self._first or last > self._first + len(self._lines)):
            self.post_message(self.Wanted(self, first, count))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"table--{name}", partial=True)

    def _widths(self, width: int) -> list[int]:
        """Width of each column; 0 for one that is left out."""
        if self._fit:
            return self._fit
        texts = zip(*([printable(cell) for cell in line.cells] for line in self._lines), strict=True)
        columns = list(texts) or [()] * len(self.heads)
        titles = [head.title + "↑" * bool(head.sort and head.sort == self.sorted.lstrip("-")) for head in self.heads]
        widths = [max(map(cell_len, (title, *column))) for title, column in zip(titles, columns, strict=True)]
        room = width - 2
        # Those without any text go first.
        order = sorted(
            (not any(columns[index]), head.drop, index) for index, head in enumerate(self.heads) if head.drop
        )

        def taken() -> int:
            return sum(size + 2 for size in widths if size) - 2

        while taken() > room and order and order[-1][0]:
            widths[order.pop()[-1]] = 0
        for index, head in enumerate(self.heads):
            if taken() > room and head.narrow and widths[index] > head.narrow:
                widths[index] = max(head.narrow, widths[index] - (taken() - room))
        while taken() > room and order:
            widths[order.pop()[-1]] = 0
        self._fit = widths
        return widths

    def _drawn(
        self,
        cells: Sequence[str],
        tones: Sequence[tuple[int, str]],
        style: Style,
        width: int,
        head: bool,
        marked: bool = False,
        cursor: bool = False,
    ) -> Strip:
        tone = dict(tones)
        segments = [Segment(("▸" if cursor else " ") + ("•" if marked else " "), style)]
        for index, (text, size) in enumerate(zip(cells, self._widths(width), strict=True)):
            if not size:
                continue
            column = self.heads[index]
            text = printable(text)
            if head and column.sort and self.sorted.lstrip("-") == column.sort:
                text += "↓" if self.sorted.startswith("-") else "↑"
            if cell_len(text) > size:
                text = set_cell_size(text, size - 1).rstrip() + "…"
            pad = " " * (size - cell_len(text))
            drawn = style + self._style(tone[index]) if index in tone else style
            segments.append(Segment(pad + text if column.right else text + pad, drawn))
            segments.append(Segment("  ", style))
        return Strip(segments).adjust_cell_length(width, style)
