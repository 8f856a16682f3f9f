"""One entry of a table, run by run: which runs are behind its number, which are not, and why."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

from l2t.report.cells import Cell, differing, gather
from l2t.report.entries import MEASURES, entry_of
from l2t.report.provenance import Environment, Found, environments
from l2t.report.report import Entry
from l2t.report.section import Grid, Section
from l2t.report.titles import Metric, dataset_title, metric_title, training_title
from l2t.store.rows import RunRow
from l2t.store.state import State
from l2t.words import duration, percent

SHORT = 8
"""Digits of ids and hashes that are shown; `l2t show` takes them."""

MOST = 100
"""Cells that are listed where more than one is meant."""


def explain(
    home: Path,
    rows: Sequence[RunRow],
    specs: Mapping[str, Mapping[str, Any]],
    planned: Mapping[str, int],
    metric: Metric = "last",
    now: float | None = None,
) -> Section:
    """The runs of the cell that all `rows` are of; of several cells a list, and how to say which is meant.

    specs, planned: as `l2t.report.build` takes them. metric: what the table is of. now: seconds since 1970, for ages,
    by default the present. Reads the `env.json` of each run of the one cell.
    """
    cells = gather(rows, specs, planned)
    if len(cells) != 1:
        return _which(cells, metric)
    (cell,) = cells
    entry = entry_of(cell, cell.first.method, metric)
    runs = [_Run(row, cell, metric) for row in cell.rows]
    found = environments(home, [row.id for row in cell.rows])
    sentences = tuple(_sentences(entry, runs, found))
    headings = (
        *("run", "seed", "state", f"{metric_title(cell.settings, metric)} %", "in the table", "epochs"),
        *("device", "host", "code", "took", "age", "late", "tags"),
    )
    lines = [_line(run, found.environments.get(run.row.id), now or time.time()) for run in runs]
    grid = _without_empty(Grid("", headings, tuple(lines), frozenset({0, 2, 4, 6, 7, 8, 11, 12}), sentences=sentences))
    data = {
        "cell": cell.hash,
        "settings": dict(cell.settings),
        "planned": cell.planned,
        "metric": metric,
        "summary": asdict(entry.summary),
        "runs": [_plain(run, found.environments.get(run.row.id)) for run in runs],
        "sentences": list(sentences),
    }
    return Section("explain", f"{_title(cell)}: the runs of cell {cell.hash}", (grid,), data)


class _Run:
    """A run of the cell, and what became of it in the table."""

    def __init__(self, row: RunRow, cell: Cell, metric: Metric) -> None:
        self.row = row
        value = MEASURES[metric](row)
        self.value = value if value is not None and isfinite(value) else None
        first = min((run.finished for run in cell.rows if run.state is State.DONE and run.finished), default=None)
        self.late = first is not None and row.created > first
        """Asked for when results of the cell were known already."""
        if row.state is State.DONE:
            self.left_out = None if self.value is not None else "no finite value"
        else:
            self.left_out = str(row.reason).replace("_", " ") if row.state is State.FAILED else "not finished"
        """Why it is not in the table; None where it is."""


def _line(run: _Run, known: Environment | None, now: float) -> tuple[str, ...]:
    row = run.row
    return (
        *(row.id[:SHORT], str(row.seed), row.state.value, percent(run.value)),
        "yes" if run.left_out is None else f"no: {run.left_out}",
        str(row.epochs) if row.state is State.DONE else f"{row.epoch}/{row.epochs}",
        ((known and known.device) or row.device).partition(",")[0],
        (known and known.host) or "–",
        known.code[:SHORT] if known and known.code else "–",
        duration(row.seconds),
        duration(now - (row.finished or row.created)),
        "late" if run.late else "",
        " ".join(row.tags),
    )


def _plain(run: _Run, known: Environment | None) -> dict[str, Any]:
    row = run.row
    fields = ("id", "seed", "state", "reason", "message", "epoch", "epochs", "seconds", "created", "finished", "note")
    return {name: getattr(row, name) for name in fields} | {
        "value": run.value,
        "in_table": run.left_out is None,
        "why_not": run.left_out,
        "late": run.late,
        "tags": list(row.tags),
        "environment": None if known is None else asdict(known),
    }


def _sentences(entry: Entry, runs: Sequence[_Run], found: Found) -> Iterator[str]:
    summary = entry.summary
    spread = "" if summary.sd is None else f", sd {summary.sd:.2f}"
    middle = "" if summary.mean is None else f": mean {summary.mean:.2f}{spread}, median {percent(summary.median)}"
    yield f"{summary.n} of {entry.planned} planned runs are in the table{middle}."
    if entry.planned > len(runs):
        yield f"The selection leaves out {entry.planned - len(runs)} runs of the cell."
    if any(run.late for run in runs):
        yield "late: asked for when results of this cell were known already, so that n was not fixed beforehand."
    used = [run.row.id for run in runs if run.left_out is None]
    known = [found.environments[id] for id in used if id in found.environments]
    if len(codes := Counter((environment.code or "–")[:SHORT] for environment in known)) > 1:
        listed = ", ".join(f"{code}: {number}" for code, number in codes.most_common())
        yield f"The runs in the table are of {len(codes)} code versions ({listed})."
    if len({environment.fingerprint for environment in known}) > 1:
        yield "The runs in the table are of machines, or versions of torch, between which bits may differ."
    if len(known) < len(used):
        yield f"Of {len(used) - len(known)} runs in the table no env.json can be read: their code is unknown."
    yield "l2t show RUN tells everything about one, l2t verify computes some again and compares."


def _title(cell: Cell) -> str:
    first = cell.first
    shots = f"{first.shots} shots" if first.shots != 1 else "1 shot"
    return f"{first.method} on {dataset_title(first.dataset)} at {shots}, {training_title(cell.settings)}"


def _which(cells: Sequence[Cell], metric: Metric) -> Section:
    """The cells that are meant, each with the word that chooses it."""
    alike: dict[tuple[str, int, str], list[Cell]] = {}
    for cell in cells:
        alike.setdefault((cell.first.dataset, cell.first.shots, cell.first.method), []).append(cell)
    lines: list[tuple[str, ...]] = []
    plain: list[dict[str, Any]] = []
    for (dataset, shots, method), members in sorted(alike.items()):
        keys = list(differing(members))
        for cell in members:
            own = {key: cell.settings[key] for key in keys if key in cell.settings}
            entry = entry_of(cell, method, metric)
            n, mean = entry.summary.n, entry.summary.mean
            apart = ", ".join(f"{key}={value}" for key, value in own.items())
            lines.append(
                (*(dataset, str(shots), method, apart), *(f"{n}/{entry.planned}", percent(mean), f"cell={cell.hash}"))
            )
            plain.append({"cell": cell.hash, "dataset": dataset, "shots": shots, "method": method})
            plain[-1] |= {"differs": own, "n": n, "planned": entry.planned, "mean": mean}
    sentences = ["No run meets this selection."]
    if cells:
        words = f"dataset={lines[0][0]} shots={lines[0][1]} method={lines[0][2]}"
        sentences = [
            f"{len(cells)} cells meet this selection. Say which is meant: {words}, or a word of the last column."
        ]
    if len(lines) > MOST:
        sentences.append(f"{len(lines) - MOST} more are not shown.")
    headings = ("data set", "shots", "method", "what tells it apart", "runs", "mean %", "word")
    grid = Grid("", headings, tuple(lines[:MOST]), frozenset({0, 2, 3, 6}), sentences=tuple(sentences))
    return Section("explain", "Which cell?", (_without_empty(grid),), {"cells": plain, "sentences": sentences})


def _without_empty(grid: Grid) -> Grid:
    """The grid without the columns that say nothing: a line is long."""
    kept = [index for index in range(len(grid.headings)) if any(row[index] for row in grid.rows)]
    return replace(
        grid,
        headings=tuple(grid.headings[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in grid.rows),
        left=frozenset(place for place, index in enumerate(kept) if index in grid.left),
    )
