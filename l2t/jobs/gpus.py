"""What the supervisor knows of GPUs. `nvml.py` asks the driver; tests hand in a list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import psutil

UNEXPLAINED = 256 << 20
"""Bytes in use on a GPU, explained by no known process, above which a hidden one is taken to use it: a driver sets less
aside, a CUDA context takes more."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process on a GPU."""

    pid: int
    memory: int | None
    """Bytes of GPU memory; None where the driver does not tell."""
    use: Literal["compute", "graphics"] = "compute"
    """graphics: it draws a screen, and shares the GPU with whoever computes."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU, or one instance of a GPU that is divided by MIG, at one moment."""

    uuid: str
    """As CUDA_VISIBLE_DEVICES takes it: `GPU-…`, `MIG-…`."""
    index: str
    """As nvidia-smi counts: `0`; of a MIG instance `0:1`, card and instance."""
    name: str
    total: int
    """Bytes of memory, and those in use."""
    used: int
    processes: tuple[Process, ...] | None
    """None where the driver hides them. In a container it may show those of the container alone."""
    utilisation: float | None = None
    """Percent; None where it is not measured."""
    card: str | None = None
    """UUID of the whole GPU that a MIG instance is part of."""
    temperature: int | None = None
    """Degrees Celsius; None where it is not measured, as of MIG instances."""
    power: float | None = None
    """Watts; None likewise."""

    @property
    def title(self) -> str:
        """`gpu 1 (NVIDIA H100)`."""
        return f"gpu {self.index} ({self.name})"


class Gpus(Protocol):
    """Where GPUs are looked up."""

    @property
    def reason(self) -> str | None:
        """Why the last look found none, or not all; None where all is well."""

    def look(self) -> list[Gpu]:
        """The GPUs that answer, as they are now. Never raises."""


class NoGpus:
    """A machine on which no GPU is wanted."""

    reason: str | None = None

    def look(self) -> list[Gpu]:
        return []


def parent(pid: int) -> int | None:
    """The process that started `pid`; None where there is none, or it has ended."""
    try:
        found: int = psutil.Process(pid).ppid()
    except (psutil.Error, ValueError):
        return None
    return found or None


def with_children(
    gpus: Sequence[Gpu], workers: Mapping[int, str | None], parent: Callable[[int], int | None] = parent
) -> dict[int, str | None]:
    """`workers` (pid → UUID of its GPU), and those processes on `gpus` that they started, directly or not."""
    found = dict(workers)
    for gpu in gpus if workers else ():
        for process in gpu.processes or ():
            line: list[int] = []
            pid: int | None = process.pid
            while pid is not None and pid not in found and pid not in line:
                line.append(pid)
                pid = parent(pid)
            if pid in found:
                found |= dict.fromkeys(line, found[pid])
    return found
