"""Cells: runs that differ only in their seed, counted and averaged; and cheap signs that something has changed."""

import json
import time
from collections.abc import Iterable
from math import sqrt
from typing import Any

from l2t.store.database import Database
from l2t.store.rows import CellRow

KEPT = 64
"""Summaries of each kind that the store keeps, the latest."""

# Accuracies are summed up in the index alone; states are counted by triggers (see `schema.py`). The first run of a cell
# is the first of those with a finite accuracy, with none, and with one that is not finite: only the first part is long.
# The squares are of differences from 50, so that a small spread does not drown in them.
_CELLS = """WITH measured AS MATERIALIZED (
    SELECT cell, min(first) AS first, sum(n) AS n, sum(total) AS total, sum(squares) AS squares FROM (
        SELECT cell, min(number) AS first, count(*) AS n, sum(accuracy - 50) AS total,
            sum((accuracy - 50) * (accuracy - 50)) AS squares
            FROM cells CROSS JOIN runs USING (cell) WHERE accuracy > -9e999 AND accuracy < 9e999 GROUP BY cell
        UNION ALL SELECT cell, (SELECT min(number) FROM runs WHERE runs.cell = cells.cell AND accuracy IS NULL),
            0, NULL, NULL FROM cells
        UNION ALL SELECT cell, number, 0, NULL, NULL
            FROM cells CROSS JOIN runs USING (cell) WHERE accuracy IN (-9e999, 9e999)
    ) GROUP BY cell
) SELECT cell, jobs.id, method, dataset, shots, source, source_hash, target, recipe, cells.planned, cells.queued,
    cells.running, cells.paused, cells.interrupted, cells.done, cells.failed, cells.cancelled, n, total, squares,
    cells.finished, cells.changes
    FROM measured JOIN cells USING (cell) JOIN runs USING (cell) JOIN jobs ON jobs.number = first
    WHERE runs.number = first ORDER BY first"""


class Cells(Database):
    """The part of the store that knows cells."""

    def cells(self) -> list[CellRow]:
        """All cells, in the order of asking."""
        return [_cell(row) for row in self._all(_CELLS)]

    def cell_specs(self, cells: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Specification, as JSON values, of one run of each cell; what has no run is left out."""
        rows = self._all(
            "SELECT value, (SELECT spec FROM specs WHERE number = (SELECT min(number) FROM runs WHERE cell = value))"
            " FROM json_each(?)",
            [json.dumps(list(cells))],
        )
        return {cell: json.loads(spec) for cell, spec in rows if spec is not None}

    @property
    def changed(self) -> tuple[int, int]:
        """Another value whenever anything in the database was changed, by this connection or any other."""
        return self._one("PRAGMA data_version"), self._connection.total_changes

    def signature(self) -> tuple[Any, ...]:
        """Another value whenever `cells` would be another list. It does not see epochs, heartbeats, priorities, the
        order of the queue, tags and notes, nor what became of jobs that are no runs.

        A run's change of state, or of what it found, moves a count of its cell, or `changes`, by one; two that cancel
        out (one queued run is claimed as another of the same cell goes back) leave the list as it was.
        """
        rows = self._all(
            "SELECT cell, planned, queued, running, paused, interrupted, done, failed, cancelled, changes, finished"
            " FROM cells ORDER BY cell"
        )
        return len(rows), hash(tuple(rows))

    def summary(self, key: str) -> str | None:
        """What was kept under this key."""
        rows = self._all("SELECT value FROM summaries WHERE key = ?", [key])
        return rows[0][0] if rows else None

    def keep_summary(self, key: str, value: str) -> None:
        """Keep a text under a key, "KIND:…"; the oldest of more than KEPT of a kind are forgotten."""
        with self._transaction():
            self._all("INSERT OR REPLACE INTO summaries VALUES (?, ?, ?)", [key, value, time.time()])
            kind = f"{key.partition(':')[0]}:*"
            latest = "SELECT key FROM summaries WHERE key GLOB ? ORDER BY made DESC LIMIT ?"
            self._all(f"DELETE FROM summaries WHERE key GLOB ? AND key NOT IN ({latest})", [kind, kind, KEPT])


def _cell(row: tuple[Any, ...]) -> CellRow:
    *plain, n, total, squares, finished, changes = row
    mean = 50 + total / n if n else None
    sd = sqrt(max(0.0, squares - total * total / n) / (n - 1)) if n > 1 else None
    values: tuple[Any, ...] = (*plain, n, mean, sd, finished, changes)
    return CellRow(*values)
