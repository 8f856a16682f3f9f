"""Every run's accuracy, methods side by side: points, a box of the quartiles, the mean. A panel a number of shots."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, counted, slug
from l2t.report.figures.style import GREY, Look, looks, panels, short
from l2t.report.report import Table
from l2t.report.words import shots_title
from l2t.stats import MINIMUM

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Panel:
    shots: int
    values: dict[str, tuple[float, ...]]
    """Percent, by row."""


def read(table: Table) -> list[Panel]:
    """The values of a table, for each number of shots that has some."""
    found = []
    for shots in table.shots:
        values = {entry.row: entry.values for entry in table.entries if entry.shots == shots and entry.values}
        if values:
            found.append(Panel(shots, values))
    return found


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    look = looks(wanted.report)
    for table in wanted.report.tables:
        found = read(table)
        if not found:
            yield Skipped("distribution", table.heading, "no run has finished")
            continue
        entries = [entry for entry in table.entries if entry.values]
        across = min(len(found), 2 if wanted.columns == 1 else 3)
        rows = [row for row in table.rows if any(row in panel.values for panel in found)]
        numbers = [len(values) for panel in found for values in panel.values.values()]
        height = -(-len(found) // across) * (0.62 + 0.21 * len(rows))
        yield Made(
            "distribution",
            f"distribution-{slug(table.title)}",
            f"{table.metric} of each run, {table.title}",
            f"Each run's {table.metric} (percent), a point a seed, {counted(numbers)}: box from the first to the third "
            f"quartile with the median, and the mean (diamond). Methods with fewer than {MINIMUM} runs have no box. "
            f"{table.heading}.{labels.interim(entries)}",
            labels.runs_of(entries),
            (wanted.width, height + 0.15),
            partial(draw, found=found, rows=rows, look=look, across=across, label=f"{table.metric} (%)"),
        )


def draw(
    figure: "Figure", found: Sequence[Panel], rows: Sequence[str], look: dict[str, Look], across: int, label: str
) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    axes = panels(figure, len(found), across, sharey=True)
    for index, (panel, ax) in enumerate(zip(found, axes, strict=True)):
        for at, row in enumerate(rows):
            values = np.array(panel.values.get(row, ()))
            if not values.size:
                continue
            # Points that follow each other in size stand apart: neighbours do not hide each other.
            order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
            offsets = (order * 0.618034) % 1.0 * 0.5 - 0.25 if values.size > 1 else np.zeros(1)
            of = look[row]
            if values.size >= MINIMUM:
                low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
                ax.barh(at, high - low, 0.66, low, facecolor="none", edgecolor=GREY, linewidth=0.7, zorder=2)
                ax.vlines(middle, at - 0.33, at + 0.33, color="black", linewidth=1.1, zorder=4)
            ax.plot(
                values,
                at + offsets,
                linestyle="none",
                marker=of.marker,
                markersize=2.6,
                color=of.colour,
                alpha=0.75,
                markeredgewidth=0,
                zorder=3,
            )
            ax.plot(values.mean(), at, "D", color="white", markeredgecolor="black", markersize=4, zorder=5)
        ax.set_title(shots_title(panel.shots))
        ax.set_yticks(range(len(rows)), [short(row, 24) for row in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x")
        ax.xaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)))
        if index + across >= len(found):
            ax.set_xlabel(short(label, 34))
