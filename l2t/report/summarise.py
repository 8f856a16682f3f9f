"""Statistics of all cells of a home, as a program of its own: for faces that must not import scipy.

    python -P -m l2t.report.summarise HOME

Prints one JSON object: {"cells": [...]}, an entry for each table and cell as `Judged` has it, or {"error": "one line"}.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from l2t.errors import L2tError
from l2t.report.build import baselines, build
from l2t.report.judged import Judged
from l2t.report.matrix import splits
from l2t.report.report import Entry, Report, Table
from l2t.stats import NoTest, PValue
from l2t.store.store import Store


def judged(home: Path) -> list[Judged]:
    """What `l2t report` says of each cell; cells that it would refuse to show in one place have rows of their own."""
    with Store.read(home) as store:
        rows, cells = store.runs(), store.cells()
        specs = store.cell_specs(cell.cell for cell in cells)
    split_by = splits(cells, specs)
    report = build(rows, specs, Counter(row.cell for row in rows), split_by=split_by)
    return list(_all(report, {cell.cell: cell.digest for cell in cells}))


def _all(report: Report, digests: Mapping[str, str]) -> Iterable[Judged]:
    for table in report.tables:
        if not table.metric.startswith("recall"):
            for entry in table.entries:
                yield _one(table, entry, digests[entry.cell], report.family_size(table.dataset))


def _one(table: Table, entry: Entry, digest: str, tests: int) -> Judged:
    compared = entry.comparison
    test = compared.test if compared else None
    difference = compared.difference if compared else None
    paired = compared.paired if compared else None
    return Judged(
        table=(table.target, table.source, table.training),
        cell=entry.cell,
        digest=digest,
        row=entry.row,
        n=entry.summary.n,
        planned=entry.planned,
        late=entry.late,
        mean=entry.summary.mean,
        sd=entry.summary.sd,
        median=entry.summary.median,
        half=entry.summary.half_width,
        baseline=entry.row == table.baseline,
        against=table.baseline,
        difference=difference.value if difference else None,
        low=difference.low if difference else None,
        high=difference.high if difference else None,
        test=test.test if isinstance(test, PValue) else "",
        p=test.p if isinstance(test, PValue) else None,
        adjusted=compared.adjusted if compared else None,
        tests=tests,
        paired=paired.p if isinstance(paired, PValue) else None,
        unpaired=paired.reason if isinstance(paired, NoTest) else "",
        interim=bool(compared and compared.interim),
        note=_why(table, entry),
    )


def _why(table: Table, entry: Entry) -> str:
    """Why there is no test."""
    if entry.comparison is not None:
        return entry.comparison.test.reason if isinstance(entry.comparison.test, NoTest) else ""
    if entry.row == table.baseline:
        return ""
    if table.baseline is not None:
        return f"{table.baseline} has no runs here"
    if len(table.rows) == 1:
        return "no other method is here"
    return f"no single row of {' or '.join(baselines(table))} is here"


def main(arguments: Sequence[str]) -> int:
    """Entry point."""
    answer: dict[str, Any]
    try:
        answer = {"cells": [asdict(each) for each in judged(Path(arguments[0]))]}
    except L2tError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
