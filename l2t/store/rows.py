"""What the store takes and gives: plain dataclasses. Times are seconds since 1970 (UTC), memory is in bytes.

Specifications are pydantic models, whose import takes longer than listing the runs: it waits until one is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from l2t.store.state import Reason, Request, State

if TYPE_CHECKING:
    from l2t.spec import ArtefactSpec, RunSpec, SourceSpec
    from l2t.spec.run import Device


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that holds a claim. Raw start ticks tell it from a later process of the same pid."""

    host: str
    boot_id: str
    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class Submission:
    """What a command asks for."""

    command: str
    """The command line, for people."""
    recipe: str
    seeds_planned: int
    """Seeds of each cell that were planned."""
    runs: Sequence[RunSpec]
    sources: Sequence[SourceSpec | ArtefactSpec] = ()
    """Trainings of the source networks that the runs need (or that are asked for themselves)."""
    force: bool = False
    """Do again what is done: the runs, or the sources where no runs are asked for. Old attempts are archived."""
    priority: int = 0
    """What is asked for gets it, but for what is in the queue with a higher one already; higher ones are done first."""
    tags: tuple[str, ...] = ()
    """Added to all the runs."""
    note: str | None = None
    """Of all the runs; None leaves theirs as they are."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a submission means for the jobs of one kind."""

    new: int = 0
    done: int = 0
    """Done already, and kept."""
    waiting: int = 0
    """In the queue already."""
    running: int = 0
    retried: int = 0
    """In the queue again: failed, cancelled or interrupted before, or done and forced."""

    @property
    def left(self) -> int:
        """Jobs that are still to be done."""
        return self.new + self.waiting + self.running + self.retried


