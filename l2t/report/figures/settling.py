"""When traced values settle, per method, with interval: a panel a kind of value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, counted, slug
from l2t.report.figures.reading import courses, named, traces
from l2t.report.figures.style import Look, handle, legend, legend_height, looks, panels
from l2t.report.report import Table
from l2t.report.settling import Settled, settled, settled_each, together
from l2t.report.words import shots_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = {"weights": "traced weights", "lambda": "λ", "w": "w", "gamma": "γ"}
META = ("lambda[", "w[", "gamma[")
"""How named traces of meta-weights begin."""
STEP = 2.0**-10
"""The greatest relative distance of two numbers of float16, which archives keep."""


@dataclass(frozen=True)
class Panel:
    kind: str
    found: dict[tuple[int, str], Settled]
    """By shots and row."""


def read(home: Path, table: Table) -> list[Panel]:
    """The panels of a table: named traces every epoch, λ, w and γ at the epochs that archives were kept at."""
    panels: dict[str, dict[tuple[int, str], Settled]] = {kind: {} for kind in KINDS}
    for entry in table.entries:
        runs = [_run(home, run) for run in entry.runs]
        for kind in KINDS:
            of = together(run.get(kind, ()) for run in runs)
            if of is not None:
                panels[kind][entry.shots, entry.row] = of
    return [Panel(kind, found) for kind, found in panels.items() if found]


def _run(home: Path, run: str) -> dict[str, list[int | None]]:
    """When each value of a run settled, by kind."""
    found: dict[str, list[int | None]] = {}
    weights = [course for name, course in named(courses(home, run)).items() if not name.startswith(META)]
    if weights:
        found["weights"] = [settled(course) for course in weights]
    archives = traces(home, run)
    if archives is not None:
        import numpy as np

        kept = [(epoch, then) for epoch in archives.epochs if (then := archives.at(epoch)) is not None]
        for kind in archives.kinds:
            table = np.array([np.frombuffer(then.arrays[kind].data, "<f2") for _, then in kept], float)
            found[kind] = settled_each([epoch for epoch, _ in kept], table, STEP)
    return found


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    look = looks(wanted.report)
    for table in labels.tested(wanted.report.tables):
        wanted.progress(f"when values settle in {table.heading}")
        found = read(wanted.home, table)
        if not found:
            yield Skipped(
                "settling",
                table.heading,
                "no finished run traced a value that moved; l2t run --force --trace"
                " 'features.0.weight[4,2,2,0]' records one, l2tww and l2twww keep λ, w and γ",
            )
            continue
        known = {place for panel in found for place in panel.found}
        entries = [entry for entry in table.entries if (entry.shots, entry.row) in known]
        rows = [row for row in table.rows if any(row == each for _, each in known)]
        lines = max(len(panel.found) for panel in found)
        across = min(len(found), 2)
        numbers = [len(each.epochs) for panel in found for each in panel.found.values()]
        still = sum(each.still for panel in found for each in panel.found.values())
        values = still + sum(each.values for panel in found for each in panel.found.values())
        yield Made(
            "settling",
            f"settling-{slug(table.title)}",
            f"when traced values settle, {table.title}",
            "Epoch from which on a traced value stays within 5 % of its range of its end: of each run the median over "
            f"its values (small points), over the runs the mean with Student's 95 % interval, {counted(numbers)} runs."
            " λ, w and γ: the probe's mean, at the epochs that archives were kept at."
            + (
                f" Left out: {still:,} of {values:,} values, which moved too little to tell in 16 bits."
                if still
                else ""
            )
            + f" {table.heading}.{labels.interim(entries)}",
            labels.runs_of(entries),
            (wanted.width, (0.6 + 0.13 * lines) * -(-len(found) // across) + 0.2 + legend_height(wanted.width, rows)),
            partial(draw, found=found, rows=rows, look=look, across=across),
        )


def draw(figure: "Figure", found: Sequence[Panel], rows: Sequence[str], look: dict[str, Look], across: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = panels(figure, len(found), across, sharex=True)
    for index, (panel, ax) in enumerate(zip(found, axes, strict=True)):
        ticks, at = [], 0.0
        for shots in sorted({shots for shots, _ in panel.found}):
            begin = at
            for row in rows:
                of = panel.found.get((shots, row))
                if of is None:
                    continue
                style, summary = look[row], of.summary
                ax.plot(of.epochs, [at] * len(of.epochs), style.marker, color=style.colour, markersize=2, alpha=0.45)
                half = summary.half_width or 0.0
                ax.errorbar(
                    [summary.mean or 0.0],
                    [at],
                    xerr=[half],
                    color=style.colour,
                    marker=style.marker,
                    capsize=2,
                    elinewidth=0.9,
                    zorder=4,
                )
                at += 1
            ticks.append(((begin + at - 1) / 2, shots_title(shots)))
            at += 0.8
        ax.set_yticks([place for place, _ in ticks], [text for _, text in ticks])
        ax.set_ylim(at - 1.2, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_title(KINDS[panel.kind])
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=(1, 2, 5, 10)))
        ax.tick_params(axis="x", labelbottom=True)
        ax.grid(axis="x")
        if index + across >= len(found):
            ax.set_xlabel("epoch")
    legend(figure, [handle(row, look[row], line=False) for row in rows])
