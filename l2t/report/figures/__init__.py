"""Figures of a report, one module each. matplotlib is imported when a figure is drawn, so that tables never pay for it.

**Adding a figure** is a module whose `make` takes a `Wanted` and yields each figure, or why there is none, and one line
in `FIGURES`. A module reads what it draws into plain dataclasses first, and draws from nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from l2t.registry import load_object
from l2t.report.figures.made import Columns, Made, Skipped, Wanted
from l2t.report.report import Report

FIGURES: Mapping[str, str] = {
    "shots": "l2t.report.figures.shots:make",
    "distribution": "l2t.report.figures.distribution:make",
    "learning": "l2t.report.figures.learning:make",
    "critical": "l2t.report.figures.critical:make",
    "weights": "l2t.report.figures.weights:make",
    "gamma": "l2t.report.figures.gamma:make",
    "lambda": "l2t.report.figures.layers:make",
    "channels": "l2t.report.figures.channels:make",
    "settling": "l2t.report.figures.settling:make",
}
"""Figures by name, in the order in which they are made."""


def made(
    home: Path,
    report: Report,
    names: Sequence[str] = tuple(FIGURES),
    columns: Columns = 1,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Made | Skipped]:
    """The figures of these names, keys of FIGURES, about the runs behind the report's entries.

    columns: of a paper, that a figure is as wide as. progress: told what is being read.
    Nothing is drawn before `style.rendered` (or `svg`) is called.
    """
    wanted = Wanted(home, report, columns, progress)
    taken: dict[str, int] = {}
    for name in names:
        make: Callable[[Wanted], Iterator[Made | Skipped]] = load_object(FIGURES[name])
        for each in make(wanted):
            if isinstance(each, Made):
                number = taken[each.name] = taken.get(each.name, 0) + 1
                yield each if number == 1 else replace(each, name=f"{each.name}-{number}")
            else:
                yield each


def svg(figure: Made) -> str:
    """The figure as a text of SVG, for a page."""
    from l2t.report.figures.style import rendered

    return rendered(figure, "svg").decode()
