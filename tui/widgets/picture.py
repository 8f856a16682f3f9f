"""Images in half blocks, and position weights laid over them."""

import math
from collections.abc import Sequence

from tui.widgets.drawn import PLAIN, Drawn, Piece, sentence
from tui.widgets.scale import RGB, Ink, Scale, blend, luminance, paint, rgb, shade

Grid = Sequence[Sequence[float]]
"""3×3 values, row by row."""

Shares = list[list[tuple[int, float]]]


class Picture(Drawn):
    """An RGB image as large as fits, its aspect kept; a 3×3 map laid over it tints it, or darkens it without colour.

    Tinting was chosen over darkening, which shows nothing of the map where the image is black, as digits mostly are.
    """

    def __init__(self, empty: str = "No image.", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._image = (0, 0, b"")
        self._grid: Grid | None = None
        self._quantity = ""
        self._scale = Scale(0, 1)
        self._scaled: tuple[tuple[int, int], list[list[RGB]]] | None = None

    def show(
        self,
        width: int,
        height: int,
        rgb: bytes,
        grid: Grid | None = None,
        *,
        name: str = "",
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Draw an image whose bytes are red, green, blue of each pixel, row by row.

        grid: position weights, spread as the method does; name: theirs; low, high: the scale's ends, where they are not
        the least and the greatest of them.
        """
        if len(rgb) != 3 * width * height:
            width, height, rgb = 0, 0, b""
        if self._image != (width, height, rgb):
            self._image, self._scaled = (width, height, rgb), None
        self._grid, self._quantity = grid, name
        if grid is not None:
            self._scale = Scale.over((value for line in grid for value in line), low, high)
        self.redraw()

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        wide, tall, _ = self._image
        if not wide or not tall:
            return sentence(self.empty, width)
        legend: list[list[Piece]] = []
        if self._grid is not None and height > 2:
            height -= 1
            legend = [self.legend(self._scale, self._quantity, width)]
        return [*self._drawn(width, height), *legend]

    def _drawn(self, width: int, height: int) -> list[list[Piece]]:
        wide, tall, _ = self._image
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
        lines: list[list[Piece]] = []
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
        return shade(luminance(pixel) * (1 if part is None else 0.25 + 0.75 * part), self.ink)


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
