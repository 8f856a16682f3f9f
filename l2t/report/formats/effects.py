"""The third table of every comparison: bootstrap interval, further p-values and effect sizes, a line an entry."""

from collections.abc import Iterator

from l2t.report import words
from l2t.report.formats.details import by_shots
from l2t.report.report import Entry, Table


def headings(table: Table) -> list[str]:
    """Titles of the columns; none where these numbers were not asked for."""
    if all(entry.bootstrap is None for entry in table.entries):
        return []
    columns = ["shots", "method", "95 % BCa"]
    if any(entry.comparison is not None for entry in table.entries):
        columns += ["p BH", "p greater", "A12 (95 % interval)", "Cliff's δ"]
    return columns


def lines(table: Table) -> Iterator[tuple[Entry, list[str]]]:
    """Each entry that has runs, by shots, then by row, and its cells, one for each heading."""
    compared = len(headings(table)) > 3
    for entry in by_shots(table):
        cells = [str(entry.shots), entry.row, words.interval(entry.bootstrap)]
        if compared:
            found = entry.comparison
            cells += (
                [
                    words.p_discovered(found),
                    words.p_other(found, found.greater),
                    words.effect(found.a12),
                    words.effect(found.delta),
                ]
                if found is not None
                else ["", "", "", ""]
            )
        yield entry, cells
