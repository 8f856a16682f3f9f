"""What else can be asked of the same numbers: omnibus tests, ranks, permutation, equivalence, Bayesian answers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from math import isfinite
from typing import Any

from l2t.errors import UsageError
from l2t.report.report import Report, Table
from l2t.report.section import Grid, Section
from l2t.report.sections import omnibus, over_blocks, with_baseline

Progress = Callable[[int, int, str], None]
"""Told after each step: steps done, steps in all, what it was."""


def all_tests(report: Report, rope: float = 1.0, progress: Progress | None = None) -> Section:
    """Further tests of every table, and of the columns of tables with the same target, source and training together.

    Of each column Kruskal–Wallis over the methods. Of each comparison with the baseline a permutation test, equivalence
    within ±rope (TOST), and over runs of one seed the chances that the row is worse, practically equivalent or better.
    Of all columns together Friedman's test with average ranks and critical difference, interquartile means and the
    probability of improvement.
    rope: percentage points, above 0, to be chosen before looking; else UsageError.
    15 columns × 9 methods × 30 seeds take 3 to 6 s.
    """
    if not (isfinite(rope) and rope > 0):
        raise UsageError(f"a region of practical equivalence of ±{rope:g} points is none: give a number above 0")
    tables = [table for table in report.tables if len(table.rows) > 1]
    groups = over_blocks.gather(tables)
    total = sum(len(table.shots) + _comparisons(table) for table in tables) + sum(map(over_blocks.steps, groups))
    numbers = count(1)

    def step(what: str) -> None:
        if progress is not None:
            progress(next(numbers), total, what)

    columns = [omnibus.omnibus(table, step) for table in tables]
    asked = [with_baseline.against(table, rope, step) for table in tables]
    adjusted = iter(with_baseline.corrected([one for found in asked for one in found], report.family))
    asked = [[next(adjusted) for _ in found] for found in asked]
    ranked = [over_blocks.ranked(group, step) for group in groups]

    grids: list[Grid] = []
    data: list[dict[str, Any]] = []
    for table, omnibus_tests, comparisons in zip(tables, columns, asked, strict=True):
        grids.append(omnibus.grid(table, omnibus_tests))
        if comparisons:
            grids.append(with_baseline.grid(table, comparisons, rope))
        place = {key: getattr(table, key) for key in ("dataset", "title", "target", "source", "training", "metric")}
        data.append(
            {
                **place,
                "baseline": table.baseline,
                "columns": omnibus.data(omnibus_tests),
                "comparisons": with_baseline.data(comparisons),
            }
        )
    grids += [over_blocks.grid(group, found) for group, found in zip(groups, ranked, strict=True)]
    last = grids.pop() if grids else Grid("", (), ())
    grids.append(replace(last, sentences=(*last.sentences, *_meaning(report, rope, any(asked)))))
    together = [over_blocks.data(group, found) for group, found in zip(groups, ranked, strict=True)]
    values = {"rope_points": rope, "family": report.family, "tables": data, "over_columns": together}
    return Section("all_tests", "Further tests", grids, values)


def _comparisons(table: Table) -> int:
    return sum(entry.comparison is not None for entry in table.entries)


def _meaning(report: Report, rope: float, compared: bool) -> Iterator[str]:
    alone = [table.heading for table in report.tables if len(table.rows) == 1]
    if alone:
        yield f"Nothing to compare, with one method: {'; '.join(alone)}."
    if not compared:
        yield "Nothing was compared with a baseline: no table has one with other methods beside it."
    else:
        over = "each data set" if report.family == "dataset" else "the report"
        yield (
            f"perm. p: is there a difference of means? ±{rope:g} p: is the difference within ±{rope:g} points (a small"
            " p says yes, a large one nothing)? worse, equal, better: how likely the difference is below, within and"
            f" above ±{rope:g} points."
        )
        yield (
            f"Holm: over all permutation tests of {over}, and over all its equivalence tests. Bold: adjusted p below"
            " 0.05, or 95 % likely. In brackets: interim, planned runs are missing."
        )
    if len(alone) < len(report.tables):
        yield (
            "Kruskal–Wallis and Friedman are omnibus tests: they say that some method differs, not which. They are no"
            " part of a Holm family and are not corrected."
        )
    if any(entry.comparison and entry.comparison.paired for table in report.tables for entry in table.entries):
        yield (
            "Runs of one seed share subset and start. Kruskal–Wallis, permutation and equivalence tests take them as"
            " independent; the Bayesian answer takes them as pairs."
        )
