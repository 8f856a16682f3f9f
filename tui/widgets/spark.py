"""How busy something is: one line each with a bar, the last values in little blocks, and words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size

from tui.widgets.drawn import FAINT, PLAIN, Drawn, Piece
from tui.widgets.scale import Ink

STEPS = {Ink.COLOUR: "▁▂▃▄▅▆▇█", Ink.SHADES: "▁▂▃▄▅▆▇█", Ink.ASCII: "_.-=+*%#"}
"""Characters from the lowest to the highest."""
BAR = {Ink.COLOUR: ("━", "─"), Ink.SHADES: ("━", "─"), Ink.ASCII: ("#", ".")}
"""Characters of the part that is used, and of the other."""
WIDE = 100
"""Columns from which there is room for what is only nice to know."""


def step(percent: float | None) -> int | None:
    """Which of the eight steps 0 … 100 % is."""
    return None if percent is None else min(max(int(percent * 8 / 100), 0), 7)


def spark(steps: Sequence[int | None], width: int, ink: Ink) -> str:
    """The last steps, the newest at the right; blanks where there is none."""
    return "".join(" " if each is None else STEPS[ink][each] for each in steps[-width:]).rjust(width)


@dataclass(frozen=True, slots=True)
class Meter:
    """One line."""

    label: str
    use: int | None
    """Percent; None where it is not measured."""
    history: tuple[int | None, ...]
    """Steps, the oldest first."""
    figures: str
    """Numbers that belong to it, such as used and whole memory."""
    aside: str
    """Numbers for those who have room."""
    words: tuple[str, ...]
    """What else is to be said; where room is short the last are cut."""


class Meters(Drawn):
    """Lines under each other in columns. As high as it has lines; drawn again only where something looks different."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"meters--bar"}
    DEFAULT_CSS = """
    Meters { height: 0; padding: 0 1; }
    Meters .meters--bar { color: $primary; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._meters: tuple[Meter, ...] = ()

    def show(self, meters: Sequence[Meter]) -> None:
        """Draw these."""
        if len(meters) != len(self._meters):
            self.styles.height = len(meters)
        before, self._meters = self._lines, tuple(meters)
        if before is None or self.lines(*before[0]) != before[1]:
            self.redraw()

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        bar = self.get_component_rich_style("meters--bar", partial=True)
        wide = width >= WIDE
        label = min(_widest(meter.label for meter in self._meters), 30 if wide else 16)
        figures = _widest(meter.figures for meter in self._meters)
        aside = _widest(meter.aside for meter in self._meters) if wide else 0
        long = 10 if wide else 5 if width >= 60 else 0
        back = min(max(8 + (width - 80) // 3, 8 if long else 0), 60)
        rest = width - sum(size + 2 for size in (label, long, 5, back, figures, aside) if size)
        used, free = BAR[self.ink]
        made = []
        for meter in self._meters:
            full = round((meter.use or 0) * long / 100)
            use = "–" if meter.use is None else f"{meter.use} %"
            pieces = [
                (_cut(meter.label, label) + "  ", PLAIN),
                (used * full, bar),
                (free * (long - full) + "  " * bool(long), FAINT),
                (f"{use:>5}  ", PLAIN),
                (spark(meter.history, back, self.ink) + "  " if back else "", bar),
                (meter.figures.rjust(figures) + "  ", PLAIN),
                (meter.aside.rjust(aside) + "  " if aside else "", FAINT),
                (_cut(", ".join(meter.words), max(rest, 0)), PLAIN),
            ]
            made.append([(text, style) for text, style in pieces if text])
        return made


def _widest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _cut(text: str, width: int) -> str:
    """As wide as is wanted, with … where something is missing."""
    whole = cell_len(text) <= width or not width
    return set_cell_size(text, width) if whole else set_cell_size(text, width - 1) + "…"
