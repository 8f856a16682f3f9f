"""Putting jobs, sweeps, tags and notes into the database that exist as folders and small files already: what rebuild
and merge have in common."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from l2t.store.folder import JobFolder
from l2t.store.found import Found, FoundSweep
from l2t.store.replay import Mark
from l2t.store.rows import ArtefactRow
from l2t.store.state import State
from l2t.store.store import Store
from l2t.store.transitions import move

if TYPE_CHECKING:
    from l2t.store.found import Spec


@dataclass(frozen=True, slots=True)
class Restored:
    """A job to put into the database."""

    spec: Spec
    result: dict[str, Any] | None
    """None: it is still to be done."""
    created: float
    finished: float | None
    spoilt: bool = False
    """What lies in its folder is no use: to be archived before it is done anew."""


class Restoring(Store):
    """A store that takes jobs which were not asked for."""

    def restore(self, jobs: Iterable[Restored]) -> None:
        """Add jobs that the database does not know, in this order: done where they have a result, else queued.
        Inside a transaction."""
        jobs = list(jobs)
        first: int = self._all("SELECT coalesce(max(number), 0) + 1 FROM jobs")[0][0]
        self._insert([job.spec for job in jobs], first, 0.0, priority=0)
        numbers = list(range(first, first + len(jobs)))
        self._many(
            "UPDATE jobs SET created = ?, redo = ? WHERE number = ?",
            [(job.created, int(job.spoilt), number) for job, number in zip(jobs, numbers, strict=True)],
        )
        self._need([job.spec for job in jobs], numbers)
        self._recount(numbers)
        # What others need is done before them.
        for job in sorted(jobs, key=lambda job: (job.spec.kind == "run", job.finished or 0.0)):
            if job.result is not None:
                self.complete(job)

    def complete(self, job: Restored) -> None:
        """A job that is in the queue turned out to be done: its result is in its folder. Inside a transaction."""
        assert job.result is not None
        kind, id = job.spec.kind, job.spec.id
        seconds, peak = JobFolder.of(self.home, kind, id).read_attempts()
        with self._no_news():
            self._done(State.QUEUED, "id = :id", {"id": id}, job.result, seconds, peak)
        self._all("UPDATE jobs SET finished = ? WHERE id = ?", [job.finished, id])
        self._all("UPDATE artefacts SET created = ? WHERE hash = ?", [job.finished, id])

    def state_of(self, job_id: str) -> str | None:
        """State of a job or imported artefact, "redo" where it is done and forced; None where it is not known."""
        rows = self._all("SELECT CASE WHEN redo THEN 'redo' ELSE state END FROM jobs WHERE id = ?", [job_id])
        rows = rows or self._all("SELECT 'done' FROM artefacts WHERE hash = ?", [job_id])
        return str(rows[0][0]) if rows else None

    def requeue(self, job_id: str) -> None:
        """Let a job that failed, was cancelled or is paused wait in the queue. Inside a transaction."""
        self._queue_again([number for _, number, _ in self._existing([job_id])])
        move(self._connection, [State.PAUSED], State.QUEUED, "id = :id", {"id": job_id}, {})

    def restore_imported(self, found: Found, created: float) -> None:
        """Add an artefact that no job made."""
        result = found.result or {}
        accuracy = result.get("accuracy")
        row = ArtefactRow(
            hash=found.id,
            kind="source",
            name=str(result.get("name")),
            model=str(result.get("model")),
            dataset="",
            outputs=int(result.get("outputs", 0)),
            origin=str(result.get("origin")),
            accuracy=None if accuracy is None else float(accuracy),
            seconds=None,
            created=created,
        )
        self.add_artefact(row)

    def restore_sweep(self, sweep: FoundSweep) -> None:
        """Add a sweep with those of its jobs that the database knows; one that it knows keeps what it says. Inside a
        transaction."""
        self._all(
            "INSERT OR IGNORE INTO sweeps (id, created, asked, command, recipe, seeds_planned, cancelled)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [sweep.id, sweep.created, sweep.created, sweep.command, sweep.recipe, sweep.seeds_planned, sweep.cancelled],
        )
        self._all(
            "INSERT OR IGNORE INTO sweep_jobs SELECT ?, number FROM jobs WHERE id IN (SELECT value FROM json_each(?))",
            [sweep.id, json.dumps(sweep.jobs)],
        )

    def restore_marks(self, marks: Mapping[str, Mark]) -> None:
        """Give jobs, by id, tags and a note. Inside a transaction."""
        self._many(
            "UPDATE jobs SET tags = ?, note = ? WHERE id = ?",
            [(f" {' '.join(mark.tags)} " if mark.tags else "", mark.note, id) for id, mark in marks.items()],
        )

    def add_marks(self, marks: Mapping[str, Mark]) -> None:
        """Give runs, by id, further tags, and a note where they have none; on disk and in the database."""
        with self._transaction():
            rows = self._all(
                "SELECT id, tags, note FROM jobs WHERE id IN (SELECT value FROM json_each(?))", [json.dumps([*marks])]
            )
            alike: dict[tuple[tuple[str, ...], str | None], list[str]] = {}
            for id, tags, note in rows:
                new = tuple(tag for tag in marks[id].tags if tag not in tags.split())
                alike.setdefault((new, marks[id].note if note is None else None), []).append(id)
            for (tags, note), ids in alike.items():
                self._mark(ids, tags, (), note)

    def cancel_unwanted(self) -> None:
        """Cancel queued jobs that only cancelled sweeps asked for, and that no other queued job needs. Inside a
        transaction."""
        unwanted = (
            "number IN (SELECT number FROM sweep_jobs JOIN sweeps ON id = sweep GROUP BY number"
            " HAVING count(*) = count(cancelled)) AND NOT EXISTS (SELECT 1 FROM needs JOIN jobs AS waiting"
            " ON waiting.number = needs.number WHERE needed = jobs.number AND waiting.state = 'queued')"
        )
        columns = {"finished": time.time()}
        with self._no_news():
            while ended := move(self._connection, [State.QUEUED], State.CANCELLED, unwanted, {}, columns):
                self._number_ends(ended)

    @contextmanager
    def _no_news(self) -> Iterator[None]:
        """What ended long ago, or elsewhere, is told to nobody, unless older endings are still to be told."""
        told, last = self._all("SELECT told, last FROM endings")[0]
        yield
        if told == last:
            self._all("UPDATE endings SET told = last")
