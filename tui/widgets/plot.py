"""Curves over the epochs, in dots finer than a character.

Decision: docs/adr/0009-own-braille-plot.md.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.style import Style
from textual import events

from l2t.printable import printable
from tui.curves import decimate, smooth
from tui.widgets.axis import lying, number, upright
from tui.widgets.braille import ASCII, BRAILLE, between, line
from tui.widgets.drawn import FAINT, PLAIN, STRONG, Drawn, Piece, sentence
from tui.widgets.legend import legend
from tui.widgets.scale import Ink

COLOURS = ("#56B4E9", "#E69F00", "#33C49A", "#CC79A7", "#F0E442", "#FF7A4D", "#8F9BFF", "#B0B0B0")
"""Okabe and Ito's, in the order of the curves."""
DARK = ("#0072B2", "#A86400", "#00795A", "#A0417D", "#7A7000", "#C24400", "#4A55D0", "#606060")
"""The same, dark enough to be seen on a light ground."""
MARKS = "ox+*#@%&"
"""Signs that tell the curves apart without colour."""
SMOOTHING = (0.0, 0.6, 0.9, 0.97)
LEGEND_LINES = 4
"""That a legend of many curves may take, where there are TALL lines."""
TALL = 16
WHEEL = 0.8
"""Part of the epochs that one notch of the wheel leaves in view."""
LARGEST = 1e100
"""What is larger, or no number at all, is not drawn."""
SMALLEST = 1e-100
"""What is smaller is not drawn on a logarithmic axis."""


