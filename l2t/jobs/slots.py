"""Which device slots are open: a pure function of the settings, of what GPUs there are, and of who uses them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge

from l2t.errors import UsageError
from l2t.jobs.gpus import UNEXPLAINED, Gpu
from l2t.jobs.visible import visible_to_cuda
from l2t.spec.base import Model
from l2t.spec.run import Device


class SlotSettings(Model):
    """How many runs are computed at a time, and where."""

    cpu: Annotated[int, Ge(0)] = 0
    """Slots on the CPU."""
    gpus: tuple[str, ...] | None = None
    """GPUs by index (as nvidia-smi counts) or UUID, or the beginning of one. Default: all that are visible."""
    per_gpu: Annotated[int, Ge(1)] = 1
    """Slots on each GPU."""
    min_free: Annotated[int, Ge(0)] = 0
    """Bytes of GPU memory that must be free for each slot."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for one running job."""

    device: Device
    uuid: str | None
    """Of the GPU; None on the CPU."""
    name: str = field(compare=False)
    """`cpu 0`, `gpu 1`, `gpu 0:2` (a MIG instance); with several slots on a GPU `gpu 1.0`, `gpu 1.1`."""
    number: int
    """Of the slots on its device, from 0."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots that may be used now."""

    open: list[Slot]
    closed: list[tuple[str, str]]
    """GPUs without an open slot, each with the reason, which changes only where the cause does."""


def by_uuid(settings: SlotSettings, gpus: Sequence[Gpu], visible: str | None, order: str | None = None) -> SlotSettings:
    """`settings` with the GPUs named by UUID, CUDA_VISIBLE_DEVICES taken into account: from then on `open_slots` need
    not know it, and the GPUs stay the same ones when another fails.

    visible, order: CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER as inherited. Raises UsageError where a GPU is unknown,
    ambiguous or outside CUDA_VISIBLE_DEVICES.
    """
    allowed, _ = visible_to_cuda(gpus, visible, order)
    if settings.gpus is None:
        chosen = None if visible is None else tuple(gpu.uuid for gpu in allowed)
        return settings.model_copy(update={"gpus": chosen})
    names: dict[str, None] = {}
    for wanted in settings.gpus:
        found = _named(wanted, gpus)
        if not found:
            several = " and ".join(gpu.uuid for gpu in _begun(wanted, gpus))
            problem = f'"{wanted}" is the beginning of {several}' if several else f'no GPU is called "{wanted}"'
            raise UsageError(f"--gpus: {problem}. {_there(allowed, visible)}")
        inside = [gpu for gpu in found if gpu in allowed]
        if not inside:
            outside = f'"{wanted}" is outside CUDA_VISIBLE_DEVICES="{visible}"'
            raise UsageError(f"--gpus: {outside}. {_there(allowed, visible)}")
        names |= dict.fromkeys(gpu.uuid for gpu in inside)
    return settings.model_copy(update={"gpus": tuple(names)})


def open_slots(
    settings: SlotSettings,
    gpus: Sequence[Gpu],
    visible: str | None,
    ours: Mapping[int, str | None],
    order: str | None = None,
) -> Slots:
    """The slots that may be used now. Every GPU has an open slot or a reason why it has none.

    visible, order: CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER as inherited. ours: our own processes, each with the UUID
    of its GPU (`gpus.with_children`).

    A GPU with any other process that computes is left alone. Where the driver hides processes, memory in use that ours
    do not explain means one; how much our own take is hidden then too, so nothing is concluded while they are there.
    """
    slots = [Slot("cpu", None, f"cpu {number}", number) for number in range(settings.cpu)]
    closed: list[tuple[str, str]] = []
    allowed, refusal = visible_to_cuda(gpus, visible, order)
    wanted = None if settings.gpus is None else [gpu for name in settings.gpus for gpu in _named(name, gpus)]
    for gpu in gpus:
        mine = sum(uuid == gpu.uuid for uuid in ours.values())
        room = _room(settings, gpu, mine)
        if gpu not in allowed:
            closed.append((gpu.title, refusal))
        elif wanted is not None and gpu not in wanted:
            closed.append((gpu.title, "not among those chosen (--gpus, CUDA_VISIBLE_DEVICES)"))
        elif (user := _somebody(gpu, ours, mine)) is not None:
            closed.append((gpu.title, user))
        elif room < 1:
            closed.append((gpu.title, f"less than {settings.min_free / 1e9:.1f} GB are free"))
        else:
            several = settings.per_gpu > 1
            slots += [
                Slot("cuda", gpu.uuid, f"gpu {gpu.index}{f'.{number}' * several}", number) for number in range(room)
            ]
    for name in settings.gpus or ():
        if not _named(name, gpus):
            closed.append((f"gpu {name}", "does not answer any more"))
    return Slots(slots, closed)


def _named(name: str, gpus: Sequence[Gpu]) -> list[Gpu]:
    """The GPU of that index or UUID, all instances of a divided card of that index or UUID, or the one GPU whose UUID
    begins so."""
    exact = [gpu for gpu in gpus if name in (gpu.index, gpu.uuid)]
    instances = [gpu for gpu in gpus if name in (gpu.card, gpu.index.partition(":")[0])]
    begun = _begun(name, gpus)
    return exact or instances or (begun if len(begun) == 1 else [])


def _begun(name: str, gpus: Sequence[Gpu]) -> list[Gpu]:
    return [gpu for gpu in gpus if gpu.uuid.startswith(name)] if name.startswith(("GPU-", "MIG-")) else []


def _somebody(gpu: Gpu, ours: Mapping[int, str | None], mine: int) -> str | None:
    """Who else computes on a GPU; None where nobody does."""
    shown = gpu.processes or ()
    seen = any(process.pid in ours for process in shown)
    foreign = [str(process.pid) for process in shown if process.use == "compute" and process.pid not in ours]
    # In a container the driver may number processes as the host does: ours are then among those not known.
    if foreign and (seen or len(foreign) > mine):
        return f"in use by process {', '.join(foreign)}"
    known = [process.memory for process in shown]
    if None in known or (mine and not seen):
        return None
    unexplained = gpu.used - sum(memory or 0 for memory in known)
    if unexplained > UNEXPLAINED:
        return "its memory is in use by processes that the driver does not show here"
    return None


def _room(settings: SlotSettings, gpu: Gpu, mine: int) -> int:
    """Slots for which a GPU has memory, those of our own workers on it included. These may still take their share."""
    if not settings.min_free:
        return settings.per_gpu
    claimed = max(0, mine * settings.min_free - gpu.used)
    return min(settings.per_gpu, mine + max(0, gpu.total - gpu.used - claimed) // settings.min_free)


def _there(allowed: Sequence[Gpu], visible: str | None) -> str:
    if not allowed:
        return "There is none" + ("" if visible is None else f' within CUDA_VISIBLE_DEVICES="{visible}"')
    return "There are " + ", ".join(f"{gpu.index} ({gpu.name}, {gpu.uuid})" for gpu in allowed)


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
