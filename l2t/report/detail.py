"""What a report says beyond its tables: bootstrap intervals, the one-sided test, effect sizes.

Apart from `build`, because it takes longer than all the rest and the screens do without it.
"""

from dataclasses import replace

from l2t.report.report import Entry, Report, Table
from l2t.stats import a12, bootstrap, cliffs_delta, mann_whitney


def detailed(report: Report) -> Report:
    """The report with BCa intervals of the means, and for each comparison the one-sided test, A12 and Cliff's δ."""
    return replace(report, tables=tuple(_table(table) for table in report.tables))


def _table(table: Table) -> Table:
    bases = {entry.shots: entry.values for entry in table.entries if entry.row == table.baseline}
    return replace(table, entries=tuple(_entry(entry, bases.get(entry.shots, ())) for entry in table.entries))


def _entry(entry: Entry, base: tuple[float, ...]) -> Entry:
    found = entry.comparison
    if found is not None:
        found = replace(
            found,
            greater=mann_whitney(entry.values, base, "greater"),
            a12=a12(entry.values, base),
            delta=cliffs_delta(entry.values, base),
        )
    return replace(entry, bootstrap=bootstrap(entry.values), comparison=found)
