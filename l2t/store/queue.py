"""Changing the queue: pause, resume, cancel, retry, order, forget. Every change, but for the last, is one transaction
over the runs that a filter selects."""

import json
import time
from collections import deque
from typing import Any, Literal

from l2t.errors import StoreError, UsageError
from l2t.store.database import Parameters, storable
from l2t.store.files import read_json, write_json
from l2t.store.filter import Filter
from l2t.store.folder import JobFolder
from l2t.store.lifecycle import Lifecycle
from l2t.store.rows import Changed
from l2t.store.state import Request, State
from l2t.store.submit import LIVE, Submitting
from l2t.store.transitions import move

MOST_PRIORITY = 1000
"""The highest; the lowest is as far below 0."""
SHORT_SECONDS = 0.2
"""Of a transaction that moves folders: others wait for its end."""
YIELD_SECONDS = 0.1
"""Between two of them: SQLite's longest time between two tries to begin one, so that each who waits gets a turn."""

_UNWANTED = """SELECT DISTINCT sweep FROM sweep_jobs AS mine JOIN sweeps ON id = sweep
    WHERE cancelled IS NOT NULL AND number IN (SELECT value FROM json_each(:numbers)) AND NOT EXISTS (
        SELECT 1 FROM sweep_jobs AS other JOIN sweeps AS live ON live.id = other.sweep
        WHERE other.number = mine.number AND live.cancelled IS NULL
    )"""
"""The cancelled sweeps with a run that no other sweep wants."""
_RUNS = "number IN (SELECT value FROM json_each(:numbers))"
_HAS_RUNS = "EXISTS (SELECT 1 FROM sweep_jobs AS other JOIN runs USING (number) WHERE other.sweep = {sweep})"


