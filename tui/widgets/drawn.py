"""What the widgets that draw numbers have in common: their ink, lines of equal width, and a sentence for no data."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.scale import SHADES, Ink, Scale, number, on, paint, rgb, shade

Piece = tuple[str, Style]


class Drawn(Widget):
    """Base: a subclass gives `lines`, called for the widget's size whenever data or size changed."""

    ink: reactive[Ink] = reactive(Ink.COLOUR)

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
        base = self.rich_style
        if self._lines is None or self._lines[0] != (width, height):
            self._lines = ((width, height), self.lines(width, height) if width > 0 and height > 0 else [])
        lines = self._lines[1]
        pieces = lines[y] if y < len(lines) else []
        return Strip([Segment(text, base + style) for text, style in pieces]).adjust_cell_length(width, base)

    def legend(self, scale: Scale, name: str, width: int) -> list[Piece]:
        """One line: what the colours or shades stand for."""
        low, high = number(scale.low), number(scale.high)
        room = min(20, max(width - len(name) - len(low) - len(high) - 4, 0))
        if self.ink is Ink.COLOUR:
            bar = [(" ", paint(None, rgb(at / max(room - 1, 1)))) for at in range(room)]
        else:
            steps = SHADES[self.ink]
            bar = [("".join(step * max(room // len(steps), 1) for step in steps), PLAIN)]
        return [(f"{name} {low} ", FAINT), *bar, (f" {high}", FAINT)]

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