@dataclass(frozen=True, slots=True)
class Planned:
    """What a submission would do."""

    runs: Counts
    sources: Counts
    states: Mapping[str, State]
    """State of each job that exists already, by id."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission did."""

    sweep: str
    runs: Counts
    sources: Counts


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job."""

    id: str
    kind: str
    """run, source or artefact."""
    name: str
    attempts: int
    """Attempts so far, this one included."""
    redo: bool
    """It was done and is forced: what lies in its folder is an old attempt."""
    data: str
    command: str
    """The command line that asked for it last."""
    device: Device

    def spec(self) -> RunSpec | SourceSpec | ArtefactSpec:
        """Its specification; pydantic's ValidationError where another version of l2t wrote it differently."""
        from l2t.spec import ArtefactSpec, RunSpec, SourceSpec

        models: tuple[type[RunSpec | SourceSpec | ArtefactSpec], ...] = (RunSpec, SourceSpec, ArtefactSpec)
        return next(model for model in models if model.kind == self.kind).model_validate_json(self.data)


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job of any kind, as progress displays show it."""

    id: str
    kind: str
    name: str
    state: State
    reason: Reason | None
    message: str | None
    epoch: int
    epochs: int
    attempts: int
    created: float
    claimed: float | None
    finished: float | None
    heartbeat: float | None
    host: str | None
    pid: int | None
    accuracy: float | None
    """Percent; None while it is not done."""
    ending: int | None
    """Its number among all that ended, in the order of ending; None while it has not."""
    device: Device


@dataclass(slots=True)  # not frozen: 10,000 of them would take 70 ms to make instead of 20
class RunRow:
    """A run with its summary, as tables show it."""

    id: str
    state: State
    reason: Reason | None
    message: str | None
    method: str
    dataset: str
    shots: int
    seed: int
    source: str | None
    source_hash: str | None
    target: str
    recipe: str
    cell: str
    accuracy: float | None
    """Percent, on the whole test set after the last epoch; None while it is not done. So all that follow."""
    best_val: float | None
    """Accuracy in percent of the epoch that is best on the validation split."""
    rare_recall: float | None
    """Percent."""
    parameters: int | None
    steps: int | None
    seconds: float | None
    """Time of all attempts; of one that was killed, until the last epoch it noted."""
    peak_memory: int | None
    epoch: int
    epochs: int
    attempts: int
    created: float
    claimed: float | None
    finished: float | None
    heartbeat: float | None
    host: str | None
    pid: int | None
    priority: int
    tags: tuple[str, ...]
    note: str | None
    device: Device
    not_before: float | None
    """Time before which it is not tried again, after a crash."""
    request: Request | None
    """What is asked of its worker, and not done yet."""


@dataclass(frozen=True, slots=True)
class CellRow:
    """Runs that differ only in their seed, counted."""

    cell: str
    """Content hash that they share."""
    run: str
    """Id of the one asked for first."""
    method: str
    dataset: str
    shots: int
    source: str | None
    source_hash: str | None
    target: str
    recipe: str
    planned: int
    """Its runs, in whatever state."""
    queued: int
    running: int
    paused: int
    interrupted: int
    done: int
    failed: int
    cancelled: int
    n: int
    """Runs with a finite accuracy."""
    mean: float | None
    """Of their accuracies, percent; None where there is none."""
    sd: float | None
    """Sample standard deviation (n - 1), percentage points; None where there are fewer than two."""
    finished: float | None
    """When one ended last; None where none has."""
    changes: int
    """Grows whenever other runs are done, or what they found is another: with the cell's hash it tells, within one
    store, one set of results from every other, also where a run is done again with the same accuracy."""

    @property
    def digest(self) -> str:
        """Changes whenever the set of done runs, what they found, or the number of planned or failed ones does."""
        return f"{self.cell}:{self.changes}:{self.planned}:{self.done}:{self.failed}"


RUN_COLUMNS = tuple(field.name for field in fields(RunRow))


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run and its specification."""

    row: RunRow
    spec: RunSpec
    command: str | None
    """The command line that asked for it last; None where no sweep has it."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A sweep and how many of its jobs are in each state."""

    id: str
    created: float
    command: str
    recipe: str
    seeds_planned: int
    runs: Mapping[State, int]
    """Number of runs by state; 0 for a state that none is in."""
    sources: Mapping[State, int]
    artefacts: Mapping[State, int]
    cancelled: float | None
    """When it was cancelled; None while it is wanted."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of the queue did, in runs."""

    changed: int = 0
    finishing: int = 0
    """Running ones, which go on to their end."""
    asked: int = 0
    """Running ones, whose worker is asked to stop."""
    kept: int = 0
    """Left as they are, because another sweep wants them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the runs of one cell take."""

    method: str
    left: int
    """Runs that are queued or running."""
    seconds: float | None
    """Mean time of its finished runs; None before there is one."""


@dataclass(slots=True)  # not frozen, as RunRow
class Turn:
    """A run that waits for a worker."""

    id: str
    device: Device
    seconds: float | None
    """Mean time of its cell's finished runs, else of its method's, else of all; None before there is one."""


@dataclass(frozen=True, slots=True)
class ArtefactRow:
    """A finished product that runs share."""

    hash: str
    kind: str
    """source; later also paraphraser, intermediate …"""
    name: str
    model: str
    dataset: str
    outputs: int
    """Classes of its linear layer."""
    origin: str
    """trained, or the name of the file it was imported from."""
    accuracy: float | None
    """Percent."""
    seconds: float | None
    created: float


ARTEFACT_COLUMNS = tuple(field.name for field in fields(ArtefactRow))


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a result: what tables show."""

    accuracy: float | None
    best_val: float | None
    rare_recall: float | None
    parameters: int | None
    steps: int | None

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Summary:
        """Summary of the contents of a `result.json`; what it lacks is None."""
        return cls(
            accuracy=result.get("accuracy"),
            best_val=(result.get("best_val") or {}).get("accuracy"),
            rare_recall=result.get("rare_recall"),
            parameters=result.get("parameters"),
            steps=result.get("steps"),
        )
