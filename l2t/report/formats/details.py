"""The second table of every comparison: spread, difference from the baseline and p-values, a line an entry."""

from collections.abc import Iterator

from l2t.report import words
from l2t.report.report import Entry, Table


def headings(table: Table) -> list[str]:
    """Titles of the columns. Those of the comparison are missing where nothing is compared."""
    columns = ["shots", "method", "n", "sd", "median"]
    if any(entry.comparison is not None for entry in table.entries):
        columns += [f"− {table.baseline} (95 % interval)", "p", "p Holm", "p paired"]
    return columns


LEFT = ("method",)
"""Columns that are words: aligned left. All others are numbers."""


def by_shots(table: Table) -> list[Entry]:
    """Entries by shots, then by row."""
    return sorted(table.entries, key=lambda entry: (entry.shots, table.rows.index(entry.row)))


def lines(table: Table) -> Iterator[tuple[Entry, list[str]]]:
    """Each entry that has runs, by shots, then by row, and its cells, one for each heading."""
    compared = len(headings(table)) > 5
    for entry in by_shots(table):
        cells = [str(entry.shots), entry.row, words.n(entry)]
        cells += [words.number(entry.summary.sd), words.number(entry.summary.median)]
        if compared:
            found = entry.comparison
            cells += (
                [
                    words.difference(found),
                    words.p_raw(found),
                    words.p_adjusted(found),
                    words.p_other(found, found.paired),
                ]
                if found is not None
                else ["", "", "", ""]
            )
        yield entry, cells
