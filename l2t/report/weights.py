"""How far λ, w and γ have moved, from the metrics of finished runs. The one part of the report that opens folders."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from l2t.report.cells import Cell, label
from l2t.store.folder import JobFolder
from l2t.store.state import State

WORDS = {
    "lambda_moved": "λ, mean distance from the start",
    "w_moved": "w, mean distance from the start",
    "gamma_moved": "γ, mean distance from the start",
    "gamma_min": "γ, smallest",
    "gamma_median": "γ, median",
    "gamma_max": "γ, largest",
    "gamma_below_1e-3": "γ, share below 0.001",
}
"""The metrics that tell of meta-weights, on the probe, and what they are."""


@dataclass(frozen=True)
class Moved:
    """One cell with meta-weights."""

    dataset: str
    target: str
    method: str
    """Label of its row in a report."""
    shots: int
    n: int
    """Finished runs that have these metrics."""
    values: dict[str, float]
    """Means over the runs of the last epoch's values, by the names of WORDS; what the method lacks is missing."""


def moved(home: Path, cells: Iterable[Cell], split_by: tuple[str, ...] = ()) -> list[Moved]:
    """The cells whose finished runs recorded meta-weights, in their order; the others are left out."""
    found = []
    for cell in cells:
        runs = [_last(home, row.id) for row in cell.rows if row.state is State.DONE]
        runs = [values for values in runs if values]
        if runs:
            names = [name for name in WORDS if all(name in values for values in runs)]
            means = {name: fmean(values[name] for values in runs) for name in names}
            first = cell.first
            found.append(Moved(first.dataset, first.target, label(cell, split_by), first.shots, len(runs), means))
    return found


def _last(home: Path, run: str) -> dict[str, float]:
    rows = JobFolder.of(home, "run", run).read_metrics()
    return {name: value for name, value in rows[-1].items() if name in WORDS} if rows else {}
