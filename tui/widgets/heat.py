"""A labelled matrix as a heat map with a cursor, such as λ of source × target layers."""

from collections.abc import Mapping, Sequence

from textual import events
from textual.message import Message

from tui.widgets.axis import number
from tui.widgets.drawn import CHOSEN, FAINT, PLAIN, STRONG, Drawn, Piece, longest, sentence, window
from tui.widgets.scale import Scale
from tui.widgets.spark import spark, step

Values = Sequence[Sequence[float | None]]
Histories = Mapping[tuple[int, int], Sequence[float]]
"""Values of cells, by row and column, from the first to the last."""


class Heat(Drawn, can_focus=True):
    """Values as colours or shades, each printed in its cell; the chosen one stands in brackets."""

    class Chosen(Message):
        """The cursor went to another cell."""

        def __init__(self, heat: "Heat", row: int, column: int) -> None:
            self.heat, self.row, self.column = heat, row, column
            super().__init__()

        @property
        def control(self) -> "Heat":
            return self.heat

    def __init__(self, empty: str = "Nothing to show.", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.row = self.column = 0
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._values: Values = ()
        self._histories: Histories = {}
        self._scale = Scale(0, 1)
        self._names = ("", "", "")
        self._top = self._left = 0
        self._geometry = (0, 1, 1, 1)

    def show(
        self,
        rows: Sequence[str],
        columns: Sequence[str],
        values: Values,
        *,
        names: tuple[str, str, str] = ("", "", ""),
        histories: Histories | None = None,
    ) -> None:
        """Draw a matrix; None is a cell that there is not.

        names: of a row, a column and the value; histories: of which that of the chosen cell is drawn below, where there
        is room. The scale is that of all values, histories included: it stays the same while one looks through them.
        """
        self._rows, self._columns, self._values, self._names = tuple(rows), tuple(columns), values, names
        self._histories = histories or {}
        self._scale = Scale.over(value for line in (*values, *self._histories.values()) for value in line)
        self.row = min(self.row, max(len(rows) - 1, 0))
        self.column = min(self.column, max(len(columns) - 1, 0))
        self.redraw()

    def choose(self, row: int, column: int) -> None:
        """Move the cursor and tell so; a place outside the matrix is passed over."""
        inside = 0 <= row < len(self._rows) and 0 <= column < len(self._columns)
        if inside and (row, column) != (self.row, self.column):
            self.row, self.column = row, column
            self.redraw()
            self.post_message(self.Chosen(self, row, column))

    def action_up(self) -> None:
        self.choose(self.row - 1, self.column)

    def action_down(self) -> None:
        self.choose(self.row + 1, self.column)

    def action_left(self) -> None:
        self.choose(self.row, self.column - 1)

    def action_right(self) -> None:
        self.choose(self.row, self.column + 1)

    def on_click(self, event: events.Click) -> None:
        margin, head, wide, tall = self._geometry
        place = event.get_content_offset(self)
        if place is not None and place.x >= margin and place.y >= head:
            self.choose(self._top + (place.y - head) // tall, self._left + (place.x - margin) // wide)

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        if not self._rows or not self._columns:
            return sentence(self.empty, width)
        upright, across_name = self._names[:2]
        corner = f"{upright}\\{across_name}" if upright or across_name else ""
        stacked = len(corner) >= max(width // 3, 1)
        margin = min(max(longest(self._rows), len(upright if stacked else corner)) + 1, max(width // 3, 1))
        wide = min(max((width - margin) // len(self._columns), 6, longest(self._columns) + 1), 12)
        across = min(max((width - margin) // wide, 1), len(self._columns))
        first = 2 if stacked else 1
        body = max(height - first - 1, 1)
        tall = min(max(body // len(self._rows), 1), 3)
        down = min(max(body // tall, 1), len(self._rows))
        self._geometry = (margin, first, wide, tall)
        self._left = window(self.column, self._left, across, len(self._columns))
        self._top = window(self.row, self._top, down, len(self._rows))

        columns = range(self._left, self._left + across)
        titles = [(self._columns[at][:wide].center(wide), STRONG if at == self.column else PLAIN) for at in columns]
        lines = [[((upright if stacked else corner)[: margin - 1].ljust(margin), FAINT), *titles]]
        if stacked:
            lines.insert(0, [(" " * margin + across_name, FAINT)])
        for row in range(self._top, self._top + down):
            title = self._rows[row][: margin - 1].rjust(margin - 1) + " "
            for line in range(tall):
                middle = line == (tall - 1) // 2
                head = (title if middle else " " * margin, STRONG if row == self.row else PLAIN)
                lines.append([head, *(self._cell(row, column, wide, middle) for column in columns)])
        if height > len(lines):
            hidden = len(self._rows) - down or len(self._columns) - across
            more = f"  part of {len(self._rows)} × {len(self._columns)}" if hidden else ""
            room = width - margin - len(more)
            lines.append([(" " * margin, PLAIN), *self.legend(self._scale, self._names[2], room), (more, FAINT)])
        history = self._histories.get((self.row, self.column), ())
        if height > len(lines) + 1 and len(history) > 1:
            lines += [[], self._history(history, margin, width)]
        return lines

    def _history(self, history: Sequence[float], margin: int, width: int) -> list[Piece]:
        """Small blocks from the first value to the last; where there are more than fit, evenly chosen ones."""
        title = f"{self._names[2]} {self._rows[self.row]}→{self._columns[self.column]} ".rjust(margin)
        last = f" {number(history[-1], 3)}"
        room = max(min(width - len(title) - len(last), len(history)), 1)
        chosen = [history[at * (len(history) - 1) // max(room - 1, 1)] for at in range(room)]
        parts = [self._scale.part(value) for value in chosen]
        steps = [step(None if part is None else part * 100) for part in parts]
        return [(title, FAINT), (spark(steps, room, self.ink), PLAIN), (last, FAINT)]

    def _cell(self, row: int, column: int, wide: int, middle: bool) -> Piece:
        value = self._values[row][column]
        text = "·" if value is None else number(value, 3)
        if not middle:
            text = ""
        elif (row, column) == (self.row, self.column):
            framed = f"[{text}]"
            fits = len(framed) <= wide
            piece, style = self.block(self._scale.part(value), framed if fits else text, wide)
            return piece, style + (STRONG if fits else CHOSEN)
        return self.block(self._scale.part(value), text, wide)
