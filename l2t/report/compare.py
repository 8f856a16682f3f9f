"""Comparisons with the baseline, and the corrections over all of them."""

from collections.abc import Sequence
from dataclasses import replace

from l2t.report.report import Comparison, Entry, Table
from l2t.stats import PValue, benjamini_hochberg, difference, holm, mann_whitney, wilcoxon


def compare(table: Table, shared: frozenset[str]) -> Table:
    """The table with every entry compared with the baseline's at the same shots.

    shared: cells whose seeds share subset, start and order with other methods, so that runs of one seed are pairs.
    """
    bases = {entry.shots: entry for entry in table.entries if entry.row == table.baseline}
    return replace(
        table,
        entries=tuple(
            entry
            if entry.row == table.baseline or entry.shots not in bases
            else replace(entry, comparison=_comparison(entry, bases[entry.shots], shared))
            for entry in table.entries
        ),
    )


def _comparison(entry: Entry, base: Entry, shared: frozenset[str]) -> Comparison:
    return Comparison(
        baseline=base.row,
        difference=difference(entry.values, base.values),
        test=mann_whitney(entry.values, base.values),
        adjusted=None,
        paired=wilcoxon(*pairs(entry, base)) if {entry.cell, base.cell} <= shared else None,
        interim=bool(entry.missing or base.missing),
    )


def pairs(entry: Entry, base: Entry) -> tuple[list[float], list[float]]:
    """The values of the seeds that both have, in the order of the seeds."""
    ours = dict(zip(entry.seeds, entry.values, strict=True))
    theirs = dict(zip(base.seeds, base.values, strict=True))
    common = sorted(ours.keys() & theirs.keys())
    return [ours[seed] for seed in common], [theirs[seed] for seed in common]


def correct(tables: Sequence[Table], family: str) -> list[Table]:
    """The tables with p-values corrected over all their tests ("all") or over those of each data set ("dataset")."""
    families: dict[str, list[float]] = {}
    for table in tables:
        for entry in table.entries:
            if entry.comparison is not None and isinstance(entry.comparison.test, PValue):
                families.setdefault(_family(table, family), []).append(entry.comparison.test.p)
    adjusted = {name: zip(holm(values), benjamini_hochberg(values), strict=True) for name, values in families.items()}

    def corrected(table: Table, entry: Entry) -> Entry:
        if entry.comparison is None or not isinstance(entry.comparison.test, PValue):
            return entry
        strict, discovered = next(adjusted[_family(table, family)])
        return replace(entry, comparison=replace(entry.comparison, adjusted=strict, discovered=discovered))

    return [replace(table, entries=tuple(corrected(table, entry) for entry in table.entries)) for table in tables]


def _family(table: Table, family: str) -> str:
    return table.dataset if family == "dataset" else "all"
