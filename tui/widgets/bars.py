"""Sorted horizontal bars in a window with a cursor, such as the channel weights of a pair."""

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.drawn import CHOSEN, FAINT, PLAIN, Drawn, Piece, sentence, window
from tui.widgets.scale import Ink, Scale, number, paint, rgb

RARE = 1e-3
"""Weights below this are counted as switched off."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Bars(Drawn, can_focus=True):
    """Weights of channels, the largest first; what is no number comes last. A first line sums them up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("pagedown,ctrl+d", "page(1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
    ]

    class Chosen(Message):
        """The cursor went to another channel."""

        def __init__(self, bars: "Bars", channel: int) -> None:
            self.bars, self.channel = bars, channel
            super().__init__()

        @property
        def control(self) -> "Bars":
            return self.bars

    def __init__(self, empty: str = "Nothing to show.", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._values: tuple[float, ...] = ()
        self._order: list[int] = []
        self._place = self._first = 0
        self._summary = ""

    @property
    def channel(self) -> int | None:
        """The chosen one; None while there are none."""
        return self._order[self._place] if self._order else None

    @property
    def order(self) -> tuple[int, ...]:
        """Channels as they are sorted."""
        return tuple(self._order)

    def show(self, values: Sequence[float]) -> None:
        """Draw the weights, of which each is its channel's. The cursor stays on its channel."""
        chosen = self.channel
        self._values = tuple(values)
        self._order = sorted(range(len(values)), key=lambda at: (math.isnan(values[at]), -values[at], at))
        self._place = self._order.index(chosen) if chosen is not None and chosen < len(values) and self._place else 0
        self._summary = summary(self._values)
        self.redraw()

    def choose(self, channel: int) -> None:
        """Put the cursor on a channel, silently; one that there is not is passed over."""
        if 0 <= channel < len(self._order):
            self._place = self._order.index(channel)
            self.redraw()

    def action_move(self, by: int) -> None:
        place = min(max(self._place + by, 0), len(self._order) - 1)
        if self._order and place != self._place:
            self._place = place
            self.redraw()
            self.post_message(self.Chosen(self, self._order[place]))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(self.size.height - 2, 1))

    def on_click(self, event: events.Click) -> None:
        if 1 <= event.y <= len(self._order) - self._first:
            self.action_move(self._first + event.y - 1 - self._place)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        if not self._order:
            return sentence(self.empty, width)
        count = len(self._order)
        shown = max(height - 1, 0)
        self._first = window(self._place, self._first, max(shown, 1), count)
        last = min(self._first + shown, count)
        place = f" {self._first + 1}–{last}/{count}" if count > shown else ""
        if self.ink is Ink.ASCII:
            place = place.replace("–", "-")
        room = max(width - len(place), 0)
        lines: list[list[Piece]] = [[(self._summary[:room].ljust(room), FAINT), (place, FAINT)]]
        digits = len(str(count - 1))
        finite = [value for value in self._values if math.isfinite(value)]
        scale = Scale(0, max(finite, default=1.0) or 1.0)
        for at in range(self._first, last):
            channel = self._order[at]
            label = f"{channel:>{digits}} {number(self._values[channel]):>6} "
            long = max(width - len(label), 0)
            part = scale.part(self._values[channel])
            colour = PLAIN if part is None or self.ink is not Ink.COLOUR else paint(rgb(round(0.3 + 0.6 * part, 2)))
            lines.append(self._line(label, bar(part, long, self.ink), colour, at == self._place))
        return lines

    def _line(self, label: str, drawn: str, colour: Style, chosen: bool) -> list[Piece]:
        return [(label, CHOSEN if chosen else PLAIN), (drawn, colour)]


def bar(part: float | None, width: int, ink: Ink) -> str:
    """A bar of this part of the width, exact to an eighth of a character, or to one in ASCII."""
    if part is None:
        return ""
    if ink is Ink.ASCII:
        return "#" * round(part * width)
    whole, rest = divmod(round(part * width * 8), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def summary(values: Sequence[float]) -> str:
    """What a researcher asks of channel weights: how few hold half of it, how many are switched off."""
    finite = sorted((value for value in values if math.isfinite(value)), reverse=True)
    if not finite:
        return f"{len(values)} channels, none with a number"
    total, held, half = sum(finite), 0.0, 0
    while half < len(finite) and held < total / 2:
        held += finite[half]
        half += 1
    rare = 100 * sum(value < RARE for value in finite) / len(finite)
    strange = len(values) - len(finite)
    text = f"{len(values)} channels, {half} hold half, {rare:.0f} % below {RARE:g}"
    return text + (f", {strange} no number" if strange else "")
