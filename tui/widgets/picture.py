"""Images in half blocks, position weights laid over them, and small maps of position weights for many channels."""

import math
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.drawn import CHOSEN, FAINT, PLAIN, Drawn, Piece, sentence, window
from tui.widgets.scale import RGB, Ink, Scale, blend, luminance, paint, rgb, shade

Grid = Sequence[Sequence[float]]
"""3×3 values, row by row."""

Shares = list[list[tuple[int, float]]]


class Picture(Drawn):
    """An RGB image as large as fits, its aspect kept; a 3×3 map laid over it tints it."""

    def __init__(self, empty: str = "No image.", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._image = (0, 0, b"")
        self._grid: Grid | None = None
        self._scale = Scale(0, 1)
        self._scaled: tuple[tuple[int, int], list[list[RGB]]] | None = None

    def show(
        self,
        width: int,
        height: int,
        rgb: bytes,
        grid: Grid | None = None,
        *,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Draw an image whose bytes are red, green, blue of each pixel, row by row.

        grid: position weights, spread as the method does; low, high: ends of their scale (default 0 and the greatest).
        """
        if len(rgb) != 3 * width * height:
            width, height, rgb = 0, 0, b""
        if self._image != (width, height, rgb):
            self._image, self._scaled = (width, height, rgb), None
        self._grid = grid
        if grid is not None:
            self._scale = Scale.over((value for line in grid for value in line), 0.0 if low is None else low, high)
        self.redraw()

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        wide, tall, _ = self._image
        if not wide or not tall:
            return sentence(self.empty, width)
        colour = self.ink is Ink.COLOUR
        # A character is taken as twice as high as wide, so that two halves of it are square.
        factor = min(width / wide, 2 * height / tall)
        columns, rows = max(int(wide * factor), 1), max(int(tall * factor), 1)
        rows = rows if colour else max(rows // 2, 1)
        pixels = self._resized(columns, rows)
        left = (" " * ((width - columns) // 2), PLAIN)
        parts = self._parts(columns, rows)
        if not colour:
            return [[left, ("".join(map(self._character, *lines)), PLAIN)] for lines in zip(pixels, parts, strict=True)]
        drawn = [[_tinted(*pair) for pair in zip(*lines, strict=True)] for lines in zip(pixels, parts, strict=True)]
        lines = []
        for row in range(0, rows, 2):
            below: Sequence[RGB | None] = drawn[row + 1] if row + 1 < rows else [None] * columns
            pairs = zip(drawn[row], below, strict=True)
            lines.append([left, *(("▀", paint(upper, lower)) for upper, lower in pairs)])
        return lines

    def _resized(self, columns: int, rows: int) -> list[list[RGB]]:
        if self._scaled is None or self._scaled[0] != (columns, rows):
            self._scaled = ((columns, rows), resized(*self._image, columns, rows))
        return self._scaled[1]

    def _parts(self, columns: int, rows: int) -> list[list[float | None]]:
        if self._grid is None:
            return [[None] * columns] * rows
        return [[self._scale.part(value) for value in line] for line in spread(self._grid, columns, rows)]

    def _character(self, pixel: RGB, part: float | None) -> str:
        return shade(luminance(pixel) * (1 if part is None else part), self.ink)


class Maps(Drawn, can_focus=True):
    """Position weights of many channels: a 3×3 map each, in a window with a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", show=False),
        Binding("right,l", "move(1)", show=False),
        Binding("up,k", "line(-1)", show=False),
        Binding("down,j", "line(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("pagedown,ctrl+d", "page(1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
    ]
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
        """Draw channels and their maps in the order given. low, high: the scale's ends (default 0 and the greatest).

        The cursor stays on its channel.
        """
        chosen = self.channel
        self._maps, self._quantity = tuple(maps), name
        values = (value for _, grid in maps for line in grid for value in line)
        self._scale = Scale.over(values, 0.0 if low is None else low, high)
        self._place = next((at for at, (channel, _) in enumerate(self._maps) if channel == chosen), 0)
        self.redraw()

    def choose(self, channel: int) -> None:
        """Put the cursor on a channel, silently; one that there is not is passed over."""
        self._place = next((at for at, (each, _) in enumerate(self._maps) if each == channel), self._place)
        self.redraw()

    def action_move(self, by: int) -> None:
        place = min(max(self._place + by, 0), len(self._maps) - 1)
        if self._maps and place != self._place:
            self._place = place
            self.redraw()
            self.post_message(self.Chosen(self, self._maps[place][0]))

    def action_line(self, by: int) -> None:
        if 0 <= self._place + by * self._across < len(self._maps):
            self.action_move(by * self._across)

    def action_page(self, by: int) -> None:
        self.action_move(by * self._across * self._down)

    def on_click(self, event: events.Click) -> None:
        column, row = event.x // self.WIDE, event.y // self.TALL
        place = (self._first + row) * self._across + column
        if column < self._across and row < self._down and place < len(self._maps):
            self.action_move(place - self._place)

    def on_mouse_scroll_down(self) -> None:
        self.action_line(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_line(-1)

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
        dash = "-" if self.ink is Ink.ASCII else "–"
        place = f"  channels {self._first * self._across + 1}{dash}{last} of {len(self._maps)}"
        return [*lines, [*self.legend(self._scale, self._quantity, width - len(place)), (place, FAINT)]]

    def _title(self, at: int) -> list[Piece]:
        text = f"#{self._maps[at][0]}"
        return [(text[: self.WIDE - 1], CHOSEN if at == self._place else PLAIN), (" " * (self.WIDE - len(text)), PLAIN)]

    def _row(self, at: int, line: int) -> list[Piece]:
        values = self._maps[at][1][line]
        blocks = [self.block(part, "" if part is not None else "?", 2) for part in map(self._scale.part, values)]
        return [*blocks, (" " * (self.WIDE - 6), PLAIN)]


def resized(width: int, height: int, pixels: bytes, columns: int, rows: int) -> list[list[RGB]]:
    """An image of another size; each pixel is the mean of the area that it covers."""
    across, down = _overlaps(width, columns), _overlaps(height, rows)
    narrow = []
    for y in range(height):
        line = [pixels[3 * (y * width + x) :][:3] for x in range(width)] if width else []
        narrow.append([tuple(sum(line[x][c] * share for x, share in shares) for c in range(3)) for shares in across])
    result = []
    for shares in down:
        line_of = []
        for x in range(columns):
            red, green, blue = (round(sum(narrow[y][x][c] * share for y, share in shares)) for c in range(3))
            line_of.append((red, green, blue))
        result.append(line_of)
    return result


def _overlaps(size: int, count: int) -> Shares:
    """For each of `count` equal parts of `size` pixels the pixels that it covers, and their shares of it."""
    step = size / count
    return [
        [
            (x, (min(x + 1, (at + 1) * step) - max(x, at * step)) / step)
            for x in range(int(at * step), min(math.ceil((at + 1) * step - 1e-9), size))
        ]
        for at in range(count)
    ]


def spread(grid: Grid, columns: int, rows: int) -> list[list[float]]:
    """3×3 values over rows × columns, bilinear.

    Equivalent to `l2t.matching.which.resize_matrix`, also where rows and columns differ.
    """
    across, down = _between(columns), _between(rows)
    return [
        [
            (grid[top][left] * (1 - x) + grid[top][right] * x) * (1 - y)
            + (grid[bottom][left] * (1 - x) + grid[bottom][right] * x) * y
            for left, right, x in across
        ]
        for top, bottom, y in down
    ]


def _between(count: int) -> list[tuple[int, int, float]]:
    """For each of `count` places the values before and after it, of three, and how far it is on the way."""
    found = []
    for at in range(count):
        place = max((at + 0.5) * 3 / count - 0.5, 0.0)
        first = min(int(place), 2)
        found.append((first, min(first + 1, 2), min(place - first, 1.0)))
    return found


def _tinted(pixel: RGB, part: float | None) -> RGB:
    """A pixel under a weight: its grey, in the scale's colour."""
    if part is None:
        return pixel
    grey = round(255 * luminance(pixel))
    return blend((grey, grey, grey), rgb(round(part, 2)), 0.55)