class Queueing(Submitting, Lifecycle):
    """The part of the store that changes the queue."""

    def pause(self, filter: Filter, now: bool = False) -> Changed:
        """Let queued runs wait until they are resumed. Running ones end first, or checkpoint `now`."""
        with self._transaction(durable=True):
            numbers = self._numbers(filter)
            paused = move(self._connection, [State.QUEUED], State.PAUSED, _RUNS, _json(numbers), {})
            if now:
                return Changed(len(paused), asked=self._request(numbers, Request.PAUSE))
            self._request(numbers, Request.HOLD)
            return Changed(len(paused), finishing=self._running(numbers))

    def resume(self, filter: Filter) -> Changed:
        """Put paused runs back in the queue, where they were; what was asked to pause and has not yet, goes on."""
        with self._transaction(durable=True):
            numbers = self._numbers(filter)
            resumed = move(self._connection, [State.PAUSED], State.QUEUED, _RUNS, _json(numbers), {})
            spared = self._all(
                f"UPDATE jobs SET request = NULL WHERE {_RUNS} AND state = 'running' AND request IN ('pause', 'hold')"
                " RETURNING number",
                _json(numbers),
            )
        return Changed(len(resumed) + len(spared))

    def cancel(self, filter: Filter) -> Changed:
        """Take runs out of the queue; running ones stop as soon as their worker hears of it. So does what only they
        needed."""
        with self._transaction(durable=True):
            return self._cancel(self._numbers(filter))

    def cancel_sweep(self, sweep: str) -> Changed:
        """Cancel a sweep: of its runs (of its sources, where it has no runs) those that no other sweep wants, which is
        not cancelled itself."""
        with self._transaction(durable=True):
            if not self._all(
                "UPDATE sweeps SET cancelled = ? WHERE id = ? RETURNING id", [time.time(), storable(sweep)]
            ):
                raise UsageError(f"no sweep {sweep!r}")
            mine = self._some(
                "SELECT number FROM sweep_jobs JOIN jobs USING (number) WHERE sweep = :sweep"
                f" AND state IN {LIVE} AND (kind = 'run' OR NOT {_HAS_RUNS.format(sweep=':sweep')})",
                {"sweep": sweep},
            )
            wanted = set(
                self._some(
                    "SELECT number FROM sweep_jobs JOIN sweeps ON sweeps.id = sweep"
                    f" WHERE cancelled IS NULL AND {_RUNS}"
                    " UNION SELECT needed FROM needs JOIN jobs USING (number)"
                    f" WHERE state IN {LIVE} AND needed IN (SELECT value FROM json_each(:numbers))",
                    _json(mine),
                )
            )
            changed = self._cancel([number for number in mine if number not in wanted])
            self._note_cancelled(sweep, time.time())
        return Changed(changed.changed, asked=changed.asked, kept=len(wanted))

    def retry(self, filter: Filter) -> Changed:
        """Queue failed and cancelled runs again, and what they need; running ones that were to be cancelled go on. A
        cancelled sweep is wanted again where no other
        one wants the run."""
        with self._transaction(durable=True):
            numbers = self._numbers(filter, "state IN ('failed', 'cancelled')")
            spared = self._numbers(filter, "state = 'running' AND request = 'cancel'")
            self._queue_again(numbers)
            wanted = [*numbers, *spared]
            needed = self._need([], wanted)
            self._queue_again(needed)
            self._lift(wanted)
            self._spare([*needed, *spared])
            self._recount([*wanted, *needed])
            for (sweep,) in self._all(_UNWANTED, _json(numbers)):
                self._all("UPDATE sweeps SET cancelled = NULL WHERE id = ?", [sweep])
                self._note_cancelled(sweep, None)
        return Changed(len(numbers) + len(spared))

    def prioritise(self, filter: Filter, priority: int) -> Changed:
        """Give runs that are still to be done another priority, and what they need at least the same."""
        with self._transaction(durable=True):
            numbers = self._numbers(filter, f"state IN {LIVE}")
            self._all(f"UPDATE jobs SET priority = :priority WHERE {_RUNS}", _json(numbers) | {"priority": priority})
            self._lift(numbers)
        return Changed(len(numbers))

    def reprioritise(self, filter: Filter, by: int) -> Changed:
        """Raise or lower the priority of each run that is still to be done, within ±MOST_PRIORITY."""
        with self._transaction(durable=True):
            numbers = self._numbers(filter, f"state IN {LIVE}")
            self._all(
                "UPDATE jobs SET priority = max(-:most, min(:most, priority + :by)) WHERE " + _RUNS,
                _json(numbers) | {"by": by, "most": MOST_PRIORITY},
            )
            self._lift(numbers)
        return Changed(len(numbers))

    def move(self, filter: Filter, to: Literal["first", "last"]) -> Changed:
        """Move waiting runs before or behind all others of their priority, in the order that they have; what they need
        goes first with them."""
        with self._transaction(durable=True):
            chosen = self._numbers(filter, "jobs.state IN ('queued', 'paused')")
            needed = self._need([], chosen) if to == "first" else []
            numbers = self._some(
                f"SELECT number FROM jobs WHERE state IN ('queued', 'paused') AND {_RUNS}"
                " ORDER BY kind = 'run', position, number",
                _json([*chosen, *needed]),
            )
            least, most = self._all(
                "SELECT coalesce(min(position), 1), coalesce(max(position), 0) FROM jobs"
                " WHERE state IN ('queued', 'paused')"
            )[0]
            begin = least - len(numbers) if to == "first" else most + 1
            self._many(
                "UPDATE jobs SET position = ? WHERE number = ?",
                [(begin + rank, number) for rank, number in enumerate(numbers)],
            )
        return Changed(len(chosen))

    def clear(self, filter: Filter) -> Changed:
        """Forget failed and cancelled runs; what they left is moved to `runs/.archive`.

        As many at a time as a short transaction takes, so that all others can go on meanwhile. A run whose folder is
        moved is still in the table until the transaction ends: one that was killed between is forgotten the next time.
        """
        left = deque(
            id
            for (id,) in self._all(
                "SELECT jobs.id FROM runs JOIN jobs USING (number)"
                f" WHERE state IN ('failed', 'cancelled') AND {filter.where}",
                filter.parameters,
            )
        )
        cleared, asked = 0, len(left)
        while left:
            with self._transaction(durable=True):
                some, error = self._clear_some(left)
            cleared += some
            if error is not None:
                raise StoreError(
                    f"{error.filename or self.home}: {error.strerror}. {cleared} of {asked} runs were forgotten before"
                ) from error
            time.sleep(YIELD_SECONDS if left else 0.0)
        return Changed(cleared)

    def _clear_some(self, left: deque[str]) -> tuple[int, OSError | None]:
        """Take runs off the list and forget those that still are failed or cancelled, for SHORT_SECONDS or until a
        folder cannot be moved. Returns how many were forgotten, and the error."""
        until, gone, problem = time.monotonic() + SHORT_SECONDS, list[int](), None
        while left and time.monotonic() < until:
            id = left[0]
            found = self._some("SELECT number FROM jobs WHERE id = ? AND state IN ('failed', 'cancelled')", [id])
            try:
                if found:
                    JobFolder.of(self.home, "run", id).archive()
            except OSError as error:
                problem = error
                break
            gone += found
            left.popleft()
        for table in ("needs", "sweep_jobs", "specs", "runs", "jobs"):
            self._all(f"DELETE FROM {table} WHERE {_RUNS}", _json(gone))
        return len(gone), problem

    def _numbers(self, filter: Filter, where: str = "1") -> list[int]:
        return self._some(
            f"SELECT jobs.number FROM runs JOIN jobs USING (number) WHERE {where} AND {filter.where}", filter.parameters
        )

    def _some(self, statement: str, parameters: Parameters) -> list[int]:
        """The numbers that a statement selects."""
        return [number for (number,) in self._all(statement, parameters)]

    def _running(self, numbers: list[int]) -> int:
        found: int = self._all(f"SELECT count(*) FROM jobs WHERE {_RUNS} AND state = 'running'", _json(numbers))[0][0]
        return found

    def _request(self, numbers: list[int], request: Request) -> int:
        return len(
            self._all(
                f"UPDATE jobs SET request = :request WHERE {_RUNS} AND state = 'running'"
                " AND (request IS NULL OR request IN ('hold', :request) OR :request = 'cancel')"
                " RETURNING number",
                _json(numbers) | {"request": request},
            )
        )

    def _cancel(self, numbers: list[int]) -> Changed:
        columns: dict[str, Any] = {"finished": time.time(), "reason": None, "message": None}
        waiting = [State.QUEUED, State.PAUSED, State.INTERRUPTED]
        gone = move(self._connection, waiting, State.CANCELLED, _RUNS, _json(numbers), columns)
        self._number_ends(gone)
        asked = self._request(numbers, Request.CANCEL)
        while True:
            # What nothing that is left needs, and no sweep asks for by itself.
            needless = self._some(
                f"""SELECT number FROM jobs WHERE kind <> 'run' AND state IN {LIVE} AND request IS NOT 'cancel'
                AND EXISTS (SELECT 1 FROM needs WHERE needed = jobs.number) AND NOT EXISTS (
                    SELECT 1 FROM needs JOIN jobs AS waiting ON waiting.number = needs.number
                    WHERE needed = jobs.number AND waiting.state IN {LIVE}
                ) AND NOT EXISTS (
                    SELECT 1 FROM sweep_jobs AS mine JOIN sweeps ON sweeps.id = mine.sweep
                    WHERE mine.number = jobs.number AND cancelled IS NULL
                    AND NOT {_HAS_RUNS.format(sweep="mine.sweep")}
                )""",
                (),
            )
            if not needless:
                return Changed(len(gone), asked=asked)
            self._request(needless, Request.CANCEL)
            self._number_ends(move(self._connection, waiting, State.CANCELLED, _RUNS, _json(needless), columns))

    def _note_cancelled(self, sweep: str, when: float | None) -> None:
        """In the sweep's small file too."""
        path = self.home / "sweeps" / f"{sweep}.json"
        try:
            record = read_json(path)
            if record is not None:
                write_json(path, record | {"cancelled": when})
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}. Nothing was changed") from error


def _json(numbers: list[int]) -> dict[str, Any]:
    return {"numbers": json.dumps(numbers)}
