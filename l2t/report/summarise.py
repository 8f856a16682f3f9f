"""Statistics of all cells of a home, as a program of its own: for faces that must not import scipy.

    python -P -m l2t.report.summarise HOME

Prints one JSON object: {"cells": [...]}, an entry for each table and cell as `Judged` has it, or {"error": "one line"}.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from l2t.errors import L2tError
from l2t.report.build import build
from l2t.report.judged import Judged
from l2t.report.matrix import splits
from l2t.report.report import Entry, Report, Table
from l2t.stats import PValue
from l2t.store.store import Store


def judged(home: Path) -> list[Judged]:
    """What `l2t report` says of each cell; cells that it would refuse to show in one place have rows of their own."""
    with Store.read(home) as store:
        rows, cells = store.runs(), store.cells()
        specs = store.cell_specs(cell.cell for cell in cells)
    split_by = splits(cells, specs)
    report = build(rows, specs, Counter(row.cell for row in rows), split_by=split_by)
    return list(_all(report))


def _all(report: Report) -> Iterable[Judged]:
    for table in report.tables:
        if not table.metric.startswith("recall"):
            for entry in table.entries:
                yield _one(table, entry)


def _one(table: Table, entry: Entry) -> Judged:
    compared = entry.comparison
    test = compared.test if compared else None
    return Judged(
        table=(table.target, table.source, table.training),
        cell=entry.cell,
        half=entry.summary.half_width,
        baseline=entry.row == table.baseline,
        difference=compared.difference.value if compared and compared.difference else None,
        p=test.p if isinstance(test, PValue) else None,
        adjusted=compared.adjusted if compared else None,
        interim=bool(compared and compared.interim),
        note="" if test is None or isinstance(test, PValue) else test.reason,
    )


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
