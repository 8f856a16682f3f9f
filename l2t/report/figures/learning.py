"""Learning curves: accuracy and cross-entropy by epoch, mean and band over seeds. A panel a number of shots."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, counted, slug
from l2t.report.figures.reading import Band, band, courses
from l2t.report.figures.style import Look, handle, legend, legend_height, looks, panels
from l2t.report.report import Table
from l2t.report.words import shots_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURES = {
    "accuracy": ("test accuracy (%)", "Accuracy on test images (percent; before the last epoch on a part of them)"),
    "ce": ("cross-entropy", "Cross-entropy on the training images, log scale,"),
}
"""Metrics: what the axis says, and the caption."""


@dataclass(frozen=True)
class Panel:
    shots: int
    bands: dict[str, Band]
    """By row."""


def read(home: Path, table: Table) -> dict[str, list[Panel]]:
    """The panels of a table, by metric; each run's file is read once."""
    panels: dict[str, list[Panel]] = {name: [] for name in MEASURES}
    for shots in table.shots:
        found: dict[str, dict[str, Band]] = {name: {} for name in MEASURES}
        for entry in table.entries:
            if entry.shots == shots and entry.runs:
                runs = [courses(home, run) for run in entry.runs]
                for name in MEASURES:
                    together = band(run.get(name, {}) for run in runs)
                    if together is not None:
                        found[name][entry.row] = together
        for name, bands in found.items():
            if any(len(each.epochs) > 1 for each in bands.values()):
                panels[name].append(Panel(shots, bands))
    return panels


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    look = looks(wanted.report)
    for table in labels.tested(wanted.report.tables):
        wanted.progress(f"learning curves of {table.heading}")
        entries = [entry for entry in table.entries if entry.runs]
        for name, found in read(wanted.home, table).items():
            label, what = MEASURES[name]
            if not found:
                yield Skipped("learning", table.heading, f"no finished run recorded {label} by epoch")
                continue
            rows = [row for row in table.rows if any(row in panel.bands for panel in found)]
            across = min(len(found), 2 if wanted.columns == 1 else 3)
            down = -(-len(found) // across)
            numbers = [each.runs for panel in found for each in panel.bands.values()]
            yield Made(
                "learning",
                f"learning-{'accuracy' if name == 'accuracy' else 'loss'}-{slug(table.title)}",
                f"{label.partition(' (')[0]} by epoch, {table.title}",
                f"{what} by epoch: mean over seeds and Student's 95 % interval of the mean (band), {counted(numbers)} "
                f"runs. {table.heading}.{labels.interim(entries)}",
                labels.runs_of(entries),
                (wanted.width, 1.75 * down + legend_height(wanted.width, rows)),
                partial(draw, found=found, rows=rows, look=look, across=across, label=label, log=name == "ce"),
            )


def draw(
    figure: "Figure",
    found: Sequence[Panel],
    rows: Sequence[str],
    look: dict[str, Look],
    across: int,
    label: str,
    log: bool,
) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axes = panels(figure, len(found), across, sharey=True)
    for index, (panel, ax) in enumerate(zip(found, axes, strict=True)):
        for row in rows:
            if row not in panel.bands:
                continue
            of, each = look[row], panel.bands[row]
            every = max(1, len(each.epochs) // 6)
            style = {"color": of.colour, "marker": of.marker, "linestyle": of.dash}
            ax.plot(each.epochs, each.means, **style, markevery=(every * rows.index(row) // len(rows), every))
            if each.runs > 1:
                # A band of two runs reaches beyond what can be: it would hide the curves.
                lows = [max(low, mean / 3 if log else 0) for low, mean in zip(each.lows, each.means, strict=True)]
                highs = each.highs if log else [min(high, 100) for high in each.highs]
                ax.fill_between(each.epochs, lows, highs, color=of.colour, alpha=0.15, lw=0)
        ax.set_title(shots_title(panel.shots))
        ax.grid(axis="y")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=(1, 2, 5, 10)))
        if log and all(mean > 0 for each in panel.bands.values() for mean in each.means):
            ax.set_yscale("log")
            ax.yaxis.set_major_locator(LogLocator(numticks=6))
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            ax.yaxis.set_minor_formatter(NullFormatter())
        elif not log:
            ax.yaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 2.5, 5, 10)))
        if index % across == 0:
            ax.set_ylabel(label)
        if index + across >= len(found):
            ax.set_xlabel("epoch")
    legend(figure, [handle(row, look[row]) for row in rows])
