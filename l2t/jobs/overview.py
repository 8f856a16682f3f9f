"""How a whole home stands: who works on it, in which slots, on what, and what is still to come. Reads only."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from l2t.jobs.eta import remaining
from l2t.jobs.lock import Holder, holder, last_holder
from l2t.jobs.status import Doing, SlotStatus, Snapshot, read_snapshot
from l2t.store.filter import parse
from l2t.store.rows import JobRow, RunRow, SweepRow
from l2t.store.state import State
from l2t.store.store import Store

FAILURES = 5
"""Failed runs that are shown, the latest."""


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """A sweep that is not ended, and how long it still takes."""

    sweep: SweepRow
    left: int
    """Jobs that are queued or running; paused ones are not among them."""
    eta: float | None
    """Estimated seconds until they have ended, as if no other sweep were there; None while nothing is known."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How a home stands."""

    holder: Holder | None
    """The process that looks after it; None where none does."""
    died: bool
    """Whether the last one that did ended without a word: it was killed, or the machine went down."""
    doing: Doing | None
    problem: str | None
    """Why it begins nothing new."""
    slots: Sequence[SlotStatus]
    closed: Sequence[tuple[str, str]]
    """GPUs that are left alone, each with the reason."""
    lacks: Sequence[str]
    """Why jobs that could be begun wait nevertheless: no slot of the kind that they need."""
    running: Sequence[JobRow]
    sweeps: Sequence[SweepProgress]
    """Those with something left to do, in the order of asking."""
    failures: Sequence[RunRow]
    """The latest failed runs, the last one first."""
    runs: Mapping[State, int]
    """All runs of the home, by state."""


def overview(home: Path, store: Store | None = None) -> Overview:
    """Look at everything once. store: the home's, where it is open already."""
    if store is None:
        with Store.read(home) as opened:
            return overview(home, opened)
    found = holder(home)
    last = last_holder(home) if found is None else None
    shown = read_snapshot(home) if found is not None else None
    if shown is not None and found is not None and shown.holder.owner != found.owner:
        shown = None
    workers = max(1, len(shown.slots)) if shown else 1
    running = store.running()
    return Overview(
        holder=found,
        died=last is not None and last.ended is None,
        doing=shown.doing if shown else None,
        problem=shown.problem if shown else None,
        slots=[_now(slot, running) for slot in shown.slots] if shown else (),
        closed=shown.closed if shown else (),
        lacks=_lacks(store, shown) if shown else (),
        running=running,
        sweeps=[_progress(store, sweep, workers) for sweep in store.live_sweeps()],
        failures=store.runs(parse(["state=failed"]), "-finished", FAILURES),
        runs=store.count(),
    )


def _lacks(store: Store, shown: Snapshot) -> list[str]:
    waiting = [device for device, number in store.claimable().items() if number]
    return [why for why in map(shown.lacks, waiting) if why is not None]


def _now(slot: SlotStatus, running: Sequence[JobRow]) -> SlotStatus:
    """A slot with what its worker computes now, which the supervisor tells a second later."""
    own = [job for job in running if slot.pid is not None and job.pid == slot.pid]
    # More than one where a process computes for several slots: what was told last tells them apart.
    job = next((job for job in own if job.id == slot.job), own[0] if own else None)
    return replace(slot, job=job.id if job else None, job_name=job.name if job else None)


def _progress(store: Store, sweep: SweepRow, workers: int) -> SweepProgress:
    left = sum(
        counts[state]
        for counts in (sweep.runs, sweep.sources, sweep.artefacts)
        for state in (State.QUEUED, State.RUNNING, State.INTERRUPTED)
    )
    eta = remaining(store.paces(sweep.id), store.running(sweep.id), workers, time.time()) if left else None
    return SweepProgress(sweep, left, eta)
