"""What the Devices screen shows of the machine: readings as lines, so that what looks the same is the same."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from l2t.jobs.gauges import Cpu, Gauges, Occupant, Readings
from l2t.jobs.gpus import UNEXPLAINED, Gpu
from l2t.jobs.owner import lives_here
from l2t.jobs.status import read_snapshot
from l2t.printable import printable
from tui.feed import Reader
from tui.widgets.spark import Meter, step


@dataclass(frozen=True, slots=True)
class Machine:
    """Lines about CPU and GPUs."""

    meters: tuple[Meter, ...]
    unknown: str
    """What cannot be seen and why, one line; empty where everything can."""


@dataclass(frozen=True)
class Machines:
    """The view: the machine at every look, as long as somebody looks at it."""

    gauges: Gauges = field(compare=False)
    """Remembers the history, also while nobody looks."""
    files = True

    def read(self, reader: Reader) -> Machine:
        shown = read_snapshot(reader.home)
        slots = shown.slots if shown is not None and lives_here(shown.holder.owner) else ()
        return machine(self.gauges.look({slot.pid: slot.uuid for slot in slots if slot.pid is not None}))


def machine(readings: Readings) -> Machine:
    """The readings as they are drawn."""
    history = {name: tuple(map(step, line)) for name, line in readings.history.items()}
    gpus = [_gpu(gpu, occupants, history.get(gpu.uuid, ())) for gpu, occupants in readings.gpus]
    return Machine((_cpu(readings.cpu, history["cpu"]), *gpus), "; ".join(_unknown(readings)))


def _cpu(cpu: Cpu, history: tuple[int | None, ...]) -> Meter:
    cores = f"CPU, {cpu.cores} core{'s' * (cpu.cores != 1)}"
    return Meter(cores, round(cpu.use), history, _memory(cpu.used, cpu.total), "", (f"load {cpu.load:.1f}",))


def _gpu(gpu: Gpu, occupants: Sequence[Occupant] | None, history: tuple[int | None, ...]) -> Meter:
    # Of an instance of a divided card the part tells more than the card.
    name = gpu.name[gpu.name.rfind("MIG ") :] if gpu.card and "MIG " in gpu.name else gpu.name.removeprefix("NVIDIA ")
    use = None if gpu.utilisation is None else round(gpu.utilisation)
    heat = [] if gpu.temperature is None else [f"{gpu.temperature} °C"]
    # A GPU at rest wavers by some watts, which nobody has to see.
    heat += [] if gpu.power is None else [f"{round(gpu.power, -1):.0f} W".rjust(6)]
    figures = _memory(gpu.used, gpu.total)
    return Meter(printable(f"{gpu.index} {name}"), use, history, figures, " ".join(heat), _whose(gpu, occupants))


def _whose(gpu: Gpu, occupants: Sequence[Occupant] | None) -> tuple[str, ...]:
    """Whose processes are on a GPU: ours, then others, those with the most memory first."""
    if occupants is None:
        return ("processes hidden",)
    ours = sum(occupant.ours for occupant in occupants)
    others: dict[str, int] = defaultdict(int)
    for occupant in occupants:
        if not occupant.ours:
            name = " ".join(occupant.who) if occupant.who else f"process {occupant.process.pid}"
            others[name] += occupant.process.memory or 0
    words = [f"{ours} of ours"] if ours else []
    words += [
        printable(f"{name} {_gigabytes(memory)}" if memory else name)
        for name, memory in sorted(others.items(), key=lambda item: (-item[1], item[0]))
    ]
    return tuple(words) or (("processes not shown" if gpu.used > UNEXPLAINED else "free"),)


def _unknown(readings: Readings) -> Iterator[str]:
    if readings.reason is not None:
        yield printable(readings.reason if readings.gpus else f"no GPU: {readings.reason}")
    seen = [occupant for _, occupants in readings.gpus for occupant in occupants or ()]
    if any(occupant.who is None and not occupant.ours for occupant in seen):
        yield "not all processes on the GPUs can be seen from here (a container?): their users are not known"


def _memory(used: int, total: int) -> str:
    return f"{_gigabytes(used).removesuffix(' GB')}/{total / 1e9:.0f} GB"


def _gigabytes(amount: int) -> str:
    """GB with two or three digits."""
    return f"{amount / 1e9:.1f} GB" if amount < 9.95e9 else f"{amount / 1e9:.0f} GB"
