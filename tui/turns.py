"""When the runs that wait are expected to have ended: what the slots do now, then each run in its turn."""

import heapq
import time
from collections.abc import Iterable, Mapping, Sequence

from l2t.jobs.lock import holder
from l2t.jobs.status import SlotStatus, read_snapshot
from l2t.store.rows import JobRow, RunRow, Turn
from tui.feed import SHARE, Reader

SECONDS = 5.0
"""After which it is computed anew, at the earliest."""


def expected(reader: Reader) -> Mapping[str, float]:
    """Time at which each waiting run will have ended, by id; empty where nobody works on them or nothing is known."""
    known, begun = reader.memory.get("turns"), time.monotonic()
    if isinstance(known, tuple) and begun < known[0] and not reader.asked:
        kept: Mapping[str, float] = known[1]
        return kept
    found = _expected(reader)
    ended = time.monotonic()
    reader.memory["turns"] = (ended + max(SECONDS, (ended - begun) / SHARE), found)
    return found


def _expected(reader: Reader) -> Mapping[str, float]:
    shown, held = read_snapshot(reader.home), holder(reader.home)
    if shown is None or held is None or shown.holder.owner != held.owner or shown.doing != "working":
        return {}
    return in_turn(reader.store.turns(held.mode == "run"), shown.slots, reader.store.running(), reader.now)


def in_turn(
    turns: Iterable[Turn], slots: Sequence[SlotStatus], running: Sequence[JobRow], now: float
) -> dict[str, float]:
    """Each slot takes the next run of its device when it is free. What runs goes on at its pace so far; a slot whose
    job has none yet is left out."""
    paces = {job.id: pace for job in running if (pace := left(job, now)) is not None}
    whole = [job.epochs * paces[job.id] / (job.epochs - job.epoch) for job in running if paces.get(job.id)]
    assumed = sum(whole) / len(whole) if whole else None
    free: dict[str, list[float]] = {}
    for device in {slot.device for slot in slots}:
        taken = [job for job in running if job.device == device]
        number = sum(slot.device == device for slot in slots)
        free[device] = [now] * max(number - len(taken), 0) + [now + paces[job.id] for job in taken if job.id in paces]
        heapq.heapify(free[device])
    ends: dict[str, float] = {}
    for turn in turns:
        seconds = turn.seconds if turn.seconds is not None else assumed
        workers = free.get(turn.device)
        if workers and seconds is not None:
            ends[turn.id] = heapq.heapreplace(workers, workers[0] + seconds) + seconds
    return ends


def left(job: JobRow | RunRow, now: float) -> float | None:
    """Seconds that a running job still takes at its pace so far; None where that is not known: it has no epoch yet, or
    went on from a checkpoint, whose epochs took other time."""
    if job.claimed is None or not job.epoch or job.attempts > 1 or now <= job.claimed:
        return None
    return (now - job.claimed) / job.epoch * (job.epochs - job.epoch)
