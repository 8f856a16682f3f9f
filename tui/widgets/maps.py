"""Small maps of position weights for many channels."""

import math
from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui.widgets.drawn import CHOSEN, FAINT, PLAIN, Drawn, Piece, sentence, window
from tui.widgets.picture import Grid
from tui.widgets.scale import Scale


class Maps(Drawn, can_focus=True):
    """Position weights of many channels: a 3×3 map each, in a window with a cursor."""

    WIDE, TALL = 8, 4
    """Characters that a map takes, with its title and gap."""

    class Chosen(Message):
        """The cursor went to another channel."""

        def __init__(self, maps: "Maps", channel: int) -> None:
            self.maps, self.channel = maps, channel
            super().__init__()

        @property
        def control(self) -> "Maps":
            return self.maps

    def __init__(self, empty: str = "Nothing to show.", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._maps: tuple[tuple[int, Grid], ...] = ()
        self._scale = Scale(0, 1)
        self._quantity = ""
        self._place = self._first = 0
        self._across = self._down = 1

    @property
    def channel(self) -> int | None:
        """The chosen one; None while there are none."""
        return self._maps[self._place][0] if self._maps else None

    def show(
        self, maps: Sequence[tuple[int, Grid]], *, name: str = "", low: float | None = None, high: float | None = None
    ) -> None:
        """Draw channels and their maps in the order given. low, high: the scale's ends, where they are not
        the least and the greatest of all values.

        The cursor stays on its channel.
        """
        chosen = self.channel
        self._maps, self._quantity = tuple(maps), name
        values = (value for _, grid in maps for line in grid for value in line)
        self._scale = Scale.over(values, low, high)
        self._place = next((at for at, (channel, _) in enumerate(self._maps) if channel == chosen), 0)
        self.redraw()

    def choose(self, channel: int) -> None:
        """Put the cursor on a channel, silently; one that there is not is passed over."""
        self._place = next((at for at, (each, _) in enumerate(self._maps) if each == channel), self._place)
        self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor, no further than the ends, and tell so."""
        place = min(max(self._place + by, 0), len(self._maps) - 1)
        if self._maps and place != self._place:
            self._place = place
            self.redraw()
            self.post_message(self.Chosen(self, self._maps[place][0]))

    def _line(self, by: int) -> None:
        if 0 <= self._place + by * self._across < len(self._maps):
            self.move(by * self._across)

    def action_left(self) -> None:
        self.move(-1)

    def action_right(self) -> None:
        self.move(1)

    def action_up(self) -> None:
        self._line(-1)

    def action_down(self) -> None:
        self._line(1)

    def action_page_up(self) -> None:
        self.move(-self._across * self._down)

    def action_page_down(self) -> None:
        self.move(self._across * self._down)

    def action_first(self) -> None:
        self.move(-len(self._maps))

    def action_last(self) -> None:
        self.move(len(self._maps))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        column, row = offset.x // self.WIDE, offset.y // self.TALL
        place = (self._first + row) * self._across + column
        if column < self._across and row < self._down and place < len(self._maps):
            self.move(place - self._place)

    def on_mouse_scroll_down(self) -> None:
        self._line(1)

    def on_mouse_scroll_up(self) -> None:
        self._line(-1)

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        if not self._maps:
            return sentence(self.empty, width)
        self._across = max((width + 1) // self.WIDE, 1)
        self._down = max((height - 1) // self.TALL, 1)
        rows = math.ceil(len(self._maps) / self._across)
        self._first = window(self._place // self._across, self._first, self._down, rows)
        lines: list[list[Piece]] = []
        for row in range(self._first, min(self._first + self._down, rows)):
            places = range(row * self._across, min((row + 1) * self._across, len(self._maps)))
            lines.append([piece for at in places for piece in self._title(at)])
            lines += [[piece for at in places for piece in self._row(at, line)] for line in range(self.TALL - 1)]
        del lines[max(height - 1, 1) :]
        last = min((self._first + self._down) * self._across, len(self._maps))
        place = f"  {self._first * self._across + 1}–{last} of {len(self._maps)} channels"
        whole = self.legend(self._scale, self._quantity, width)
        legend = self.legend(self._scale, self._quantity, width - len(place))
        if len(legend) == 1 and legend != whole:  # the legend would be cut, or without its colours
            legend, place = whole, ""
        return [*lines, [*legend, (place, FAINT)]]

    def _title(self, at: int) -> list[Piece]:
        text = f"#{self._maps[at][0]}"
        return [(text[: self.WIDE - 1], CHOSEN if at == self._place else PLAIN), (" " * (self.WIDE - len(text)), PLAIN)]

    def _row(self, at: int, line: int) -> list[Piece]:
        values = self._maps[at][1][line]
        blocks = [self.block(part, "" if part is not None else "?", 2) for part in map(self._scale.part, values)]
        return [*blocks, (" " * (self.WIDE - 6), PLAIN)]
