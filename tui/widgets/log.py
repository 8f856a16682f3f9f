"""The end of a log: lines wrapped to the width, of which only the visible ones are drawn; followed, and searched."""

import re
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from l2t.printable import printable
from tui.actions import TABLES, bindings, of
from tui.widgets.based import Based
from tui.widgets.drawn import CHOSEN, FAINT, STRONG

MOVES = ("up", "down", "page-up", "page-down", "first", "last")
"""What it does of all that moves in a table."""


class Log(ScrollView, Based, can_focus=True):
    """Lines below a head that tells what is left out, whether it follows, and what was found.

    At its end it follows what is written; away from it, it shows what was there, however much is written meanwhile.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        binding for action, binding in zip(of(TABLES), bindings(TABLES), strict=True) if action.id in MOVES
    ]
    DEFAULT_CSS = """
    Log { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; padding: 0 1; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.follows = True
        self._lines: tuple[str, ...] = ()
        self._head = ""
        self._waiting: tuple[tuple[str, ...], str] | None = None
        self._rows: list[tuple[int, int, str]] = []
        """Number of its line, where in the line it begins, and its text."""
        self._sought = ""
        self._found: re.Pattern[str] | None = None
        self._places: list[int] = []
        self._at: int | None = None
        self._placing = False

    def show(self, lines: Sequence[str], head: str) -> None:
        """These are the log's last lines now. head: what is left out before them."""
        new = (tuple(lines), head)
        if new == (self._lines, self._head):
            return
        if self.follows:
            self._lines, self._head = new
            self._at = None
            self._fill()
        elif self._waiting != new:
            before, self._waiting = self._waiting, new
            if before is None:
                self.refresh()

    def follow(self, follows: bool) -> None:
        """Go to the end and stay there, or stay where it is."""
        self.follows = follows
        if follows:
            if self._waiting is not None:
                (self._lines, self._head), self._waiting = self._waiting, None
            self._at = None
            self._fill()
        self.refresh()

    def find(self, text: str, by: int = 1) -> bool:
        """Go to the next (1) or last (-1) line with this text, in whatever case; from the one found before, else from
        what is in view. False where there is none."""
        if text != self._sought:
            self._sought, self._at = text, None
            self._found = re.compile(re.escape(text), re.IGNORECASE) if text else None
            self._seek()
        if not self._places:
            self.refresh()
            return False
        if self._at is None:
            top = self._rows[self._top][0]
            below = [place for place, line in enumerate(self._places) if line >= top]
            self._at = (below[0] if below else 0) if by > 0 else (below[0] - 1 if below else -1) % len(self._places)
        else:
            self._at = (self._at + by) % len(self._places)
        self.follows = False
        row = next(row for row, (line, _, _) in enumerate(self._rows) if line == self._places[self._at])
        height = self._height
        if not self._top <= row < self._top + height:
            self._place(row - height // 2)
        self.refresh()
        return True

    @property
    def _top(self) -> int:
        return min(round(self.scroll_offset.y), max(len(self._rows) - 1, 0))

    @property
    def _height(self) -> int:
        return max(self.size.height - 1, 1)

    @property
    def _ended(self) -> bool:
        return self._top + self._height >= len(self._rows)

    def _seek(self) -> None:
        found = self._found
        self._places = [at for at, line in enumerate(self._lines) if found.search(line)] if found else []

    def _fill(self) -> None:
        """Wrap what is to be shown, and go to its end where it follows."""
        width = max(self.scrollable_content_region.width, 1)
        self._rows = [row for at, line in enumerate(self._lines) for row in _wrapped(at, line, width)]
        self._seek()
        follows = self.follows
        self.virtual_size = Size(width, len(self._rows) + 1)
        self.follows = follows  # a log that became shorter has moved what is in sight: nobody scrolled
        if follows:
            self._place(len(self._rows))
        self.refresh()

    def _place(self, row: int) -> None:
        """Go to a row without being taken for a reader who scrolls."""
        self._placing = True
        self._go(row)
        self._placing = False

    def _go(self, row: int) -> None:
        row = min(max(row, 0), max(len(self._rows) - self._height, 0))
        self.scroll_to(y=row, animate=False, force=True, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._placing and round(old_value) != round(new_value):
            if new_value > old_value and self._ended and not self.follows:
                self.follow(True)
            elif new_value < old_value:
                self.follows = False

    def on_resize(self) -> None:
        self._fill()

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        if self._ended:
            self.follow(True)

    def action_up(self) -> None:
        self._move(-1)

    def action_down(self) -> None:
        self._move(1)

    def action_page_up(self) -> None:
        self._move(1 - self._height)

    def action_page_down(self) -> None:
        self._move(self._height - 1)

    def action_first(self) -> None:
        self._move(-len(self._rows))

    def action_last(self) -> None:
        self.follow(True)

    def _move(self, by: int) -> None:
        if by > 0 and self._ended:
            self.follow(True)
        else:
            self._go(self._top + by)

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self.base
        if y == 0:
            return Strip([Segment(self._said(), base + FAINT)]).adjust_cell_length(width, base)
        at = y - 1 + self._top
        if not 0 <= at < len(self._rows):
            return Strip.blank(width, base)
        line, start, text = self._rows[at]
        segments = [Segment(part, base + style) for part, style in self._marked(line, start, text)]
        return Strip(segments).adjust_cell_length(width, base)

    def _marked(self, line: int, start: int, text: str) -> list[tuple[str, Style]]:
        """A row with what is searched for standing out: reversed in the line that was found, bold elsewhere."""
        if self._found is None:
            return [(text, Style())]
        chosen = self._at is not None and self._places[self._at] == line
        parts, done = [], 0
        for hit in self._found.finditer(self._lines[line]):
            begin, end = (min(max(place - start, done), len(text)) for place in hit.span())
            parts += [(text[done:begin], Style()), (text[begin:end], CHOSEN if chosen else STRONG)]
            done = end
        return [*parts, (text[done:], Style())]

    def _said(self) -> str:
        """The head."""
        if not self._lines:
            return self._head
        parts = [
            "follows the end"
            if self.follows
            else "stopped; more has come: End"
            if self._waiting
            else "stopped: f or End"
        ]
        if self._found is not None:
            many = f"{self._at + 1} of {len(self._places)}" if self._at is not None else f"{len(self._places)} lines"
            parts.append(f"{printable(self._sought)}: {many if self._places else 'nowhere'}")
        return "   ".join([*parts, self._head] if self._head else parts)


def _wrapped(at: int, line: str, width: int) -> list[tuple[int, int, str]]:
    """The rows of a line: its number, where each begins, and its text."""
    if len(line) <= width and (line.isascii() or cell_len(line) <= width):
        return [(at, 0, line)]
    rows, start = [], 0
    for part in chop_cells(line, width):
        rows.append((at, start, part))
        start += len(part)
    return rows