@dataclass(frozen=True)
class Curve:
    """A line through points, xs ascending. band: lower and upper ends, of the same length."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    band: tuple[Sequence[float], Sequence[float]] | None = None


@dataclass(frozen=True)
class Drawing:
    """What a plot shows."""

    curves: tuple[Curve, ...] = ()
    title: str = ""
    units: str = ""
    until: float = 0.0
    """The x axis goes at least so far, so that a growing curve keeps its place."""
    empty: str = "nothing to draw yet"


@dataclass
class Look:
    """How it is looked at."""

    log: bool = False
    smoothing: int = 0
    """Index into SMOOTHING."""
    window: tuple[float, float] | None = None
    """Part of the x axis; None: all of it."""
    cursor: float | None = field(default=None)


class Plot(Drawn):
    """Curves with axes, a legend that tells values, zoom along x and a cursor."""

    DEFAULT_CSS = "Plot { height: 1fr; padding: 0 1; }"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.look = Look()
        self._drawing = Drawing()
        self._left = 0
        self._kept: tuple[tuple[Drawing, bool, int], list[Curve]] | None = None
        self._cells: tuple[tuple[object, ...], list[list[Piece]]] | None = None
        self._dragged = False

    def draw(self, drawing: Drawing) -> None:
        """Show this, where it is another. A window in which the newest point was moves with the curve."""
        if drawing == self._drawing:
            return
        before, self._drawing = _newest(self._drawing), drawing
        newest, window = _newest(drawing), self.look.window
        if window and before is not None and newest is not None and window[0] <= before <= window[1] < newest:
            self.look.window = window[0] + newest - window[1], newest
        self.redraw()

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Show `factor` as much of the x axis, around `at`, else the cursor or the middle."""
        low, high = self._window()
        at = self.look.cursor if at is None else at
        middle = at if at is not None and low <= at <= high else (low + high) / 2
        self._look_at(middle - (middle - low) * factor, middle + (high - middle) * factor)

    def pan(self, by: float) -> None:
        """Move by a part of the window."""
        low, high = self._window()
        first, last = self._whole()
        step = max(min(by * (high - low), last - high), first - low)
        self._look_at(low + step, high + step)

    def reset(self) -> None:
        """All of the x axis, no cursor."""
        self.look.window = self.look.cursor = None
        self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor to the next (1) or the last (-1) point."""
        low, high = self._window()
        longest_ = max((curve.xs for curve in self._drawing.curves), key=len, default=())
        xs = longest_[bisect_left(longest_, low) : bisect_right(longest_, high)]
        if not len(xs):
            return
        columns = max(self.size.width - self._left, 1)
        step = max(1, len(xs) // (2 * columns))
        at = len(xs) - 1 if self.look.cursor is None else bisect_left(xs, self.look.cursor)
        self.look.cursor = xs[min(max(at + by * step, 0), len(xs) - 1)]
        self.redraw()

    def toggle_log(self) -> None:
        """Logarithmic or linear y axis."""
        self.look.log = not self.look.log
        self.redraw()

    def next_smoothing(self) -> None:
        """More smoothing, then none again."""
        self.look.smoothing = (self.look.smoothing + 1) % len(SMOOTHING)
        self.redraw()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        at = self._epoch(event)
        if at is not None:
            self._dragged = True
            self.capture_mouse()
            self._point(at)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged:
            low, high = self._window()
            at = self._epoch(event)
            self._point(at if at is not None else low if event.x <= self._left else high)

    def on_mouse_up(self) -> None:
        if self._dragged:
            self._dragged = False
            self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.zoom(WHEEL, self._epoch(event))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.zoom(1 / WHEEL, self._epoch(event))

    def _epoch(self, event: events.MouseEvent) -> float | None:
        """The place on the x axis that the mouse is at; None beside it."""
        columns = self.size.width - self._left
        at = event.x - self.styles.padding.left - self._left
        if not 0 <= at < columns:
            return None
        low, high = self._window()
        return low + (high - low) * at / max(columns - 1, 1)

    def _point(self, at: float) -> None:
        """Put the cursor on the epoch next to a place."""
        whole = float(round(at))
        if whole != self.look.cursor:
            self.look.cursor = whole
            self.redraw()

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        drawing = self._drawing
        curves = self._curves()
        if not curves:
            left_out = any(len(curve.xs) for curve in drawing.curves) and self.look.log
            return sentence("no value above 0: y turns to a linear axis" if left_out else drawing.empty, width)
        if width < 20 or height < 6:
            return self._legend(curves, width, 1)
        low, high = self._window()
        bottom, top = self._range(curves)
        below = self._legend(curves, width, LEGEND_LINES if height >= TALL else 1)
        rows = height - 3 - len(below)
        marks, widest = upright(bottom, top, rows, self.look.log, drawing.units)
        self._left = widest + 1
        columns = max(width - self._left, 4)
        canvas = self._canvas(curves, (low, high), (bottom, top), columns, rows)
        shown = [self._title(width)]
        for row in range(rows):
            label = marks.get(row, "")
            shown.append([(label.rjust(self._left - 1) + ("┤" if label else "│"), FAINT), *canvas[row]])
        rule, labels = lying(low, high, columns, self._left, "epoch")
        return [*shown, [(rule, FAINT)], [(labels, FAINT)], *below]

    def _curves(self) -> list[Curve]:
        """The curves as the look lets them through, those without a point left out; kept while neither changes."""
        sign = (self._drawing, self.look.log, self.look.smoothing)
        if self._kept is None or any(a is not b for a, b in zip(self._kept[0], sign, strict=True)):
            curves = (self._let_through(curve) for curve in self._drawing.curves)
            self._kept = sign, [curve for curve in curves if len(curve.xs)]
            self._cells = None
        return self._kept[1]

    def _let_through(self, curve: Curve) -> Curve:
        """What the look lets through: finite values; smoothed; positive ones on a logarithmic axis."""
        factor = SMOOTHING[self.look.smoothing]
        series = [curve.ys, *(curve.band or ())]
        least = SMALLEST if self.look.log else -LARGEST
        places = [
            at for at, values in enumerate(zip(*series, strict=True)) if least < min(values) <= max(values) < LARGEST
        ]
        picked = [smooth([values[at] for at in places], factor) for values in series]
        if self.look.log:
            picked = [[math.log10(value) for value in values] for values in picked]
        band = (picked[1], picked[2]) if curve.band else None
        return Curve(printable(curve.name), [curve.xs[at] for at in places], picked[0], band)

    def _whole(self) -> tuple[float, float]:
        first = min((curve.xs[0] for curve in self._drawing.curves if len(curve.xs)), default=0.0)
        last = max((curve.xs[-1] for curve in self._drawing.curves if len(curve.xs)), default=1.0)
        last = max(last, self._drawing.until)
        return first, last if last > first else first + 1.0

    def _window(self) -> tuple[float, float]:
        return self.look.window or self._whole()

    def _look_at(self, low: float, high: float) -> None:
        first, last = self._whole()
        low, high = max(low, first), min(high, last)
        if high - low < 2:
            return
        self.look.window = None if (low, high) == (first, last) else (low, high)
        self.redraw()

    def _range(self, curves: Sequence[Curve]) -> tuple[float, float]:
        """Least and greatest y within the window, a little apart."""
        low, high = self._window()
        values: list[float] = []
        for curve in curves:
            first, last = bisect_left(curve.xs, low), bisect_right(curve.xs, high)
            for series in (curve.ys, *(curve.band or ())):
                part = series[first:last]
                values += [min(part), max(part)] if len(part) else []
        bottom, top = min(values, default=0.0), max(values, default=1.0)
        if not top - bottom > 1e-9 * max(abs(top), abs(bottom)):
            spare = 0.5 if self.look.log else abs(bottom) * 0.1 or 1.0
            return bottom - spare, top + spare
        return bottom, top

    def _canvas(
        self,
        curves: Sequence[Curve],
        xs: tuple[float, float],
        ys: tuple[float, float],
        columns: int,
        rows: int,
    ) -> list[list[Piece]]:
        """The rows of the drawing, the highest first; all but the cursor is kept while nothing else moves."""
        sign = (xs, ys, columns, rows, self.ink, self._colours)
        if self._cells is None or self._cells[0] != sign:
            self._cells = sign, self._drawn_cells(curves, xs, ys, columns, rows)
        cells = [list(row) for row in self._cells[1]]
        self._draw_cursor(cells, xs, columns)
        return [_joined(row) for row in cells]

    def _drawn_cells(
        self,
        curves: Sequence[Curve],
        xs: tuple[float, float],
        ys: tuple[float, float],
        columns: int,
        rows: int,
    ) -> list[list[Piece]]:
        """Bands below, curves above, marks on them."""
        dots = ASCII if self.ink is Ink.ASCII else BRAILLE
        wide, high = columns * dots.wide, rows * dots.high
        cells = [[(" ", PLAIN)] * columns for _ in range(rows)]

        def points(at: Sequence[float], of: Sequence[float]) -> list[tuple[int, int]]:
            first, last = max(bisect_left(at, xs[0]) - 1, 0), bisect_right(at, xs[1]) + 1
            some, values = decimate(at[first:last], of[first:last], wide, *xs)
            return [
                (round((x - xs[0]) / (xs[1] - xs[0]) * (wide - 1)), round((y - ys[0]) / (ys[1] - ys[0]) * (high - 1)))
                for x, y in zip(some, values, strict=True)
            ]

        def lay(masks: list[int], style: Style) -> None:
            for row in range(rows):
                for column, character in enumerate(dots.row(masks, rows - 1 - row)):
                    before, styled = cells[row][column]
                    if character != " ":
                        # Curves that cross in a character share it, in the colour of the last; a band gives way.
                        shared = dots is BRAILLE and before != " " and not styled.dim
                        cells[row][column] = (chr(ord(character) | ord(before)) if shared else character, style)

        for number_, curve in enumerate(curves):
            if curve.band is not None:
                lows, highs = (points(curve.xs, end) for end in curve.band)
                lay(between(lows, highs, wide, high), self._style(number_) + FAINT)
        placed = [points(curve.xs, curve.ys) for curve in curves]
        for number_, each in enumerate(placed):
            lay(line(each, wide, high), self._style(number_))
        for number_, each in enumerate(placed if len(curves) > 1 else ()):
            self._marked(cells, each, number_, dots.wide, dots.high)
        return cells

    def _marked(
        self, cells: list[list[Piece]], placed: Sequence[tuple[int, int]], number_: int, wide: int, high: int
    ) -> None:
        """A few marks on a curve, elsewhere on each."""
        rows, columns = len(cells), len(cells[0])
        for at in range((5 + 7 * number_) % 24, columns, 24):
            index = bisect_left(placed, (at * wide, -1))
            if index < len(placed):
                x, y = placed[index]
                row, column = rows - 1 - y // high, x // wide
                if 0 <= row < rows and 0 <= column < columns:
                    cells[row][column] = (MARKS[number_ % len(MARKS)], self._style(number_) + STRONG)

    def _draw_cursor(self, cells: list[list[Piece]], xs: tuple[float, float], columns: int) -> None:
        if self.look.cursor is None or not xs[0] <= self.look.cursor <= xs[1]:
            return
        column = round((self.look.cursor - xs[0]) / (xs[1] - xs[0]) * (columns - 1))
        for row in cells:
            if row[column][0] == " ":
                row[column] = ("│", FAINT)

    def _style(self, number_: int) -> Style:
        return Style(color=self._colours[number_ % len(COLOURS)]) if self.ink is Ink.COLOUR else PLAIN

    @property
    def _colours(self) -> tuple[str, ...]:
        return DARK if self.is_attached and not self.app.current_theme.dark else COLOURS

    def _title(self, width: int) -> list[Piece]:
        how = []
        if self.look.log:
            shown = sum(len(curve.ys) for curve in self._curves())
            dropped = sum(len(curve.ys) for curve in self._drawing.curves) - shown
            how.append(f"log, {dropped} values ≤ 0 left out" if dropped else "log")
        if factor := SMOOTHING[self.look.smoothing]:
            how.append(f"smoothed {factor:g}")
        if self.look.window:
            how.append(f"epochs {number(self.look.window[0])} to {number(self.look.window[1])}")
        title = self._drawing.title
        return [(title, STRONG), ((", " + ", ".join(how) if how else "")[: max(width - len(title), 0)], FAINT)]

    def _legend(self, curves: Sequence[Curve], width: int, most: int) -> list[list[Piece]]:
        """Name and value of each curve: at the cursor, else the last."""
        entries = []
        for number_, curve in enumerate(curves):
            at = len(curve.xs) - 1
            if self.look.cursor is not None:
                at = min(bisect_left(curve.xs, self.look.cursor - 1e-9), at)
            value = 10 ** curve.ys[at] if self.look.log else curve.ys[at]
            mark = f"{MARKS[number_ % len(MARKS)]} " if len(curves) > 1 else ""
            entries.append((f"{mark}{curve.name} {number(value)}", self._style(number_)))
        where = f"epoch {number(self.look.cursor)}  " if self.look.cursor is not None else ""
        return legend(where, entries, width, most)


def _newest(drawing: Drawing) -> float | None:
    """Epoch of the newest point."""
    return max((curve.xs[-1] for curve in drawing.curves if len(curve.xs)), default=None)


def _joined(row: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one style as one piece."""
    pieces: list[Piece] = []
    for text, style in row:
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (pieces[-1][0] + text, style)
        else:
            pieces.append((text, style))
    return pieces
