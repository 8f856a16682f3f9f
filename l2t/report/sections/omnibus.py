"""Kruskal–Wallis over the methods of each column: does any of them differ?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from l2t.report.report import Entry, Table
from l2t.report.section import Grid
from l2t.report.words import p_value, shots_title
from l2t.stats import MINIMUM, NoTest, PValue, kruskal


@dataclass(frozen=True)
class Column:
    """All methods at one number of shots."""

    shots: int
    entries: Sequence[Entry]
    """Those with enough values to be tested."""
    left_out: Sequence[Entry]
    test: PValue | NoTest

    @property
    def interim(self) -> bool:
        """Whether planned runs are missing."""
        return any(entry.missing for entry in self.entries)


def omnibus(table: Table, step: Callable[[str], None]) -> list[Column]:
    """The test of each column, over the methods that have at least five values there. step: called after each."""
    columns = []
    for shots in table.shots:
        entries = [entry for entry in table.entries if entry.shots == shots]
        enough = [entry for entry in entries if entry.summary.n >= MINIMUM]
        few = [entry for entry in entries if entry.summary.n < MINIMUM]
        columns.append(Column(shots, enough, few, kruskal([entry.values for entry in enough])))
        step(f"{table.title}: Kruskal–Wallis")
    return columns


def grid(table: Table, columns: Sequence[Column]) -> Grid:
    """H and p of each column, in brackets where planned runs are missing."""
    rows = []
    for column in columns:
        cells = ["–", "–"]
        if isinstance(column.test, PValue):
            cells = [f"{column.test.statistic:.2f}", p_value(column.test.p)]
            cells = [cells[0], f"({cells[1]})" if column.interim else cells[1]]
        rows.append((str(column.shots), str(len(column.entries)), *cells))
    return Grid(
        f"{table.heading}, {table.metric}: do the methods differ?",
        ("shots", "methods", "Kruskal–Wallis H", "p"),
        tuple(rows),
        sentences=tuple(_sentences(columns)),
    )


def _sentences(columns: Sequence[Column]) -> Iterator[str]:
    methods = dict.fromkeys(column.test.method for column in columns if isinstance(column.test, PValue))
    if methods:
        yield f"p: {'; '.join(methods)}."
    for column in columns:
        where = f"at {shots_title(column.shots)}"
        few = ", ".join(f"{entry.row} ({entry.summary.n})" for entry in column.left_out)
        if few and len(column.entries) > 1:
            yield f"Left out {where}, with fewer than {MINIMUM} values: {few}."
        if isinstance(column.test, NoTest):
            short = few and len(column.entries) < 2
            yield f"No test {where}: {f'fewer than {MINIMUM} values of {few}' if short else column.test.reason}."


def data(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The same as JSON values."""
    return [
        {
            "shots": column.shots,
            "rows": [entry.row for entry in column.entries],
            "left_out": [entry.row for entry in column.left_out],
            "interim": column.interim,
            "kruskal_wallis": asdict(column.test),
        }
        for column in columns
    ]
