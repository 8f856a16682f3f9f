"""What the process that looks after a home is doing: written by it at every change, read by faces."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from l2t.jobs.lock import Holder, last_holder, read_holder
from l2t.store.files import read_json, write_json
from l2t.store.plain import typed

if TYPE_CHECKING:
    from l2t.spec.run import Device

NAME = "supervisor.json"

Doing = Literal["working", "draining", "paused"]


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """A device slot and the worker in it."""

    name: str
    """`cpu 0`, `gpu 1 (NVIDIA H100)`."""
    device: str
    uuid: str | None
    pid: int | None
    """Its worker; None while it has none."""
    job: str | None
    """Id of the job that the worker computes; None while it is idle."""
    job_name: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a supervisor stands."""

    holder: Holder
    doing: Doing
    """working; draining: what runs ends, and then it; paused: nothing new is begun."""
    problem: str | None
    """Why it is paused."""
    slots: Sequence[SlotStatus]
    closed: Sequence[tuple[str, str]]
    """GPUs that are left alone, each with the reason."""

    def lacks(self, device: "Device") -> str | None:
        """Why jobs that need this kind of device wait, in words; None where there is a slot for them."""
        if any(slot.device == device for slot in self.slots):
            return None
        why = "; ".join(f"{name}: {why}" for name, why in self.closed)
        return f"there is no slot for {device} runs" + (f" ({why})" if why and device == "cuda" else "")


def write_snapshot(home: Path, snapshot: Snapshot) -> None:
    """Replace what readers see. OSError where the disk takes nothing."""
    write_json(home / NAME, asdict(snapshot))


def shown_at(home: Path) -> int | None:
    """When what readers see was last written, nanoseconds; None where it never was."""
    try:
        return (home / NAME).stat().st_mtime_ns
    except OSError:
        return None


def read_snapshot(home: Path) -> Snapshot | None:
    """What was last written; None where nothing can be read. Whether its process still lives `lock.holder` tells.

    A problem that could not be written there, because of itself, stands in the lock.
    """
    try:
        found: dict[str, Any] | None = read_json(home / NAME)
        if found is None:
            return None
        holder = read_holder(found["holder"])
        slots = [SlotStatus(**slot) for slot in found["slots"] if typed(slot, _SLOT)]
        closed = [(str(name), str(why)) for name, why in found["closed"]]
        doing, problem = found["doing"], found["problem"]
        known = doing in get_args(Doing) and (problem is None or isinstance(problem, str))
        if holder is None or not known or len(slots) < len(found["slots"]):
            return None
        now = last_holder(home)
        if now is not None and now.owner == holder.owner and now.problem is not None:
            doing, problem = "paused", now.problem
        return Snapshot(holder, doing, problem, slots, closed)
    except (OSError, TypeError, KeyError, ValueError, AttributeError):
        return None


_SLOT = {"name": str, "device": str, "uuid": str | None, "pid": int | None, "job": str | None, "job_name": str | None}
