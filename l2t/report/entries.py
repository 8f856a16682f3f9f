"""From a cell's runs to its entry in a table: which runs count, what is missing, which are best."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite

from l2t.report.cells import Cell
from l2t.report.report import Entry
from l2t.report.titles import Metric
from l2t.stats import summarize
from l2t.store.rows import RunRow
from l2t.store.state import State

MEASURES: dict[Metric, Callable[[RunRow], float | None]] = {
    "last": lambda run: run.accuracy,
    "best-val": lambda run: run.best_val,
    "rare-class": lambda run: run.rare_recall,
}
"""Where a run's row has the metric, percent."""


def entry_of(cell: Cell, row: str, metric: Metric) -> Entry:
    """The cell's entry under the label `row`, with no comparison yet."""
    states = Counter(run.state for run in cell.rows)
    measured = [
        (run, value)
        for run in cell.rows
        if run.state == State.DONE and (value := MEASURES[metric](run)) is not None and isfinite(value)
    ]
    values = tuple(value for _, value in measured)
    return Entry(
        row=row,
        method=cell.first.method,
        shots=cell.first.shots,
        cell=cell.hash,
        planned=cell.planned,
        done=states[State.DONE],
        failed=states[State.FAILED],
        running=states[State.RUNNING],
        waiting=states[State.QUEUED] + states[State.PAUSED] + states[State.INTERRUPTED],
        cancelled=states[State.CANCELLED],
        reasons=dict(Counter(str(run.reason or "unknown") for run in cell.rows if run.state == State.FAILED)),
        late=_late(cell.rows),
        runs=tuple(run.id for run, _ in measured),
        seeds=tuple(run.seed for run, _ in measured),
        values=values,
        summary=summarize(values),
        best=False,
        comparison=None,
    )


def _late(rows: Sequence[RunRow]) -> int:
    known = min((run.finished for run in rows if run.state == State.DONE and run.finished is not None), default=None)
    return 0 if known is None else sum(run.created > known for run in rows)


def mark_best(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries with the best of each column marked; more than one where they are equal."""
    columns: dict[int, list[float]] = {}
    for entry in entries:
        if entry.summary.mean is not None:
            columns.setdefault(entry.shots, []).append(entry.summary.mean)
    return tuple(
        replace(entry, best=len(columns.get(entry.shots, ())) > 1 and entry.summary.mean == max(columns[entry.shots]))
        for entry in entries
    )
