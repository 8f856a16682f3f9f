"""Asking for runs: what is new is queued, what failed is tried again, what is done is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from l2t.errors import StoreError
from l2t.store.database import Database
from l2t.store.files import write_json
from l2t.store.rows import Counts, Planned, Submission, Submitted
from l2t.store.state import State
from l2t.store.transitions import move

if TYPE_CHECKING:
    from l2t.spec import RunSpec, SourceSpec

_AGAIN = (State.FAILED, State.CANCELLED, State.INTERRUPTED)
_FRESH = {"redo": 1, "attempts": 0, "stalled": 0, "reached": 0, "epoch": 0}
_FRESH_RESULT = "accuracy, best_val, rare_recall, parameters, steps, seconds, peak_memory"


class Submitting(Database):
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
        earlier submissions that the runs need; done ones are kept unless forced; the rest is left where it is.
        The same jobs asked for again are the same sweep.
        """
        runs, sources = _unique(submission)
        now = time.time()
        with self._transaction():
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
            new: list[SourceSpec | RunSpec] = [spec for id, spec in sources.items() if id not in states]
            new += [spec for id, spec in runs.items() if id not in states]
            self._insert(new, first, now)
            numbers = known + list(range(first, first + len(new)))
            self._queue_again(known)
            if submission.force:
                self._queue_done(known, "run" if runs else "source")
            self._renew(runs, known)
            needed = self._need_sources(numbers)
            self._queue_again(needed)
            numbers += needed
            sweep = self._record_sweep(submission, [*runs, *sources], numbers, now)
        return Submitted(sweep, planned.runs, planned.sources)

    def _existing(self, ids: list[str]) -> list[tuple[str, int, State]]:
        rows = self._all(
            "SELECT id, number, state FROM jobs WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
        )
        return [(id, number, State(state)) for id, number, state in rows]

    def _insert(self, specs: list[SourceSpec | RunSpec], first: int, now: float) -> None:
        from l2t.spec import RunSpec

        jobs, texts, runs = [], [], []
        for number, spec in enumerate(specs, first):
            kind = "run" if isinstance(spec, RunSpec) else "source"
            jobs.append((number, spec.id, kind, spec.name, State.QUEUED, number, spec.train.epochs, now))
            texts.append((number, spec.model_dump_json()))
            if isinstance(spec, RunSpec):
                source = (spec.source.name, spec.source.hash) if spec.source else (None, None)
                what = (spec.method, spec.dataset, spec.shots, spec.seed)
                runs.append((number, *what, *source, spec.target, spec.recipe, spec.cell))
        self._many(
            "INSERT INTO jobs (number, id, kind, name, state, position, epochs, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            jobs,
        )
        self._many("INSERT INTO specs VALUES (?, ?)", texts)
        self._many(
            "INSERT INTO runs (number, method, dataset, shots, seed, source, source_hash, target, recipe, cell)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            runs,
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

    def _need_sources(self, numbers: list[int]) -> list[int]:
        """Let queued runs wait for the training of their source, where that is a job; returns these jobs' numbers."""
        needs = self._all(
            "SELECT jobs.number, source.number FROM runs JOIN jobs USING (number)"
            " JOIN jobs AS source ON source.id = source_hash"
            " WHERE jobs.state = 'queued' AND jobs.number IN (SELECT value FROM json_each(?))",
            [json.dumps(numbers)],
        )
        self._many("INSERT OR IGNORE INTO needs VALUES (?, ?)", needs)
        return sorted({needed for _, needed in needs} - set(numbers))

    def _queue_again(self, numbers: list[int]) -> None:
        move(
            self._connection,
            _AGAIN,
            State.QUEUED,
            "number IN (SELECT value FROM json_each(:numbers))",
            {"numbers": json.dumps(numbers)},
            {"attempts": 0, "stalled": 0, "reached": 0, "reason": None, "message": None, "finished": None},
        )

    def _queue_done(self, numbers: list[int], kind: str) -> None:
        moved = move(
            self._connection,
            [State.DONE],
            State.QUEUED,
            "kind = :kind AND number IN (SELECT value FROM json_each(:numbers))",
            {"kind": kind, "numbers": json.dumps(numbers)},
            _FRESH | {"finished": None},
            returning="number, id",
        )
        self._many(
            f"UPDATE runs SET ({_FRESH_RESULT}) = (NULL, NULL, NULL, NULL, NULL, NULL, NULL) WHERE number = ?",
            [(number,) for number, _ in moved],
        )
        self._many("DELETE FROM artefacts WHERE hash = ?", [(id,) for _, id in moved])

    def _record_sweep(self, submission: Submission, ids: list[str], numbers: list[int], now: float) -> str:
        """The sweep's row and, for the day the database is lost, its small file; written before the commit."""
        from l2t.spec import content_hash

        sweep = content_hash(sorted(ids))[:8]
        record = (submission.command, submission.recipe, submission.seeds_planned)
        self._all(
            "INSERT INTO sweeps VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET asked = excluded.asked,"
            " command = excluded.command, recipe = excluded.recipe, seeds_planned = excluded.seeds_planned",
            (sweep, now, now, *record),
        )
        self._many("INSERT OR IGNORE INTO sweep_jobs VALUES (?, ?)", [(sweep, number) for number in numbers])
        path = self.home / "sweeps" / f"{sweep}.json"
        keys = ("command", "recipe", "seeds_planned")
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_json(path, {"id": sweep, "created": now} | dict(zip(keys, record, strict=True)) | {"jobs": ids})
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}. Nothing was queued") from error
        return sweep


def _unique(submission: Submission) -> tuple[dict[str, RunSpec], dict[str, SourceSpec]]:
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
