"""Options about device slots, which commands that start work share."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from l2t.jobs.slots import SlotSettings
    from l2t.spec.run import Device

WHERE = "Where and when it runs"
"""Heading, in a command's help, of what these options are about."""

Gpus = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=WHERE,
        metavar="LIST",
        help="GPUs to use, by index or UUID: 0,2; none. Default: all that nobody else uses.",
    ),
]
SlotsPerGpu = Annotated[int | None, typer.Option(rich_help_panel=WHERE, min=1, help="Runs at a time on each GPU.")]


def slot_settings(
    home: Path,
    cpu: int | None = None,
    gpus: str | None = None,
    per_gpu: int | None = None,
    min_free_gb: float | None = None,
) -> "SlotSettings":
    """The device slots by options, else the environment, else the home's `l2t.toml`; by default a CPU slot a core.

    Raises UsageError, before anything is begun, where a GPU is asked for that is not there.
    """
    from l2t.jobs.nvml import Nvml
    from l2t.jobs.slots import by_uuid, cores
    from l2t.settings import read_gpus, read_settings

    wanted = None if gpus is None else read_gpus(gpus)
    slots = read_settings(home).slots(cores(), cpu, wanted, per_gpu, min_free_gb)
    if wanted:
        by_uuid(slots, Nvml().look(), os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("CUDA_DEVICE_ORDER"))
    return slots


def together(slots: "SlotSettings", kind: "Device") -> int:
    """How many runs that need this kind of device are computed at a time, judged by what is free now; at least 1."""
    from l2t.jobs.nvml import Nvml
    from l2t.jobs.slots import open_slots

    if kind == "cpu":
        return max(1, slots.cpu)
    order = os.environ.get("CUDA_DEVICE_ORDER")
    found = open_slots(slots, Nvml().look(), os.environ.get("CUDA_VISIBLE_DEVICES"), {}, order)
    return max(1, sum(slot.device == kind for slot in found.open))
