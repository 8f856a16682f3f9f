"""Published numbers that have no runs here: which they are, and the command line that runs one."""

import shlex
from collections.abc import Iterator, Sequence

from l2t.data.registry import datasets
from l2t.methods.registry import methods
from l2t.report.published.shipped import THESIS
from l2t.report.published.table import Printed, Published
from l2t.report.titles import dataset_title
from l2t.report.words import listed


def sentences(absent: Sequence[Printed], published: Published) -> Iterator[str]:
    """How many numbers have no runs, and how to run the first that l2t can: the file may have methods that it lacks."""
    if len(absent) == len(published.cells):
        yield f"No number of {published.title} has an entry here: it has {listing(absent)}."
    if not absent:
        return
    count = f"{len(absent)} of its {len(published.cells)} numbers have no runs in this report"
    known = (cell for cell in absent if cell.dataset in datasets and cell.method in methods)
    first = next(known, None)
    if first is None:
        yield f"{count}; l2t has no such data set and method (l2t data list, l2t methods)."
    else:
        yield f"{count}; {command(first, published)} runs one."


def command(cell: Printed, published: Published) -> str:
    """The `l2t run` line, in words that a shell takes as they are."""
    words = ["l2t", "run", *(["--recipe", THESIS] if published.name == THESIS else [])]
    words += ["--dataset", cell.dataset, "--shots", str(cell.shots), "--method", cell.method]
    words += ["--set", "data.rare_class=0"] if cell.rare else []
    return shlex.join(words)


def listing(cells: Sequence[Printed]) -> str:
    """ "CIFAR-10 at 10, 30 shots (ufm, l2tww); …", the first few of each."""
    groups: dict[str, list[Printed]] = {}
    for cell in cells:
        title = dataset_title(cell.dataset) + (", recall of a rare class," if cell.rare else "")
        groups.setdefault(title, []).append(cell)
    parts = []
    for title, members in groups.items():
        shots = _few([str(number) for number in sorted({cell.shots for cell in members})])
        parts.append(f"{title} at {shots} shots ({_few([*dict.fromkeys(cell.method for cell in members)])})")
    return "; ".join(parts[:6]) + (f" and {len(parts) - 6} more data sets" if len(parts) > 6 else "")


def _few(texts: Sequence[str]) -> str:
    return ", ".join(texts) if len(texts) <= 6 else listed(texts)
