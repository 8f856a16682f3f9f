"""Which entries of a column are not significantly different from its best."""

from dataclasses import replace

from l2t.report.report import Entry, Report, Table
from l2t.stats import NoTest, PValue, holm, mann_whitney


def marked(report: Report) -> Report:
    """The report with every entry tested against the best of its column.

    Mann–Whitney U, two-sided, Holm-corrected over these tests of its table. Where several means are the best, the
    first row's is tested against. Entries with planned runs missing, or beside such a best, are left out: no verdict
    before the end. Apart from `build`, because the screens do without it.
    """
    return replace(report, tables=tuple(_table(table) for table in report.tables))


def _table(table: Table) -> Table:
    best: dict[int, Entry] = {}
    for entry in table.entries:
        if entry.best:
            best.setdefault(entry.shots, entry)
    p = {
        (entry.row, entry.shots): test.p
        for entry in table.entries
        if entry.shots in best
        and not (entry.best or entry.missing or best[entry.shots].missing)
        and isinstance(test := _test(entry, best[entry.shots]), PValue)
    }
    adjusted = dict(zip(p, holm(list(p.values())), strict=True))
    return replace(
        table,
        entries=tuple(
            replace(entry, from_best=adjusted[entry.row, entry.shots])
            if (entry.row, entry.shots) in adjusted
            else entry
            for entry in table.entries
        ),
    )


def _test(entry: Entry, best: Entry) -> PValue | NoTest:
    """The two-sided test of the two, taken over where it was made as the comparison with the baseline."""
    for one, other in ((entry, best), (best, entry)):
        if one.comparison is not None and one.comparison.baseline == other.row:
            return one.comparison.test
    return mann_whitney(entry.values, best.values)
