"""What the database says of each job, for those who compare it with the folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from l2t.store.database import Database, connect_reading
from l2t.store.rows import Summary
from l2t.store.state import State

if TYPE_CHECKING:
    from l2t.store.found import Spec


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A job, by its row."""

    id: str
    kind: str
    state: str
    """A `State`, in a store that is not damaged."""
    redo: bool
    """It was done and is forced: what lies in its folder is an old attempt."""
    spec: str | None
    described: tuple[Any, ...]
    """What tables show of its specification: see `described`."""
    measured: tuple[Any, ...]
    """What tables show of its result: see `measured`."""

    @property
    def done(self) -> bool:
        return self.state == State.DONE


def described(spec: Spec) -> tuple[Any, ...]:
    """What tables should show of a specification: first of any job's, then of a run's."""
    from l2t.spec import RunSpec

    common = (spec.kind, spec.name, spec.device, spec.train.epochs)
    if not isinstance(spec, RunSpec):
        return (*common, *[None] * 8)
    source = (spec.source.name, spec.source.hash) if spec.source else (None, None)
    return (*common, spec.method, spec.dataset, spec.shots, spec.seed, *source, spec.target, spec.cell)


def measured(kind: str, result: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """What tables should show of a result; nothing but None where there is none."""
    summary = Summary.of(result or {})
    if kind != "run":
        return (summary.accuracy, *[None] * 4)
    return summary.accuracy, summary.best_val, summary.rare_recall, summary.parameters, summary.steps


class Known(Database):
    """A store that is only looked at. Its home needs no store."""

    @classmethod
    def read(cls, home: Path) -> Self:
        return cls(home, connect_reading(home))

    def jobs(self) -> dict[str, KnownJob]:
        """All jobs, by id."""
        rows = self._all(
            "SELECT jobs.id, jobs.kind, state, redo, spec, jobs.kind, jobs.name, device, epochs, method, runs.dataset,"
            " shots, seed, source, source_hash, target, cell, coalesce(runs.accuracy, artefacts.accuracy), best_val,"
            " rare_recall, parameters, steps FROM jobs LEFT JOIN specs USING (number) LEFT JOIN runs USING (number)"
            " LEFT JOIN artefacts ON artefacts.hash = jobs.id"
        )
        return {row[0]: KnownJob(row[0], row[1], row[2], bool(row[3]), row[4], row[5:17], row[17:]) for row in rows}

    def states(self) -> dict[str, str]:
        """State of each job, by id; artefacts that no job made are done."""
        made = {hash: str(State.DONE) for (hash,) in self._all("SELECT hash FROM artefacts")}
        return made | dict(self._all("SELECT id, state FROM jobs"))

    def artefacts(self) -> dict[str, float | None]:
        """Accuracy of each finished artefact, by hash."""
        return dict(self._all("SELECT hash, accuracy FROM artefacts"))

    def sweeps(self) -> set[str]:
        """Ids of all sweeps."""
        return {id for (id,) in self._all("SELECT id FROM sweeps")}

    def problems(self) -> list[str]:
        """What SQLite finds wrong with the file, at most 10 lines; none for a good one."""
        found = [text for (text,) in self._all("PRAGMA integrity_check(10)") if text != "ok"]
        lost = self._all("PRAGMA foreign_key_check")
        return found + [f"row {row} of {table} refers to no row of {to}" for table, row, to, _ in lost[:10]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
