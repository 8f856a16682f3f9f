"""Long tables, a window at a time: the order of all runs as their numbers, and the rows of a few of them."""

import json
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.filter import ALL, Filter
from l2t.store.queries import Queries
from l2t.store.rows import RunRow, Turn

_OF_JOBS = ("created", "finished", "state", "priority")
_OF_RUNS = ("method", "dataset", "shots", "seed", "accuracy")

ORDERS = ("queue", *_OF_JOBS, *_OF_RUNS)
"""What tables are sorted by. queue: what runs, what waits in the order of its turn, what has ended, the last first."""

_PARTS = (
    ("jobs_by_turn", "state = 'running'", "priority DESC, position"),
    ("runs_that_wait", "state IN ('queued', 'paused', 'interrupted')", "priority DESC, position"),
    ("runs_that_ended", "state IN ('done', 'failed', 'cancelled')", "finished DESC"),
)
# Each part of the queue is read from the index that has its order; LIMIT keeps SQLite from dropping an inner order.
_QUEUE = " UNION ALL ".join(
    f"SELECT number FROM (SELECT number FROM jobs INDEXED BY {index} WHERE kind = 'run' AND {states}"
    f" ORDER BY {order}, number LIMIT -1)"
    for index, states, order in _PARTS
)

_PACES = """paces AS (
        SELECT cell, method, avg(seconds) AS mean FROM runs JOIN jobs USING (number) WHERE state = 'done' GROUP BY cell
    ), methods AS (SELECT method, avg(mean) AS mean FROM paces GROUP BY method)"""
_FOLLOWED = "number IN (SELECT number FROM sweep_jobs WHERE sweep IN (SELECT sweep FROM followers))"


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
        if key == "queue":
            numbers = self._by_turn(filter)
            if down:
                numbers.reverse()
            return numbers
        tables, where = "runs JOIN jobs USING (number)", filter.where
        if filter == ALL:  # one table has what is needed: joining another would take twice to five times as long
            tables, where = ("runs", "1") if key in _OF_RUNS else ("jobs", "kind = 'run'")
        column = f"{'jobs.' if key in _OF_JOBS else ''}{key} {'DESC' if down else 'ASC'} NULLS LAST"
        return self._listed(f"{tables} WHERE {where} ORDER BY {column}, number", filter.parameters)

    def window(self, first: int, count: int, order: str = "queue") -> "array[int]":
        """Numbers `first` to `first + count` of `ordered(ALL, order)`, for "queue" and "-queue": 100,000 runs are
        passed over in a few milliseconds, and none is listed that is not asked for."""
        if order.startswith("-"):
            end = sum(self.count().values()) - first
            numbers = self._in_queue(max(end - count, 0), max(min(count, end), 0))
            numbers.reverse()
            return numbers
        return self._in_queue(first, count)

    def _by_turn(self, filter: Filter) -> "array[int]":
        numbers = self._in_queue(0, -1)
        if filter == ALL:
            return numbers
        # Looking up is quicker than sorting what the filter shows, unless it shows very few.
        chosen = frozenset(self._listed(f"runs JOIN jobs USING (number) WHERE {filter.where}", filter.parameters))
        return array("q", [number for number in numbers if number in chosen])

    def _in_queue(self, first: int, count: int) -> "array[int]":
        return self._listed(f"({_QUEUE}) LIMIT ? OFFSET ?", [count, first])

    def _listed(self, rest: str, parameters: Sequence[Any]) -> "array[int]":
        return array("q", [number for (number,) in self._all(f"SELECT number FROM {rest}", parameters)])

    def rows_of(self, numbers: Iterable[int]) -> list[RunRow]:
        """Rows of the runs of these numbers, in this order; what is forgotten meanwhile is left out."""
        asked = json.dumps(list(numbers))
        found = self._runs(Filter("number IN (SELECT value FROM json_each(?))", (asked,)), "number", [-1, 0])
        by_id = {row.id: row for row in found}
        ids = self._all("SELECT jobs.id FROM json_each(?) JOIN jobs ON number = value ORDER BY key", [asked])
        return [by_id[id] for (id,) in ids if id in by_id]

    def awaited_by(self, runs: Iterable[str]) -> dict[str, str]:
        """What each of these runs waits for: "glyphs-resnet8 4/10" (name, epochs); those that wait for nothing are left
        out."""
        rows = self._all(
            "SELECT jobs.id, made.name || CASE WHEN made.epoch THEN ' ' || made.epoch || '/' || made.epochs ELSE '' END"
            " FROM needs JOIN jobs USING (number) JOIN jobs AS made ON made.number = needed"
            " WHERE jobs.id IN (SELECT value FROM json_each(?)) AND made.state <> 'done' ORDER BY needed DESC",
            [json.dumps(list(runs))],
        )
        return dict(rows)

    def number_of(self, id: str) -> int | None:
        """Number of the run of this id; None where there is none."""
        found = self._all("SELECT number FROM jobs WHERE id = ? AND kind = 'run'", [printable(id)])
        return found[0][0] if found else None

    def turns(self, followed: bool = False) -> list[Turn]:
        """The runs that wait for nothing but a worker, in the order of their turn; followed: only those of sweeps that
        somebody follows."""
        rows = self._all(
            f"WITH {_PACES} SELECT jobs.id, device, coalesce(paces.mean, methods.mean, (SELECT avg(mean) FROM paces))"
            " FROM jobs JOIN runs USING (number) LEFT JOIN paces ON paces.cell = runs.cell"
            " LEFT JOIN methods ON methods.method = runs.method WHERE state = 'queued' AND waits = 0"
            f" AND {_FOLLOWED if followed else 'true'} ORDER BY priority DESC, position, number"
        )
        return [Turn(*row) for row in rows]
