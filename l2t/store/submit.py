"""Asking for runs: what is new is queued, what failed is tried again, what is done is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from l2t.errors import StoreError
from l2t.store.database import storable
from l2t.store.files import make_folder, write_json
from l2t.store.marks import Marks
from l2t.store.rows import Counts, Planned, Submission, Submitted
from l2t.store.state import State
from l2t.store.transitions import move

if TYPE_CHECKING:
    from l2t.spec import ArtefactSpec, RunSpec, SourceSpec

    Spec = RunSpec | SourceSpec | ArtefactSpec

LIVE = "('queued', 'running', 'paused', 'interrupted')"
"""SQL: the states of what is still to be done."""
_AGAIN = (State.FAILED, State.CANCELLED, State.INTERRUPTED)
_FRESH = {"redo": 1, "attempts": 0, "stalled": 0, "reached": 0, "epoch": 0}
_AGAIN_COLUMNS = dict.fromkeys(("reason", "message", "finished", "ending", "not_before", "request"))
_FRESH_RESULT = "accuracy, best_val, rare_recall, parameters, steps, seconds, peak_memory"


class Submitting(Marks):
    """The part of the store that takes submissions."""

    def preview(self, submission: Submission) -> Planned:
        """What `submit` would do, by the same rules; nothing is written."""
        runs, sources = _unique(submission)
        states = {id: state for id, _, state in self._existing([*runs, *sources])}
        return Planned(
            runs=_counts(runs, states, submission.force),
            sources=_counts(sources, states, submission.force and not runs),
            states=states,
        )

    def submit(self, submission: Submission) -> Submitted:
        """Queue what is asked for, in one transaction, and record it as a sweep.

        New jobs are queued; failed, cancelled and interrupted ones are queued again, also the source trainings of
        earlier submissions that the runs need; done ones are kept unless forced; the rest is left where it is, but as
        urgent as it is asked for now.
        The same jobs asked for again are the same sweep.
        """
        runs, sources = _unique(submission)
        now = time.time()
        with self._transaction(durable=True):  # a power cut must not forget what somebody was told is queued
            existing = self._existing([*runs, *sources])
            states = {id: state for id, _, state in existing}
            planned = Planned(
                runs=_counts(runs, states, submission.force),
                sources=_counts(sources, states, submission.force and not runs),
                states=states,
            )
            known = [number for _, number, _ in existing]
            first: int = self._all("SELECT coalesce(max(number), 0) + 1 FROM jobs")[0][0]
            # Sources first: what others wait for is asked for, and so run, before them.
            new: list[Spec] = [spec for id, spec in sources.items() if id not in states]
            new += [spec for id, spec in runs.items() if id not in states]
            self._insert(new, first, now, submission.priority)
            numbers = known + list(range(first, first + len(new)))
            self._queue_again(known, submission.priority)
            if submission.force:
                self._queue_done(known, "run" if runs else "source", submission.priority)
            self._renew(runs, known)
            needed = self._need([*runs.values(), *sources.values()], numbers)
            self._queue_again(needed, submission.priority)
            numbers += needed
            self._all(
                f"UPDATE jobs SET priority = :priority WHERE priority < :priority AND state IN {LIVE}"
                " AND number IN (SELECT value FROM json_each(:numbers))",
                {"priority": submission.priority, "numbers": json.dumps(numbers)},
            )
            self._lift(numbers)
            self._spare(numbers)
            self._recount(numbers)
            self._mark(runs, submission.tags, (), submission.note)
            sweep = self._record_sweep(submission, [*runs, *sources], numbers, now)
        return Submitted(sweep, planned.runs, planned.sources)

    def _existing(self, ids: list[str]) -> list[tuple[str, int, State]]:
        rows = self._all(
            "SELECT id, number, state FROM jobs WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
        )
        return [(id, number, State(state)) for id, number, state in rows]

    def _turn(self, device: str, priority: int) -> int:
        """The position of the first of newly queued jobs. Positions are virtual start times: those of a new sweep begin
        where claims of its device and priority are now, so that sweeps take turns. What waits for something else, was
        tried before or was left behind otherwise (paused, say) does not hold them back, else all that is new would come
        before all that is not."""
        like = "device = :device AND priority = :priority"
        queued = f"SELECT min(position) FROM jobs WHERE state = 'queued' AND {like}"
        turn: int = self._one(
            f"""SELECT coalesce(max(latest, fresh), latest, fresh, ({queued}), (SELECT max(position) + 1 FROM jobs), 1)
            FROM (SELECT ({queued} AND waits = 0 AND attempts = 0) AS fresh, (
                SELECT position FROM jobs WHERE {like} AND claimed IS NOT NULL
                AND state IN ('running', 'done', 'failed') AND attempts > 0 ORDER BY claimed DESC LIMIT 1
            ) AS latest)""",
            {"device": device, "priority": priority},
        )
        return turn

    def _insert(self, specs: list[Spec], first: int, now: float, priority: int) -> None:
        from l2t.spec import RunSpec

        turns = {device: self._turn(device, priority) for device in {spec.device for spec in specs}}
        numbered = list(enumerate(specs, first))
        self._many(
            "INSERT INTO jobs (number, id, kind, name, state, priority, position, epochs, created, device)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (number, spec.id, spec.kind, spec.name, State.QUEUED, priority, turns[spec.device] + number - first,
                 spec.train.epochs, now, spec.device)
                for number, spec in numbered
            ),
        )  # fmt: skip
        self._many(
            "INSERT INTO specs VALUES (?, ?)",
            (
                (number, spec.json_text if isinstance(spec, RunSpec) else spec.model_dump_json())
                for number, spec in numbered
            ),
        )
        self._many(
            "INSERT INTO runs (number, method, dataset, shots, seed, source, source_hash, target, recipe, cell)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (number, spec.method, spec.dataset, spec.shots, spec.seed, *_source(spec), spec.target, spec.recipe,
                 spec.cell)
                for number, spec in numbered
                if isinstance(spec, RunSpec)
            ),
        )  # fmt: skip
        self._all(
            "INSERT INTO cells (cell, planned, queued) SELECT cell, count(*), count(*) FROM runs WHERE number >= ?"
            " GROUP BY cell ON CONFLICT DO UPDATE SET planned = planned + excluded.planned,"
            " queued = queued + excluded.queued",
            [first],
        )

    def _renew(self, runs: dict[str, RunSpec], known: list[int]) -> None:
        """Let queued runs follow the present request in what is no part of their identity (recipe, traces)."""
        queued = self._all(
            "SELECT number, id FROM jobs WHERE state = 'queued' AND kind = 'run'"
            " AND number IN (SELECT value FROM json_each(?))",
            [json.dumps(known)],
        )
        self._many("UPDATE specs SET spec = ? WHERE number = ?", [(runs[id].model_dump_json(), n) for n, id in queued])
        self._many("UPDATE runs SET recipe = ? WHERE number = ?", [(runs[id].recipe, n) for n, id in queued])

    def _need(self, specs: Iterable[Spec], numbers: list[int]) -> list[int]:
        """Let queued jobs wait for what they need, where that is a job; returns the numbers of those among them, and
        of what they need themselves, that are not in `numbers`."""
        pairs = [(spec.id, needed) for spec in specs for needed in spec.needs]
        jobs = {id for id, _, _ in self._existing([*{needed for _, needed in pairs}])}  # not what was imported
        if jobs:
            self._all(
                "INSERT OR IGNORE INTO needs SELECT waiting.number, made.number FROM json_each(?)"
                " JOIN jobs AS waiting ON waiting.id = json_extract(value, '$[0]')"
                " JOIN jobs AS made ON made.id = json_extract(value, '$[1]') WHERE waiting.state = 'queued'",
                [json.dumps([pair for pair in pairs if pair[1] in jobs])],
            )
        found = self._all(
            "WITH RECURSIVE wanted (number) AS ("
            "SELECT needed FROM needs WHERE number IN (SELECT value FROM json_each(?))"
            " UNION SELECT needed FROM needs JOIN wanted USING (number)) SELECT number FROM wanted ORDER BY number",
            [json.dumps(numbers)],
        )
        known = set(numbers)
        return [number for (number,) in found if number not in known]

    def _lift(self, numbers: list[int]) -> None:
        """Let what is needed, by these jobs or what needs one of them, be at least as urgent as what waits for it."""
        self._all(
            f"""WITH RECURSIVE asked (number) AS (SELECT value FROM json_each(?)), wanted (number, priority) AS (
                SELECT number, priority FROM jobs WHERE state IN {LIVE}
                AND number IN (
                    SELECT number FROM needs WHERE number IN asked UNION SELECT number FROM needs WHERE needed IN asked
                ) UNION SELECT needed, priority FROM needs JOIN wanted USING (number)
            ) UPDATE jobs SET priority = least FROM (
                SELECT number AS needed, max(priority) AS least FROM wanted GROUP BY number
            ) WHERE number = needed AND priority < least AND state IN {LIVE}""",
            [json.dumps(numbers)],
        )

    def _recount(self, numbers: list[int]) -> None:
        """Count anew, for these jobs and for those that need them, what is still to be done before them."""
        self._all(
            "UPDATE jobs SET waits = (SELECT count(*) FROM needs JOIN jobs AS made ON made.number = needed"
            " WHERE needs.number = jobs.number AND made.state <> 'done')"
            " WHERE number IN (SELECT number FROM needs WHERE needed IN (SELECT value FROM json_each(:numbers))"
            " UNION SELECT number FROM needs WHERE number IN (SELECT value FROM json_each(:numbers)))",
            {"numbers": json.dumps(numbers)},
        )

    def _queue_again(self, numbers: list[int], priority: int | None = None) -> None:
        """Queue what ended without a result; with another priority where one is given."""
        where, values = "number IN (SELECT value FROM json_each(:numbers))", {"numbers": json.dumps(numbers)}
        self._line_up(_AGAIN, where, values, {"attempts": 0, "stalled": 0, "reached": 0} | _given(priority))

    def _queue_done(self, numbers: list[int], kind: str, priority: int) -> None:
        where = "kind = :kind AND number IN (SELECT value FROM json_each(:numbers))"
        values = {"kind": kind, "numbers": json.dumps(numbers)}
        moved = self._line_up([State.DONE], where, values, _FRESH | _given(priority))
        self._many(
            f"UPDATE runs SET ({_FRESH_RESULT}) = (NULL, NULL, NULL, NULL, NULL, NULL, NULL) WHERE number = ?",
            [(number,) for number, _ in moved],
        )
        self._many("DELETE FROM artefacts WHERE hash = ?", [(id,) for _, id in moved])

    def _line_up(
        self, expected: Sequence[State], where: str, values: Mapping[str, str], columns: Mapping[str, int]
    ) -> list[tuple[int, str]]:
        """Queue jobs again, with positions as if they were new; returns their numbers and ids."""
        found = self._all(
            "SELECT number, id, device, coalesce(:priority, priority) FROM jobs"
            f" WHERE state IN ({', '.join(map(repr, map(str, expected)))}) AND {where} ORDER BY number",
            {"priority": columns.get("priority")} | dict(values),
        )
        turns = {key: self._turn(*key) for key in {(device, priority) for *_, device, priority in found}}
        move(self._connection, expected, State.QUEUED, where, values, _AGAIN_COLUMNS | dict(columns))
        self._many(
            "UPDATE jobs SET position = ? WHERE number = ?",
            [(turns[device, priority] + rank, number) for rank, (number, _, device, priority) in enumerate(found)],
        )
        return [(number, id) for number, id, *_ in found]

    def _spare(self, numbers: list[int]) -> None:
        """Let running jobs that somebody asked to cancel go on: they are wanted again."""
        self._all(
            "UPDATE jobs SET request = NULL WHERE state = 'running' AND request = 'cancel'"
            " AND number IN (SELECT value FROM json_each(?))",
            [json.dumps(numbers)],
        )

    def _record_sweep(self, submission: Submission, ids: list[str], numbers: list[int], now: float) -> str:
        """The sweep's row and, for the day the database is lost, its small file; written before the commit."""
        from l2t.spec import content_hash

        sweep = content_hash(sorted(ids))[:8]
        record = (storable(submission.command), storable(submission.recipe), submission.seeds_planned)
        created: float = self._one(
            "INSERT INTO sweeps VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (id) DO UPDATE SET asked = excluded.asked,"
            " command = excluded.command, recipe = excluded.recipe, seeds_planned = excluded.seeds_planned,"
            " cancelled = NULL RETURNING created",
            (sweep, now, now, *record),
        )
        self._all(
            "INSERT OR IGNORE INTO sweep_jobs SELECT ?, value FROM json_each(?)", (sweep, json.dumps(sorted(numbers)))
        )
        path = self.home / "sweeps" / f"{sweep}.json"
        keys = ("command", "recipe", "seeds_planned")
        try:
            make_folder(path.parent)
            write_json(path, {"id": sweep, "created": created} | dict(zip(keys, record, strict=True)) | {"jobs": ids})
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}. Nothing was queued") from error
        return sweep


def _source(run: RunSpec) -> tuple[str | None, str | None]:
    """Name and hash of its source network."""
    return (run.source.name, run.source.hash) if run.source else (None, None)


def _given(priority: int | None) -> dict[str, int]:
    return {} if priority is None else {"priority": priority}


def _unique(submission: Submission) -> tuple[dict[str, RunSpec], dict[str, SourceSpec | ArtefactSpec]]:
    return {run.id: run for run in submission.runs}, {source.id: source for source in submission.sources}


def _counts(ids: Iterable[str], states: dict[str, State], force: bool) -> Counts:
    """What becomes of each job, given the states of those that exist."""
    fate = dict.fromkeys(_AGAIN, "retried") | {
        State.DONE: "retried" if force else "done",
        State.QUEUED: "waiting",
        State.PAUSED: "waiting",
        State.RUNNING: "running",
    }
    totals = dict.fromkeys(("new", "done", "waiting", "running", "retried"), 0)
    for id in ids:
        totals[fate[states[id]] if id in states else "new"] += 1
    return Counts(**totals)
