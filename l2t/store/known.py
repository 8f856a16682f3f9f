"""What the database says of each job, for those who compare it with the folders."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from l2t.store.database import Database, connect_reading
from l2t.store.state import State


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
    accuracy: float | None
    """Percent, by the tables; None while it is not done."""

    @property
    def done(self) -> bool:
        return self.state == State.DONE


class Known(Database):
    """A store that is only looked at. Its home needs no store."""

    @classmethod
    def read(cls, home: Path) -> Self:
        return cls(home, connect_reading(home))

    def jobs(self) -> dict[str, KnownJob]:
        """All jobs, by id."""
        rows = self._all(
            "SELECT jobs.id, jobs.kind, state, redo, spec, coalesce(runs.accuracy, artefacts.accuracy)"
            " FROM jobs LEFT JOIN specs USING (number) LEFT JOIN runs USING (number)"
            " LEFT JOIN artefacts ON artefacts.hash = jobs.id"
        )
        return {id: KnownJob(id, kind, state, bool(redo), *rest) for id, kind, state, redo, *rest in rows}

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
