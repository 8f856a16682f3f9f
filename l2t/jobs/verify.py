"""Computing finished runs again, in a home of the moment, and comparing bit for bit with what was recorded.

A run is a pure function of its specification on an equal fingerprint: here that is put to the test. The home whose runs
these are is only read; workers compute in another, which has the artefacts they need by links and is gone at the end.
"""

import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from l2t import ENGINE
from l2t.errors import UsageError
from l2t.jobs.device import choose_device
from l2t.jobs.slots import SlotSettings
from l2t.spec import RunSpec
from l2t.store.files import make_folder, read_json
from l2t.store.folder import JobFolder
from l2t.store.rows import CellRow, RunRow, Submission
from l2t.store.state import Reason, State
from l2t.store.store import Store

SHORT = 8
"""Digits of hashes that are shown."""


class Outcome(StrEnum):
    """What came of computing a run again."""

    IDENTICAL = "identical"
    """The same weights, accuracy and metrics, bit for bit."""
    DIFFERS = "differs"
    """Other bits, although fingerprint, engine and source network are equal: that must not be."""
    ELSEWHERE = "other machine"
    """Other bits, on another fingerprint or engine, or with another source network: that may be."""
    IMPOSSIBLE = "cannot run"


@dataclass(frozen=True)
class Verdict:
    """One run, recorded and computed again."""

    run: str
    outcome: Outcome
    recorded: float | None
    """Accuracy in percent."""
    repeated: float | None
    """None where the run did not end."""
    sd: float | None = None
    """Of the accuracies of its cell's finished runs, percentage points; None where there are fewer than two."""
    n: int = 0
    """Runs behind `sd`."""
    other: tuple[str, ...] = ()
    """Why other bits are allowed: what of fingerprint, engine and source network is not the same, in words."""
    bits: tuple[str, ...] = ()
    """What is not the same in weights, result and metrics, in words."""
    notes: tuple[str, ...] = ()
    """What else is not the same: the code. Other bits are not allowed by it: the engine number stands for that."""
    why: str | None = None
    """Why it could not be computed, or what ended it."""

    @property
    def difference(self) -> float | None:
        """Accuracy of the repetition minus the recorded one, percentage points."""
        return None if self.recorded is None or self.repeated is None else self.repeated - self.recorded

    @property
    def deviations(self) -> float | None:
        """Size of the difference in standard deviations of the cell; None where that is none, or zero."""
        return abs(self.difference) / self.sd if self.difference is not None and self.sd else None


def draw(rows: Sequence[RunRow], number: int, seed: int) -> list[RunRow]:
    """A uniform sample, without repetition, of the finished ones among `rows`: equal seed and runs, equal sample."""
    done = sorted((row for row in rows if row.state is State.DONE), key=lambda row: row.id)
    return random.Random(seed).sample(done, min(number, len(done)))


