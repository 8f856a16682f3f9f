"""How busy this machine is, for faces: CPU, memory, GPUs and whose processes are on them, now and a while back."""

import os
import pwd
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import psutil

from l2t.jobs.gpus import Gpu, Gpus, Process, with_children
from l2t.jobs.nvml import Nvml

KEPT = 120
"""Looks that the history goes back."""
SOON = 0.4
"""Seconds within which another look gives what the last one gave: use over less time says little."""
GAP = 15.0
"""Seconds after which a look has no place beside the one before, and leaves a gap in the history."""
FIRST = 0.1
"""Seconds over which the use of the CPU is measured where there is no look before."""
PATIENCE = 2.0
"""Seconds for which whoever looks waits for the driver of the GPUs."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """The whole machine, also where a container gives less of it."""

    use: float
    """Percent of all cores since the last look."""
    load: float
    """Processes that computed or waited for a core, mean of the last minute."""
    cores: int
    total: int
    """Bytes of memory, and those that no process could have at once."""
    used: int


@dataclass(frozen=True, slots=True)
class Occupant:
    """A process on a GPU, as people know it."""

    process: Process
    ours: bool
    """Whether a slot's worker, or a process that it started."""
    who: tuple[str, str] | None
    """User and name of the program; None where its process id is none of this machine's, or its process is hidden."""


@dataclass(frozen=True, slots=True)
class Readings:
    """One look."""

    cpu: Cpu
    gpus: tuple[tuple[Gpu, tuple[Occupant, ...] | None], ...]
    """Each with its processes; None where the driver hides them."""
    history: Mapping[str, tuple[float | None, ...]]
    """Use in percent, oldest look first, by UUID and of the `cpu`; None where it was not measured, and for a gap."""
    reason: str | None
    """Why there is no GPU, or not all of them, in words."""


class Gauges:
    """Reads the machine whenever it is asked, and remembers what it read. For one thread."""

    def __init__(self, gpus: Gpus | None = None) -> None:
        """gpus: where they are looked up; by default the driver is asked."""
        self._gpus = Nvml(patience=PATIENCE) if gpus is None else gpus
        self._history: dict[str, deque[float | None]] = {"cpu": deque(maxlen=KEPT)}
        self._last: tuple[float, Readings] | None = None

    def look(self, workers: Mapping[int, str | None]) -> Readings:
        """The machine as it is now. workers: pid → UUID of its GPU, of all slots. Never raises."""
        since, last = self._last or (float("-inf"), None)
        passed = time.monotonic() - since
        if last is not None and passed < SOON:
            return last
        if passed > GAP:
            for line in self._history.values():
                if line:
                    line.append(None)
            psutil.cpu_percent()  # the next call measures from here
            time.sleep(FIRST)
        cpu, gpus = _cpu(), self._gpus.look()
        use: dict[str, float | None] = {gpu.uuid: gpu.utilisation for gpu in gpus}
        use["cpu"] = cpu.use
        for name in {**self._history, **use}:
            self._history.setdefault(name, deque(maxlen=KEPT)).append(use.get(name))
        readings = Readings(
            cpu,
            tuple(zip(gpus, _occupants(gpus, workers), strict=True)),
            {name: tuple(line) for name, line in self._history.items()},
            self._gpus.reason,
        )
        self._last = time.monotonic(), readings
        return readings


def _cpu() -> Cpu:
    memory = psutil.virtual_memory()
    cores = psutil.cpu_count() or 1
    return Cpu(psutil.cpu_percent(), os.getloadavg()[0], cores, memory.total, memory.total - memory.available)


def _occupants(gpus: Sequence[Gpu], workers: Mapping[int, str | None]) -> list[tuple[Occupant, ...] | None]:
    """For each GPU its processes; where one of them all is not to be found here, the driver may number them as the
    host of this container does, and none is named: it could be a namesake."""
    ours = with_children(gpus, workers)
    found = {process.pid: _who(process.pid) for gpu in gpus for process in gpu.processes or ()}
    if None in found.values():
        found = dict.fromkeys(found)
    return [
        None
        if gpu.processes is None
        else tuple(Occupant(process, process.pid in ours, found[process.pid]) for process in gpu.processes)
        for gpu in gpus
    ]


def _who(pid: int) -> tuple[str, str] | None:
    try:
        process = psutil.Process(pid)
        return _user(process.uids().real), process.name()
    except (psutil.Error, ValueError):
        return None


@cache
def _user(number: int) -> str:
    """Name of a user; asked for once, as a directory on the network may have to be."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
