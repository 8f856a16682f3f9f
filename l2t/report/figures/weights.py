"""Traced weights of methods from the same start: a panel a position, a line a method (the thesis's figure 36)."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, slug
from l2t.report.figures.reading import Course
from l2t.report.figures.style import SMALL, Look, handle, legend, legend_height, looks, panels
from l2t.report.figures.traced import SameStart, same_start
from l2t.report.words import shots_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 12
"""Positions of one figure."""


def positions(found: SameStart) -> list[str]:
    """What is drawn: the traced weights, and λ and w; γ has a figure of its own."""
    names = dict.fromkeys(name for of in found.courses.values() for name in of)
    return [name for name in names if not name.startswith("gamma[")]


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    look = looks(wanted.report)
    for table in labels.tested(wanted.report.tables):
        wanted.progress(f"traced weights of {table.heading}")
        found = same_start(wanted.home, table)
        names = positions(found) if found else []
        if found is None or not names:
            yield Skipped(
                "weights",
                table.heading,
                "no finished run traced a weight; l2t run --force --trace 'features.0.weight[4,2,2,0]' records one",
            )
            continue
        rows = [row for row in table.rows if any(name in found.courses.get(row, {}) for name in names)]
        shown = names[:MOST]
        across = min(len(shown), 2 if wanted.columns == 1 else 3)
        down = -(-len(shown) // across)
        more = f" {len(names) - MOST} more were traced." if len(names) > MOST else ""
        yield Made(
            "weights",
            f"weights-{slug(table.title)}",
            f"traced weights by epoch, {table.title}",
            f"Traced numbers by epoch at {shots_title(found.shots)}, seed {found.seed}, one run a method"
            f" (λ and w: mean over the probe's images).{more} {table.heading}. Filters shots=… seed=… choose others.",
            tuple(found.runs[row] for row in rows),
            (wanted.width, (1.35 if wanted.columns == 1 else 1.5) * down + 0.2 + legend_height(wanted.width, rows)),
            partial(draw, courses=found.courses, names=shown, rows=rows, look=look, across=across),
        )


def draw(
    figure: "Figure",
    courses: dict[str, dict[str, Course]],
    names: Sequence[str],
    rows: Sequence[str],
    look: dict[str, Look],
    across: int,
) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = panels(figure, len(names), across)
    for index, (name, ax) in enumerate(zip(names, axes, strict=True)):
        for at, row in enumerate(rows):
            course = courses.get(row, {}).get(name)
            if course:
                of = look[row]
                every = max(1, len(course) // 5)
                ax.plot(
                    list(course),
                    list(course.values()),
                    color=of.colour,
                    linestyle=of.dash,
                    marker=of.marker,
                    markersize=3,
                    markevery=(every * at // len(rows), every),
                )
        # The index tells positions apart: a long name loses its beginning, part by part.
        title = name
        while len(title) > 21 * figure.get_figwidth() / 1.7 / across and "." in title:
            title = f"…{title.removeprefix('…').partition('.')[2]}"
        ax.set_title(title, fontsize=SMALL)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=(1, 2, 5, 10)))
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)))
        ax.grid(axis="y")
        if index + across >= len(names):
            ax.set_xlabel("epoch")
    legend(figure, [handle(row, look[row]) for row in rows])
