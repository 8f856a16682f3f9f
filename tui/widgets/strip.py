"""Strip plot: the values of several samples as dots on one axis, each sample with its mean and interval."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

from rich.style import Style
from textual.geometry import Size

from tui.widgets.axis import labels, ticks
from tui.widgets.drawn import CHOSEN, FAINT, PLAIN, STRONG, Drawn, Piece, longest, sentence
from tui.widgets.scale import Ink, Scale

BESIDE = 11
"""Lines of a screen that are not the plot's: half of the others may be."""
THICK = 3
"""Lines of one sample at most."""
NARROW = 40
"""Columns of dots that are kept before anything is said beside them."""
LEGEND = "┃ mean  ─ 95 %"
MANY = "#"
"""More values at one place than a digit can tell."""
UNDERLINED = Style(underline=True)


@dataclass(frozen=True)
class Sample:
    """One line of the plot."""

    label: str
    values: tuple[float | None, ...]
    """What is no finite number is left out."""
    half: float | None = None
    """Half the width of the mean's interval."""
    said: tuple[str, ...] = ("",)
    """What stands beside it, from the longest to the shortest; as many as the other samples have."""
    strong: bool = False
    tone: str = ""
    """good, bad or nothing: the colour of what is said."""

    @property
    def finite(self) -> tuple[float, ...]:
        return tuple(value for value in self.values if value is not None and math.isfinite(value))


