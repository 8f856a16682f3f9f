"""Long tables, a window at a time: the order of all runs as their numbers, and the rows of a few of them."""

import json
from array import array
from collections.abc import Iterable

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.filter import ALL, Filter
from l2t.store.queries import Queries
from l2t.store.rows import RunRow

_OF_JOBS = ("created", "finished", "state", "priority")
_OF_RUNS = ("method", "dataset", "shots", "seed", "accuracy")

ORDERS = ("queue", *_OF_JOBS, *_OF_RUNS)
"""What tables are sorted by. queue: what runs, what waits in the order of its turn, what has ended, the last first."""

_RANK = "CASE jobs.state WHEN 'running' THEN 0 WHEN 'queued' THEN 1 WHEN 'paused' THEN 1 WHEN 'interrupted' THEN 1 END"
_TURN = f"""{_RANK} NULLS LAST, CASE WHEN {_RANK} IS NULL THEN -coalesce(finished, 0) END,
    CASE WHEN {_RANK} IS NOT NULL THEN -priority END, CASE WHEN {_RANK} IS NOT NULL THEN position END"""


class Paging(Queries):
    """The part of the store that a scrolling table asks."""

    def ordered(self, filter: Filter = ALL, order: str = "queue") -> "array[int]":
        """Numbers of the runs that meet the filter, in one of ORDERS; "-ORDER" for descending.

        What has no value comes last, what is equal stands in the order of asking; "-queue" is "queue" from its end.
        Raises UsageError for another order.
        """
        key, down = order.removeprefix("-"), order.startswith("-")
        if key not in ORDERS:
            raise UsageError(f"runs cannot be sorted by {key!r}. Possible: {', '.join(ORDERS)}")
        where = filter.where
        tables = "runs JOIN jobs USING (number)"
        if filter == ALL:  # one table has what is needed: joining another would take twice to five times as long
            tables, where = ("runs", "1") if key in _OF_RUNS else ("jobs", "kind = 'run'")
        column = f"{'jobs.' if key in _OF_JOBS else ''}{key} {'DESC' if down else 'ASC'} NULLS LAST"
        sort = _TURN if key == "queue" else column
        rows = self._all(f"SELECT number FROM {tables} WHERE {where} ORDER BY {sort}, number", filter.parameters)
        numbers = array("q", [number for (number,) in rows])
        if down and key == "queue":
            numbers.reverse()
        return numbers

    def rows_of(self, numbers: Iterable[int]) -> list[RunRow]:
        """Rows of the runs of these numbers, in this order; what is forgotten meanwhile is left out."""
        asked = json.dumps(list(numbers))
        found = self._runs(Filter("number IN (SELECT value FROM json_each(?))", (asked,)), "number", [-1, 0])
        by_id = {row.id: row for row in found}
        ids = self._all("SELECT jobs.id FROM json_each(?) JOIN jobs ON number = value ORDER BY key", [asked])
        return [by_id[id] for (id,) in ids if id in by_id]

    def number_of(self, id: str) -> int | None:
        """Number of the run of this id; None where there is none."""
        found = self._all("SELECT number FROM jobs WHERE id = ? AND kind = 'run'", [printable(id)])
        return found[0][0] if found else None
