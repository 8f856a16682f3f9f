"""What so many seeds can find, how many a difference needs, and the command lines that queue those still missing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from pydantic import ValidationError

from l2t.errors import UsageError
from l2t.report.report import LEVEL, Report
from l2t.report.section import Grid, Section
from l2t.report.sections.planning import Lacking, Planned, lacking, more, plan
from l2t.report.sections.queueing import lines
from l2t.report.words import listed, shots_title
from l2t.spec import RunSpec
from l2t.spec.values import write_seeds
from l2t.stats import Needed, NoTest
from l2t.store.rows import RunRow


def power(
    report: Report,
    specs: Mapping[str, Mapping[str, Any]],
    rows: Iterable[RunRow],
    difference: float = 2.0,
    target: float = 0.8,
) -> Section:
    """Of each comparison with the baseline the smallest difference that its seeds find, and the seeds a side that find
    `difference`, by two-sided Mann–Whitney with the chance `target`; and `l2t run` lines for the seeds still missing.

    Seeds are asked for at the strict level: what the smallest p of the family has to be below for a star.
    specs: specification of each cell, as JSON values. rows: all runs of the home, whether the report is about them or
    not: their seeds are taken. difference: percentage points, above 0, else UsageError; what is worth finding, not what
    was found. target: chance in (0, 1).
    """
    if not (isfinite(difference) and difference > 0):
        raise UsageError(f"a difference of {difference:g} points cannot be planned for: give a number above 0")
    planned = plan(report, difference, target)
    cells = lacking(planned, rows)
    commands, refused = _commands(cells, specs)
    tables = [[one for one in planned if one.table is table] for table in report.tables]
    grids = [_grid(members) for members in tables if members]
    if grids:
        grids[-1] = _with(grids[-1], _meaning(planned, difference, target))
        to_run = tuple(_to_run(cells, refused, difference))
        if commands:
            grids.append(Grid("What queues them:", ("command",), tuple((text,) for text in commands), sentences=to_run))
        else:
            grids[-1] = _with(grids[-1], to_run)
    else:
        grids.append(Grid("", (), (), sentences=("Nothing is compared with a baseline here.",)))
    data = {
        "difference_points": difference,
        "chance": target,
        "family": report.family,
        "comparisons": [_comparison(one) for one in planned],
        "cells": [_cell(cell, refused) for cell in cells],
        "commands": commands,
    }
    return Section("power", f"Power: seeds that find {difference:g} points", grids, data)


def _with(grid: Grid, sentences: Iterable[str]) -> Grid:
    return replace(grid, sentences=(*grid.sentences, *sentences))


def _commands(cells: Sequence[Lacking], specs: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], dict[str, str]]:
    wanted, unreadable = [], {}
    for cell in cells:
        try:
            wanted.append((RunSpec.model_validate(specs[cell.entry.cell]), cell.new))
        except ValidationError:
            unreadable[cell.entry.cell] = "its specification is of another version of l2t"
    found, refused = lines(wanted)
    return found, refused | unreadable


def _grid(planned: Sequence[Planned]) -> Grid:
    table, strict = planned[0].table, planned[0].strict
    levels = (0, 1) if strict < LEVEL else (0,)
    rows = []
    for one in planned:
        cells = [str(one.entry.shots), one.entry.row, f"{one.entry.summary.n} + {one.base.summary.n}", _points(one.sd)]
        cells += [_points(one.detectable[level]) for level in levels]
        cells += [_seeds(one.needed[level]) for level in levels]
        lacks = " + ".join(f"{count:,}" for count in _more(one))
        rows.append((*cells, lacks or "–"))
    strictly = ("strict",) if len(levels) == 2 else ()
    return Grid(
        f"{table.heading}, {table.metric}: against {table.baseline}",
        ("shots", "method", "n", "sd", "finds", *strictly, "needs", *strictly, "more"),
        tuple(rows),
        left=frozenset({0, 1}),
        sentences=tuple(_unknown(planned)),
    )


def _points(value: float | NoTest) -> str:
    return "–" if isinstance(value, NoTest) else f"{value:.1f}" if value >= 0.1 else f"{value:.1g}"


def _seeds(found: Needed | NoTest) -> str:
    return f"{found.seeds:,}" if isinstance(found, Needed) else "–"


def _more(one: Planned) -> list[int]:
    """What the method and the baseline lack, at the strict level; empty where that is not known."""
    found = one.needed[1]
    return [more(entry, found.seeds) for entry in (one.entry, one.base)] if isinstance(found, Needed) else []


def _unknown(planned: Sequence[Planned]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for one in planned:
        place = f"{one.entry.row} at {shots_title(one.entry.shots)}"
        for reason in {each.reason: None for each in (*one.detectable, *one.needed) if isinstance(each, NoTest)}:
            reasons.setdefault(reason, []).append(place)
    for reason, places in reasons.items():
        yield f"–: {reason} ({listed(places)})."


def _meaning(planned: Sequence[Planned], difference: float, target: float) -> Iterator[str]:
    sizes = sorted({round(LEVEL / one.strict) for one in planned})
    yield (
        "n: runs, method + baseline. sd: pooled, of these runs. finds: the smallest difference, in points, that so many"
        f" runs find with a chance of {target:g} (two-sided Mann–Whitney, p < {LEVEL}). needs: seeds a side to find"
        f" {difference:g} points so. more: those not asked for yet, method + baseline."
    )
    if sizes[-1] > 1:
        levels = " or ".join(f"{LEVEL / size:.2g} (of {size})" for size in sizes)
        yield (
            f"strict: the same at p < {levels}, which the smallest p of a family has to be below for a star (Holm);"
            " more is meant so."
        )


def _to_run(cells: Sequence[Lacking], refused: Mapping[str, str], difference: float) -> Iterator[str]:
    """What a reader must know before using the command lines."""
    number = sum(len(cell.new) for cell in cells if cell.entry.cell not in refused)
    if not cells:
        yield f"No seeds to add for {difference:g} points."
    if number:
        yield (
            f"{number:,} run{'s' if number != 1 else ''}. Seeds added after results are known are optional stopping:"
            " p-values take n as planned. They are recorded as late, and every report says so."
        )
    for reason in dict.fromkeys(refused.values()):
        places = [_place(cell) for cell in cells if refused.get(cell.entry.cell) == reason]
        yield f"No command for {listed(places)}: {reason}."


def _place(cell: Lacking) -> str:
    return f"{cell.entry.row} on {cell.table.title} at {shots_title(cell.entry.shots)}"


def _comparison(one: Planned) -> dict[str, Any]:
    def levels(values: Sequence[Any]) -> dict[str, Any]:
        return {"uncorrected": values[0], "strict": values[1]}

    lacks = _more(one)
    reasons = {each.reason: None for each in (*one.detectable, *one.needed) if isinstance(each, NoTest)}
    return {
        "dataset": one.table.dataset,
        "target": one.table.target,
        "source": one.table.source,
        "training": one.table.training,
        "metric": one.table.metric,
        "shots": one.entry.shots,
        "row": one.entry.row,
        "baseline": one.base.row,
        "n": one.entry.summary.n,
        "n_baseline": one.base.summary.n,
        "sd": None if isinstance(one.sd, NoTest) else one.sd,
        "level": levels((LEVEL, one.strict)),
        "detectable_points": levels([None if isinstance(each, NoTest) else each for each in one.detectable]),
        "seeds_needed": levels([each.seeds if isinstance(each, Needed) else None for each in one.needed]),
        "more": lacks[0] if lacks else None,
        "more_baseline": lacks[1] if lacks else None,
        "reasons": list(reasons),
    }


def _cell(cell: Lacking, refused: Mapping[str, str]) -> dict[str, Any]:
    return {
        "cell": cell.entry.cell,
        "dataset": cell.table.dataset,
        "shots": cell.entry.shots,
        "row": cell.entry.row,
        "seeds_needed": cell.needed,
        "more": len(cell.new),
        "seeds_to_ask_for": write_seeds(cell.new),
        "no_command": refused.get(cell.entry.cell),
    }