class StripPlot(Drawn):
    """Samples one below the other, then the axis. It takes as many lines as it needs, and leaves room for others."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"strip--own", "strip--good", "strip--bad"}
    DEFAULT_CSS = """
    StripPlot { height: auto; padding: 0 1; }
    StripPlot .strip--own { color: $primary; text-style: bold; }
    StripPlot .strip--good { color: $text-success; }
    StripPlot .strip--bad { color: $text-error; }
    """

    def __init__(self, unit: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self._unit = unit
        self._samples: tuple[Sample, ...] = ()

    def show(self, samples: Sequence[Sample]) -> None:
        """Draw these, the most telling first: the last ones are left out where there is no room."""
        if tuple(samples) != self._samples:
            self._samples = tuple(samples)
            self.redraw()
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        room = max((viewport.height - BESIDE) // 2, 0)
        rows = len(self._samples) if any(sample.finite for sample in self._samples) else 0
        return min(rows * _thickness(rows, room) + 1, room) if rows and room > 1 else 0

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        shown = self._samples[: max(height - 1, 1)]
        every = [value for sample in shown for value in sample.finite]
        if not every:
            return sentence("no accuracy to plot yet", width)
        label = min(max(longest([sample.label for sample in shown]), len(self._unit)), max(width // 4, 1))
        texts = _beside(shown, width - label - 1)
        beside = max(longest(texts), len(LEGEND)) + 2 if texts else 0
        columns = max(width - label - 1 - beside, 1)
        scale = _scale(every, [interval for sample in shown if (interval := _interval(sample))])
        thick = _thickness(len(shown), height)
        lines: list[list[Piece]] = []
        blank: Piece = (" " * (label + 1), PLAIN)
        for sample, said in zip(shown, texts or [""] * len(shown), strict=True):
            rows = self._rows(sample, scale, columns, thick)
            at = max(thick - 2, 0)
            name: Piece = (f"{sample.label:{label}.{label}} ", STRONG if sample.strong else PLAIN)
            tail: Piece = (f"  {said}" * bool(said), self._tone(sample.tone) if sample.tone else PLAIN)
            lines += [[name, *pieces, tail] if row == at else [blank, *pieces] for row, pieces in enumerate(rows)]
        hidden = len(self._samples) - len(shown)
        foot = f"  +{hidden} more" if hidden else f"  {LEGEND}"
        unit = f"{self._unit:>{label}.{label}} "
        return [*lines, [(unit, FAINT), (axis_line(scale, columns), FAINT), (foot[:beside], FAINT)]]

    def _tone(self, name: str) -> Style:
        return self.get_component_rich_style(f"strip--{name}", partial=True)

    def _rows(self, sample: Sample, scale: Scale, columns: int, thick: int) -> list[list[Piece]]:
        """Dots above the interval, or in one line over it: those that hide it are underlined, at the mean reversed."""
        ascii, style = self.ink is Ink.ASCII, self._tone("own") if sample.strong else PLAIN
        counts = Counter(place(value, scale, columns) for value in sample.finite)
        interval = interval_line(sample, scale, columns)
        drawn = [(character, STRONG if character == "┃" else FAINT) for character in interval]
        if thick == 1:
            for at, count in counts.items():
                mark = {" ": PLAIN, "┃": CHOSEN}.get(interval[at], UNDERLINED)
                drawn[at] = (stack(count, 1, ascii), style + mark)
            return [drawn]
        stacks = {at: stack(count, thick - 1, ascii) for at, count in counts.items()}
        blank = " " * (thick - 1)
        levels = zip(*(stacks.get(at, blank) for at in range(columns)), strict=True)
        return [*([("".join(level), style)] for level in reversed([*levels])), drawn]


def _beside(shown: Sequence[Sample], width: int) -> Sequence[str]:
    """What is said beside the dots: the longest that leaves them enough room; nothing where none does."""
    for texts in zip(*(sample.said for sample in shown), strict=True):
        if width - max(longest(texts), len(LEGEND)) - 2 >= NARROW:
            return texts
    return ()


def _thickness(samples: int, height: int) -> int:
    """Lines of each sample in this height, one of which is the axis."""
    return min(max((height - 1) // max(samples, 1), 1), THICK)


def _interval(sample: Sample) -> tuple[float, float] | None:
    if not sample.finite or sample.half is None or not math.isfinite(sample.half):
        return None
    mean = fmean(sample.finite)
    return mean - sample.half, mean + sample.half


def _scale(values: Sequence[float], intervals: Iterable[tuple[float, float]]) -> Scale:
    """From the least to the greatest value, and to the ends of intervals, as far as these leave half of it to the
    values; one unit to each side where all values are equal."""
    low, high = min(values), max(values)
    beyond = (high - low) / 2 if high > low else math.inf
    ends = list(intervals)
    least = min([low, *(max(end, low - beyond) for end, _ in ends)])
    greatest = max([high, *(min(end, high + beyond) for _, end in ends)])
    if least < greatest:
        return Scale(least, greatest)
    return Scale(low - 1, high + 1)


def place(value: float, scale: Scale, columns: int) -> int:
    """Column of a value."""
    part = scale.part(value)
    return 0 if part is None else round(part * (columns - 1))


def stack(count: int, levels: int, ascii: bool) -> str:
    """What stands at the levels of a place, the lowest first: dots, or where they do not fit their number."""
    if count <= levels:
        return ("*" if ascii else "•") * count + " " * (levels - count)
    return (str(count) if count < 10 else MANY).ljust(levels)


def interval_line(sample: Sample, scale: Scale, columns: int) -> str:
    """ "├──┃──┤"; an end that lies outside the axis is an arrow."""
    if not sample.finite:
        return " " * columns
    line = [" "] * columns
    found = _interval(sample)
    if found is not None:
        low, high = found
        first, last = place(low, scale, columns), place(high, scale, columns)
        line[first : last + 1] = "─" * (last - first + 1)
        line[first], line[last] = "←" if low < scale.low else "├", "→" if high > scale.high else "┤"
    line[place(fmean(sample.finite), scale, columns)] = "┃"
    return "".join(line)


def axis_line(scale: Scale, columns: int) -> str:
    """Round values, each beside a mark that stands at its place: behind it, or before it where the line ends."""
    for most in range(max(columns // 7, 1), 0, -1):
        values = ticks(scale.low, scale.high, most)
        line = [" "] * columns
        free = 0
        for value, text in zip(values, labels(values), strict=True):
            at = place(value, scale, columns)
            begin = at if at + len(text) < columns else at - len(text)
            if begin < free:
                break
            line[begin : begin + len(text) + 1] = f"│{text}" if begin == at else f"{text}│"
            free = begin + len(text) + 2
        else:
            return "".join(line)
    return " " * columns
