"""What the widgets that draw numbers have in common: their ink, lines of equal width, and a sentence for no data."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.reactive import reactive
from textual.strip import Strip

from tui.actions import TABLES, bindings, of
from tui.ascii import spelt
from tui.widgets.axis import number
from tui.widgets.based import Based
from tui.widgets.scale import SHADES, Ink, Scale, on, paint, rgb, shade

Piece = tuple[str, Style]


class Drawn(Based):
    """Base: a subclass gives `lines`, called for the widget's size whenever data or size changed."""

    BINDINGS: ClassVar[list[BindingType]] = []

    ink: reactive[Ink] = reactive(Ink.COLOUR)

    def __init_subclass__(cls, can_focus: bool | None = None) -> None:
        """A widget with a cursor moves it by the keys of tables, as far as it has their methods."""
        if can_focus:
            each = zip(of(TABLES), bindings(TABLES), strict=True)
            cls.BINDINGS = [binding for action, binding in each if hasattr(cls, f"action_{action.method}")]
        super().__init_subclass__(can_focus=can_focus)

    _lines: tuple[tuple[int, int], list[list[Piece]]] | None = None

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        """The pieces of each line; what is too long is cut, what is missing stays blank."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again: the data changed."""
        self._lines = None
        self.refresh()

    def watch_ink(self) -> None:
        self.redraw()

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self.redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = None

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        base = self.base
        if self._lines is None or self._lines[0] != (width, height):
            self._lines = ((width, height), self.lines(width, height) if width > 0 and height > 0 else [])
        lines = self._lines[1]
        pieces = lines[y] if y < len(lines) else []
        if self.ink is Ink.ASCII:
            pieces = [(spelt(text), style) for text, style in pieces]
        return Strip([Segment(text, base + style) for text, style in pieces]).adjust_cell_length(width, base)

    def legend(self, scale: Scale, name: str, width: int) -> list[Piece]:
        """One line: what the colours or shades stand for; without them where there is no room for five."""
        low, high = ends(scale)
        if low == high:
            return [(f"{name} {low} everywhere".strip()[:width], FAINT)]
        room = min(20, width - len(name) - len(low) - len(high) - 3)
        steps = SHADES[self.ink]
        if room < len(steps):
            return [(f"{name} {low}–{high}".strip()[:width], FAINT)]
        if self.ink is Ink.COLOUR:
            bar = [(" ", paint(None, rgb(at / (room - 1)))) for at in range(room)]
        else:
            bar = [("".join(step * (room // len(steps)) for step in steps), PLAIN)]
        return [(f"{name} {low} ".lstrip(), FAINT), *bar, (f" {high}", FAINT)]

    def block(self, part: float | None, text: str, width: int) -> Piece:
        """A cell of a map: text in the middle of its colour, or of shades."""
        if part is None:
            return text.center(width)[:width], FAINT
        if self.ink is Ink.COLOUR:
            colour = rgb(round(part, 2))
            return text.center(width)[:width], paint(on(colour), colour)
        around = f" {text} " if text and len(text) + 2 <= width else text
        return around.center(width, shade(part, self.ink))[:width], PLAIN


PLAIN = Style()
FAINT = Style(dim=True)
STRONG = Style(bold=True)
CHOSEN = Style(reverse=True)


def ends(scale: Scale) -> tuple[str, str]:
    """The ends of a scale with as many digits as it takes to tell them apart; the same text where they are equal."""
    for digits in range(3, 7):
        low, high = number(scale.low, digits), number(scale.high, digits)
        if low != high:
            break
    return low, high


def fitting(parts: Sequence[str], width: int) -> str:
    """The parts that still fit behind those before, joined by commas; of the first alone what fits."""
    text = parts[0][:width]
    for part in parts[1:]:
        if len(text) + 2 + len(part) <= width:
            text += f", {part}"
    return text


def sentence(text: str, width: int) -> list[list[Piece]]:
    """A sentence over as many lines as it takes."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [[(each, FAINT)] for each in (*lines, line)]


def window(chosen: int, first: int, shown: int, count: int) -> int:
    """The first entry to show, moved from `first` no further than it takes to show the chosen one."""
    first = min(max(first, chosen - shown + 1), chosen)
    return max(min(first, count - shown), 0)


def longest(texts: Sequence[str]) -> int:
    """Characters of the longest text; 0 for none."""
    return max(map(len, texts), default=0)
