"""Reading the store: runs, jobs and sweeps as rows. Changes nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from l2t.errors import StoreError, UsageError
from l2t.printable import printable
from l2t.store.database import DamagedError, Database
from l2t.store.filter import ALL, Filter
from l2t.store.rows import RUN_COLUMNS, JobRow, Pace, RunDetail, RunRow, SweepRow
from l2t.store.state import Reason, Request, State

_RUN_COLUMNS = ", ".join(f"jobs.{name}" if name in ("id", "state") else name for name in RUN_COLUMNS)
_JOB_COLUMNS = (
    "jobs.id, jobs.kind, jobs.name, state, reason, message, epoch, epochs, attempts, jobs.created, claimed, finished,"
    " heartbeat, host, pid, coalesce(runs.accuracy, artefacts.accuracy), ending, device"
)
_JOBS = "jobs LEFT JOIN runs USING (number) LEFT JOIN artefacts ON artefacts.hash = jobs.id"
_LEFT = """EXISTS (
    SELECT 1 FROM sweep_jobs JOIN jobs USING (number)
    WHERE sweep = sweeps.id AND state IN ('queued', 'running', 'paused', 'interrupted')
)"""
_OF_SWEEP = "(? IS NULL OR EXISTS (SELECT 1 FROM sweep_jobs WHERE sweep = ? AND sweep_jobs.number = jobs.number))"


class _Words(dict[Any, Any]):
    """Words of the database → what they mean."""

    def __missing__(self, word: object) -> Any:
        raise DamagedError.of(f"the store says {word!r}")


_STATES: Mapping[str, State] = _Words({state.value: state for state in State})
_REASONS: Mapping[str | None, Reason | None] = _Words({None: None} | {reason.value: reason for reason in Reason})


class Queries(Database):
    """The part of the store that answers questions."""

    def runs(self, filter: Filter = ALL, order: str = "created", limit: int = -1, offset: int = 0) -> list[RunRow]:
        """Runs that meet the filter. order: a field of RunRow, "-FIELD" for descending; what has no value comes last.

        Runs that are equal in `order` stand in the order of asking. limit: at most so many, -1 for all.
        """
        direction, column = ("DESC", order[1:]) if order.startswith("-") else ("ASC", order)
        if column not in RUN_COLUMNS:
            raise UsageError(f"runs cannot be sorted by {column!r}. Possible: {', '.join(RUN_COLUMNS)}")
        return self._runs(
            filter, f"{'jobs.' if column in ('id', 'state') else ''}{column} {direction} NULLS LAST", [limit, offset]
        )

    def queue(self, filter: Filter = ALL) -> list[RunRow]:
        """Of the runs that meet the filter those that run, and behind them those that wait, in the order of their turn;
        paused ones stand where they would have theirs."""
        left = f"({filter.where}) AND jobs.state IN ('queued', 'running', 'paused', 'interrupted')"
        return self._runs(Filter(left, filter.parameters), "jobs.state <> 'running', priority DESC, position", [-1, 0])

    def _runs(self, filter: Filter, order: str, window: Sequence[int]) -> list[RunRow]:
        rows = self._all(
            f"SELECT {_RUN_COLUMNS} FROM runs JOIN jobs USING (number) WHERE {filter.where}"
            f" ORDER BY {order}, number LIMIT ? OFFSET ?",
            [*filter.parameters, *window],
        )
        return [_run(row) for row in rows]

    def count(self, filter: Filter = ALL) -> dict[State, int]:
        """How many runs that meet the filter are in each state."""
        if filter == ALL:  # counted by cell already
            counted = self._all(f"SELECT {', '.join(f'sum({state})' for state in State)} FROM cells")[0]
            return {state: number or 0 for state, number in zip(State, counted, strict=True)}
        rows = self._all(
            f"SELECT jobs.state, count(*) FROM runs JOIN jobs USING (number) WHERE {filter.where} GROUP BY jobs.state",
            filter.parameters,
        )
        return dict.fromkeys(State, 0) | {_STATES[state]: number for state, number in rows}

    def run(self, id_or_prefix: str) -> RunDetail:
        """The run of this id, or the only one whose id begins so. UsageError where there is none or more than one."""
        rows = self._all(
            f"SELECT {_RUN_COLUMNS}, spec, (SELECT command FROM sweeps JOIN sweep_jobs ON sweep = sweeps.id"
            " WHERE sweep_jobs.number = jobs.number ORDER BY asked DESC LIMIT 1)"
            " FROM runs JOIN jobs USING (number) JOIN specs USING (number)"
            " WHERE substr(jobs.id, 1, ?) = ? ORDER BY jobs.id LIMIT 6",
            [len(id_or_prefix), printable(id_or_prefix)],  # a text that is no UTF-8 would be an error of sqlite
        )
        if not rows and id_or_prefix:
            self._refuse_other(id_or_prefix)
        _check_one(id_or_prefix, [row[0] for row in rows])
        from pydantic import ValidationError

        from l2t.spec import RunSpec

        *row, text, command = rows[0]
        try:
            spec = RunSpec.model_validate_json(text)
        except ValidationError as error:
            raise StoreError(
                f"run {row[0]} was asked for by another version of l2t, or the store is damaged (l2t store check tells)"
            ) from error
        return RunDetail(_run(tuple(row)), spec, command)

    def _refuse_other(self, id: str) -> None:
        """UsageError where this is the id of something that is no run."""
        beginning = [len(id), printable(id)]
        jobs = self._jobs("substr(jobs.id, 1, ?) = ? AND jobs.kind != 'run'", "jobs.id", beginning)
        if len(jobs) == 1:
            raise UsageError(f"{id!r} is no run but made for runs: {jobs[0].name}. Name the runs that wait for it")
        if self._sweeps("WHERE id = ?", [printable(id)]):
            raise UsageError(f"{id!r} is a sweep: write sweep={id}")

    def job(self, id_or_prefix: str) -> JobRow:
        """The run or artefact of this id, or the only one whose id begins so; UsageError as `run`."""
        where = "substr(jobs.id, 1, ?) = ?"
        rows = self._jobs(where, "jobs.id", [len(id_or_prefix), printable(id_or_prefix)])
        _check_one(id_or_prefix, [row.id for row in rows])
        return rows[0]

    def specs(self, filter: Filter = ALL) -> dict[str, str]:
        """Specifications, as JSON texts by id, of the runs that meet the filter."""
        rows = self._all(
            f"SELECT jobs.id, spec FROM runs JOIN jobs USING (number) JOIN specs USING (number) WHERE {filter.where}",
            filter.parameters,
        )
        return dict(rows)

    def sweep(self, id: str) -> SweepRow:
        """One sweep and its counts. UsageError where there is none of this id."""
        found = self._sweeps("WHERE id = ?", [printable(id)])
        if not found:
            raise UsageError(f"no sweep {id!r}")
        return found[0]

    def sweeps(self) -> list[SweepRow]:
        """All sweeps, the one last asked for first."""
        return self._sweeps("", [])

    def _sweeps(self, where: str, parameters: Sequence[Any]) -> list[SweepRow]:
        rows = self._all(
            "SELECT id, created, command, recipe, seeds_planned, cancelled FROM sweeps"
            f" {where} ORDER BY asked DESC, id",
            parameters,
        )
        counts: dict[tuple[str, str], dict[State, int]] = {}
        for sweep, kind, state, number in self._all(
            "SELECT sweep, kind, state, count(*) FROM sweep_jobs JOIN jobs USING (number)"
            " WHERE sweep IN (SELECT value FROM json_each(?)) GROUP BY sweep, kind, state",
            [json.dumps([row[0] for row in rows])],
        ):
            counts.setdefault((sweep, kind), dict.fromkeys(State, 0))[_STATES[state]] = number
        none = dict.fromkeys(State, 0)
        found = []
        for *about, cancelled in rows:
            kinds = (counts.get((about[0], kind), none) for kind in ("run", "source", "artefact"))
            values: tuple[Any, ...] = (*about, *kinds, cancelled)
            found.append(SweepRow(*values))
        return found

    def live_sweeps(self) -> list[SweepRow]:
        """The sweeps with something left to do that are not cancelled, in the order of asking."""
        return self._sweeps(f"WHERE cancelled IS NULL AND {_LEFT}", [])[::-1]

    def sweeps_ended(self, ids: Iterable[str]) -> list[SweepRow]:
        """The sweeps that one of these jobs belongs to and that have nothing left to do."""
        return self._sweeps(
            "WHERE id IN (SELECT sweep FROM sweep_jobs JOIN jobs USING (number)"
            f" WHERE jobs.id IN (SELECT value FROM json_each(?))) AND NOT {_LEFT}",
            [json.dumps(list(ids))],
        )

    def running(self, sweep: str | None = None) -> list[JobRow]:
        """The jobs that run now, of one sweep or all, the longest running first."""
        return self._jobs(f"jobs.state = 'running' AND {_OF_SWEEP}", "claimed", [sweep, sweep])

    def retried(self, sweep: str) -> list[JobRow]:
        """The jobs of a sweep whose last attempt failed and that wait for another; not those that wait for disk."""
        failed = "jobs.state = 'queued' AND jobs.reason IN ('crashed', 'out_of_memory')"
        return self._jobs(f"{failed} AND {_OF_SWEEP}", "jobs.number", [sweep, sweep])

    def last_ending(self) -> int:
        """Number of the last ending; 0 where nothing has ended."""
        last: int = self._one("SELECT last FROM endings")
        return last

    def told(self) -> int:
        """Number of the ending up to which webhooks and log were told (see `tell`)."""
        told: int = self._one("SELECT told FROM endings")
        return told

    def ended_after(self, ending: int, sweep: str | None = None) -> list[JobRow]:
        """The jobs, of one sweep or all, that were done, failed or cancelled after that ending, in this order."""
        return self._jobs(f"jobs.ending > ? AND {_OF_SWEEP}", "ending", [ending, sweep, sweep])

    def paces(self, sweep: str) -> list[Pace]:
        """How long the runs of each cell of a sweep take, and how many are left."""
        rows = self._all(
            "SELECT method, sum(state IN ('queued', 'running')), avg(CASE WHEN state = 'done' THEN seconds END)"
            " FROM sweep_jobs JOIN jobs USING (number) JOIN runs USING (number) WHERE sweep = ? GROUP BY cell, method",
            [sweep],
        )
        return [Pace(*row) for row in rows]

    def awaited(self) -> list[tuple[JobRow, int]]:
        """The jobs that queued and paused ones wait for, each with the number of those, the longest asked for first."""
        waiting = "SELECT needed, count(*) FROM needs JOIN jobs USING (number) WHERE state IN ('queued', 'paused')"
        counts = dict(self._all(f"{waiting} GROUP BY needed"))
        jobs = self._all(
            "SELECT number, id FROM jobs WHERE number IN (SELECT value FROM json_each(?)) AND state <> 'done'",
            [json.dumps(list(counts))],
        )
        numbers = {id: counts[number] for number, id in jobs}
        found = self._jobs("jobs.id IN (SELECT value FROM json_each(?))", "jobs.number", [json.dumps(list(numbers))])
        return [(job, numbers[job.id]) for job in found]

    def sources(self) -> list[JobRow]:
        """The trainings of source networks, finished or not, the latest first."""
        return self._jobs("jobs.kind = 'source'", "number DESC", [])

    def _jobs(self, where: str, order: str, parameters: Iterable[Any]) -> list[JobRow]:
        rows = self._all(f"SELECT {_JOB_COLUMNS} FROM {_JOBS} WHERE {where} ORDER BY {order}, number", list(parameters))
        return [JobRow(*(*row[:3], _STATES[row[3]], _REASONS[row[4]], *row[5:])) for row in rows]


def _check_one(asked: str, ids: Sequence[str]) -> None:
    if not ids or not asked:
        raise UsageError(f"no run {asked!r} (l2t ls lists all)")
    if len(ids) > 1:
        some = ", ".join(ids[:5]) + (" …" if len(ids) > 5 else "")
        raise UsageError(f"{asked!r} begins the id of more than one run: {some}. Give more digits")


def _run(row: tuple[Any, ...]) -> RunRow:
    id, state, reason, *plain, priority, tags, note, device, not_before, request = row
    asked = None if request is None else Request(request)
    values: tuple[Any, ...] = (*plain, priority, tuple(tags.split()), note, device, not_before, asked)
    return RunRow(id, _STATES[state], _REASONS[reason], *values)
