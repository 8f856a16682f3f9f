"""Sorted horizontal bars in a window with a cursor, such as the channel weights of a pair."""

import math
from collections.abc import Sequence

from rich.style import Style
from textual import events
from textual.message import Message

from tui.widgets.axis import number
from tui.widgets.drawn import CHOSEN, FAINT, PLAIN, Drawn, Piece, ends, fitting, longest, sentence, window
from tui.widgets.scale import Ink, Scale, paint, rgb

RARE = 1e-3
"""Weights below this are counted as switched off."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Bars(Drawn, can_focus=True):
    """Weights of channels, the largest first; what is no number comes last. A first line sums them up."""

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
        self.redraw()

    def choose(self, channel: int) -> None:
        """Put the cursor on a channel, silently; one that there is not is passed over."""
        if 0 <= channel < len(self._order):
            self._place = self._order.index(channel)
            self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor, no further than the ends, and tell so."""
        place = min(max(self._place + by, 0), len(self._order) - 1)
        if self._order and place != self._place:
            self._place = place
            self.redraw()
            self.post_message(self.Chosen(self, self._order[place]))

    def action_up(self) -> None:
        self.move(-1)

    def action_down(self) -> None:
        self.move(1)

    def action_page_up(self) -> None:
        self.move(-max(self.size.height - 2, 1))

    def action_page_down(self) -> None:
        self.move(max(self.size.height - 2, 1))

    def action_first(self) -> None:
        self.move(-len(self._order))

    def action_last(self) -> None:
        self.move(len(self._order))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and 1 <= place.y <= len(self._order) - self._first:
            self.move(self._first + place.y - 1 - self._place)

    def on_mouse_scroll_down(self) -> None:
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        self.move(-3)

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        if not self._order:
            return sentence(self.empty, width)
        count = len(self._order)
        shown = max(height - 1, 0)
        self._first = window(self._place, self._first, max(shown, 1), count)
        last = min(self._first + shown, count)
        place = f" {self._first + 1}–{last}/{count}" if count > shown else ""
        finite = [value for value in self._values if math.isfinite(value)]
        scale, tick = _scale(finite)
        parts = summary(self._values)
        parts[-1:-1] = [f"bars from {ends(scale)[0]}"] * bool(scale.low) + [f"│ mean {number(tick, 4)}"] * bool(finite)
        text = fitting(parts, max(width - len(place), 0))
        if len(parts[0]) + len(place) > width:
            text, place = parts[0][:width], ""
        lines: list[list[Piece]] = [[(text.ljust(width - len(place)), FAINT), (place, FAINT)]]
        digits = len(str(count - 1))
        written = self._written(finite)
        size = longest(list(written.values()))
        long = max(width - digits - size - 2, 0)
        mean = scale.part(tick)
        at_mean = None if mean is None or not finite else min(int(mean * long), long - 1)
        for at in range(self._first, last):
            channel = self._order[at]
            label = f"{channel:>{digits}} {written[channel]:>{size}} "
            part = scale.part(self._values[channel])
            colour = PLAIN if part is None or self.ink is not Ink.COLOUR else paint(rgb(round(0.3 + 0.6 * part, 2)))
            drawn = _ticked(bar(part, long, self.ink), at_mean, colour)
            lines.append([(label, CHOSEN if at == self._place else PLAIN), *drawn])
        return lines

    def _written(self, finite: Sequence[float]) -> dict[int, str]:
        """The values with as many decimals as the greatest needs for three digits."""
        most = max(map(abs, finite), default=0.0)
        decimals = min(max(2 - math.floor(math.log10(most)), 0), 6) if most else 0
        return {
            channel: f"{value:.{decimals}f}" if math.isfinite(value) else number(value)
            for channel, value in enumerate(self._values)
        }


def _scale(finite: Sequence[float]) -> tuple[Scale, float]:
    """The bars' scale, and the mean, which equal weights would all have.

    It begins at 0, but at the least value where otherwise all bars would look alike.
    """
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    begin = low if low > high / 2 and high > low else min(low, 0.0)
    return Scale(begin, high if high > begin else begin + 1), sum(finite) / max(len(finite), 1)


def _ticked(drawn: str, at: int | None, colour: Style) -> list[Piece]:
    """A bar with a tick at this place."""
    if at is None or at < 0:
        return [(drawn, colour)]
    whole = drawn.ljust(at)
    return [(whole[:at], colour), ("│", PLAIN), (whole[at + 1 :], colour)]


def bar(part: float | None, width: int, ink: Ink) -> str:
    """A bar of this part of the width, exact to an eighth of a character, or to one in ASCII."""
    if part is None:
        return ""
    if ink is Ink.ASCII:
        return "#" * round(part * width)
    whole, rest = divmod(round(part * width * 8), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def summary(values: Sequence[float]) -> list[str]:
    """What a researcher asks of channel weights, in clauses, the most telling first: how few of them hold half of it,
    what is no number, how many are switched off."""
    finite = sorted((value for value in values if math.isfinite(value)), reverse=True)
    if not finite:
        return [f"{len(values)} channels, none with a number"]
    total, held, half = sum(finite), 0.0, 0
    while half < len(finite) and held < total / 2:
        held += finite[half]
        half += 1
    rare = 100 * sum(value < RARE for value in finite) / len(finite)
    strange = len(values) - len(finite)
    clauses = [f"{half} of {len(values)} hold half"] + [f"{strange} no number"] * bool(strange)
    return [*clauses, f"{rare:.0f} % below {RARE:g}"]