class Trial:
    """A home of the moment in which the runs are queued. A context manager: at its end the home is gone.

    texts: their specifications, as JSON, by id; slots: where they will be computed. What cannot be computed at all is
    not queued (`refused`).
    """

    def __init__(self, home: Path, rows: Sequence[RunRow], texts: Mapping[str, str], slots: SlotSettings) -> None:
        self._source = home
        self._rows = rows
        self.refused: dict[str, str] = {}
        """Why a run cannot be computed, by id."""
        self.sweep: str | None = None
        """What is to be followed in `home`; None where nothing can be computed."""
        self.specs: dict[str, RunSpec] = {}
        """Of the runs that are queued."""
        self._folder = ExitStack()
        with ExitStack() as made:
            self.home = Path(made.enter_context(TemporaryDirectory(prefix="l2t-verify-")))
            for row in rows:
                try:
                    self.specs[row.id] = self._ready(row, texts[row.id], slots)
                except UsageError as error:
                    self.refused[row.id] = str(error)
            if self.specs:
                with Store.open(self.home) as store:
                    submitted = store.submit(Submission("l2t verify", "", len(self.specs), [*self.specs.values()]))
                self.sweep = submitted.sweep
            self._folder = made.pop_all()

    def _ready(self, row: RunRow, text: str, slots: SlotSettings) -> RunSpec:
        """Its specification, once all is there that it needs. UsageError where it cannot be computed or compared."""
        try:
            spec = RunSpec.model_validate_json(text)
        except ValidationError as error:
            raise UsageError("it was asked for by another version of l2t") from error
        if spec.id != row.id:
            raise UsageError("its specification is not the one that its id stands for (l2t store check says more)")
        if JobFolder.of(self._source, "run", row.id).read_result() is None:
            raise UsageError("its result.json is gone or damaged (l2t store check says more)")
        if spec.device != "cpu":
            choose_device(spec.device, self.home, slots.gpus)
        if spec.source is not None:
            self._link(
                spec.source.hash,
                f"its source network {spec.source.name}",
                "import it again, or l2t store rebuild, then l2t up, trains it",
            )
        for ref in spec.artefacts:
            self._link(ref.hash, ref.name, "l2t store rebuild, then l2t up, makes it again")
        return spec

    def _link(self, hash: str, what: str, remedy: str) -> None:
        there = JobFolder.of(self._source, "source", hash)
        here = JobFolder.of(self.home, "source", hash)
        make_folder(here.path)
        for target, link in ((there.weights, here.weights), (there.result, here.result)):
            if not target.is_file():
                raise UsageError(f"{target.name} of {what} ({hash[:SHORT]}) is gone: {remedy}")
            if not link.exists():
                link.symlink_to(target)

    def verdicts(self, cells: Mapping[str, CellRow]) -> list[Verdict]:
        """What came of the runs that have ended, or cannot be computed, in the order in which they were drawn.

        cells: by hash, for the spread of the accuracies."""
        with Store.read(self.home) as store:
            ended = {row.id: row for row in store.runs() if row.state in (State.DONE, State.FAILED)}
        found = []
        for row in self._rows:
            if row.id in self.refused:
                verdict = Verdict(row.id, Outcome.IMPOSSIBLE, row.accuracy, None, why=self.refused[row.id])
            elif row.id in ended:
                verdict = self._judge(row, ended[row.id])
            else:
                continue
            cell = cells.get(row.cell)
            found.append(verdict if cell is None else replace(verdict, sd=cell.sd, n=cell.n))
        return found

    def _judge(self, before: RunRow, after: RunRow) -> Verdict:
        recorded, repeated = (JobFolder.of(home, "run", before.id) for home in (self._source, self.home))
        environments = (read_json(recorded.env) or {}, read_json(repeated.env) or {})
        bits: tuple[str, ...] = ()
        why = None
        if after.state is State.FAILED:
            why = f"{str(after.reason).replace('_', ' ')}: {after.message}"
            outcome = Outcome.DIFFERS if after.reason is Reason.DIVERGED else Outcome.IMPOSSIBLE
        else:
            bits = other_bits(recorded, repeated)
            outcome = Outcome.DIFFERS if bits else Outcome.IDENTICAL
        other = other_machine(*environments, self.specs[before.id])
        return Verdict(
            run=before.id,
            outcome=Outcome.ELSEWHERE if outcome is Outcome.DIFFERS and other else outcome,
            recorded=before.accuracy,
            repeated=after.accuracy,
            other=other,
            bits=bits,
            notes=other_code(*environments),
            why=why,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._folder.close()


def other_machine(before: Mapping[str, Any], after: Mapping[str, Any], spec: RunSpec) -> tuple[str, ...]:
    """What of fingerprint, engine and source network is not the same. before, after: contents of `env.json`."""
    first, second = before.get("fingerprint"), after.get("fingerprint")
    found = []
    if not isinstance(first, dict) or not isinstance(second, dict):
        found.append("its env.json does not tell on which machine it was computed")
    else:
        keys = [key for key in dict.fromkeys([*first, *second]) if first.get(key) != second.get(key)]
        found += [f"{key} {first.get(key, 'none')} → {second.get(key, 'none')}" for key in keys]
    if spec.engine != ENGINE:
        found.append(f"engine {spec.engine} → {ENGINE}")
    if isinstance(before.get("source_weights"), dict) and before["source_weights"] != after.get("source_weights"):
        found.append("its source network, or what a phase made for it, has other weights now")
    return tuple(found)


def other_code(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Whether other code computed it. before, after: contents of `env.json`."""
    first, second = (str(environment.get("code", "unknown"))[:SHORT] for environment in (before, after))
    own = () if first == second else (f"code {first} → {second}",)
    known = (before.get("plug_ins"), after.get("plug_ins"))
    theirs, now = (found if isinstance(found, dict) else {} for found in known)
    changed = [name for name in now if name in theirs and theirs[name] != now[name]]
    return (*own, *(f"code of {name} {str(theirs[name])[:SHORT]} → {str(now[name])[:SHORT]}" for name in changed))


def other_bits(recorded: JobFolder, repeated: JobFolder) -> tuple[str, ...]:
    """What is not the same in two results and their metrics; values that one of them lacks are left out."""
    first, second = recorded.read_result() or {}, repeated.read_result() or {}
    names = dict.fromkeys(["weights", "accuracy", *first])
    keys = [key for key in names if key in first and key in second and first[key] != second[key]]
    return (*(_change(key, first[key], second[key]) for key in keys), *_other_metrics(recorded, repeated))


def _other_metrics(recorded: JobFolder, repeated: JobFolder) -> tuple[str, ...]:
    """The first epoch whose metrics are not the same, and one of them."""
    first, second = ({row["epoch"]: row for row in folder.read_metrics()} for folder in (recorded, repeated))
    if not first:
        return ()  # removed; the result stands for them
    for epoch in sorted(first.keys() | second.keys()):
        if epoch not in first or epoch not in second:
            return (f"metrics of epoch {epoch} are missing in one of them",)
        for key, value in first[epoch].items():
            if key in second[epoch] and second[epoch][key] != value:
                return (f"metrics from epoch {epoch} on ({_change(key, value, second[epoch][key])})",)
    return ()


def _change(name: str, before: object, after: object) -> str:
    """ "accuracy 87.43 → 87.45"; of what is no number, and of numbers that look alike, the name."""
    if not (isinstance(before, int | float) and isinstance(after, int | float)):
        return name
    shown = f"{before:.6g}", f"{after:.6g}"
    return name if shown[0] == shown[1] else f"{name} {shown[0]} → {shown[1]}"
