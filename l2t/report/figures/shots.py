"""Accuracy against shots, with intervals: a panel a table, a line a method (the thesis's figure 34)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import exp, log
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, counted
from l2t.report.figures.style import Look, handle, legend, legend_height, looks, panels, short
from l2t.report.report import Table
from l2t.report.words import shots_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAGE = {1: 4, 2: 9}
"""Panels of one figure at most, by columns."""


@dataclass(frozen=True)
class Line:
    """A method's means."""

    row: str
    shots: tuple[int, ...]
    means: tuple[float, ...]
    """Percent."""
    halves: tuple[float, ...]
    """Half-widths of the 95 % intervals; 0 where there is none."""


@dataclass(frozen=True)
class Panel:
    title: str
    measure: str
    lines: tuple[Line, ...]


def read(table: Table, title: str) -> Panel:
    """The means of a table, row by row."""
    lines = []
    for row in table.rows:
        found = [
            (entry.shots, entry.summary.mean, entry.summary.half_width or 0.0)
            for entry in table.entries
            if entry.row == row and entry.summary.mean is not None
        ]
        if found:
            shots, means, halves = zip(*sorted(found), strict=True)
            lines.append(Line(row, shots, means, halves))
    return Panel(title, table.metric, tuple(lines))


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    tables = []
    for table in wanted.report.tables:
        known = {entry.shots for entry in table.entries if entry.summary.n}
        if len(known) > 1:
            tables.append(table)
        else:
            where = f"only runs at {shots_title(next(iter(known)))} have" if known else "no run has"
            yield Skipped("shots", table.heading, f"{where} finished; l2t run --shots 5,10,30 gives several")
    look = looks(wanted.report)
    page = PAGE[wanted.columns]
    for start in range(0, len(tables), page):
        members = tables[start : start + page]
        found = [read(*each) for each in zip(members, labels.titles(members), strict=True)]
        rows = list(dict.fromkeys(line.row for panel in found for line in panel.lines))
        entries = [entry for table in members for entry in table.entries if entry.summary.n]
        across = 1 if wanted.columns == 1 else min(3, len(found))
        height = (2.1 if len(found) == 1 else 1.75) * -(-len(found) // across) + legend_height(wanted.width, rows)
        alone = any(entry.summary.half_width is None for entry in entries)
        yield Made(
            "shots",
            "shots",
            f"{members[0].metric} against shots",
            f"{_capital(members[0].metric)} (percent) against training images a class, log scale: mean with Student's "
            f"95 % interval, {counted([entry.summary.n for entry in entries])} runs a point."
            + (" A point without an interval is one run." if alone else "")
            + f" {labels.about(members)}.{labels.interim(entries)}",
            labels.runs_of(entries),
            (wanted.width, height),
            partial(draw, found=found, look=look, rows=rows, across=across),
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def draw(figure: "Figure", found: Sequence[Panel], look: dict[str, Look], rows: Sequence[str], across: int) -> None:
    axes = panels(figure, len(found), across)
    for index, (panel, ax) in enumerate(zip(found, axes, strict=True)):
        _draw_panel(ax, panel, look)
        if index % across == 0 or panel.measure != found[index - 1].measure:
            ax.set_ylabel(short(f"{panel.measure} (%)", 34))
        if index + across >= len(found):
            ax.set_xlabel("training images a class")
    legend(figure, [handle(row, look[row]) for row in rows])


def _draw_panel(ax: "Axes", panel: Panel, look: dict[str, Look]) -> None:
    from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator

    shots = sorted({number for line in panel.lines for number in line.shots})
    whole = log(shots[-1] / shots[0])
    # Methods stand beside each other, within a quarter of the way to the next number of shots.
    step = min(0.02 * whole, min(log(b / a) for a, b in pairwise(shots)) / 4 / len(panel.lines))
    for index, line in enumerate(panel.lines):
        shift = exp(step * (index - (len(panel.lines) - 1) / 2))
        of = look[line.row]
        ax.errorbar(
            [number * shift for number in line.shots],
            line.means,
            yerr=line.halves,
            color=of.colour,
            marker=of.marker,
            linestyle=of.dash,
            capsize=2,
            elinewidth=0.8,
            capthick=0.8,
            label=line.row,
        )
    ax.set_xscale("log")
    labelled: list[int] = []
    for number in shots:
        if not labelled or log(number / labelled[-1]) >= 0.07 * whole:
            labelled.append(number)
    ax.set_xticks(labelled, [str(number) for number in labelled])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 2.5, 5, 10)))
    ax.grid(axis="y")
    head, _, rest = panel.title.partition("\n")
    ax.set_title(short(head, 40) + (f"\n{short(rest, 60)}" if rest else ""))
