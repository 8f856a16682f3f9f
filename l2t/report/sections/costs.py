"""What runs cost: time, steps, memory and parameters, by table, device, shots and method."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from l2t.report.build import made_first
from l2t.report.provenance import Environment, environments
from l2t.report.report import Report, Table
from l2t.report.section import Grid, Section
from l2t.report.sections.per_class import distinct
from l2t.report.words import listed
from l2t.store.rows import RunRow
from l2t.store.state import State

MIB = 1 << 20
LIMIT = 1e15
"""Seconds, steps, bytes or parameters from which on an amount is none: what run folders take for damaged, too."""
HOURS, MINUTES = 7200.0, 120.0
"""Longest mean, in seconds, from which on a grid is in hours, in minutes."""


def costs(home: Path, report: Report, rows: Sequence[RunRow]) -> Section:
    """Of the finished runs of each entry: time, optimiser steps, steps a second, peak memory and parameters; a grid a
    table and a device, so that devices are never averaged.

    rows: the runs that the report was built of. Opens the `env.json` of each finished one for the name of its device;
    where that is not there, it is the kind of device, without a name. What a run does not have, or what is no amount,
    is left out of its mean. Two tables of the same runs (accuracy and recall of a rare class) are shown once.
    """
    done: dict[str, list[RunRow]] = {}
    for row in rows:
        if row.state is State.DONE:
            done.setdefault(row.cell, []).append(row)
    known = environments(home, [row.id for members in done.values() for row in members]).environments
    grids, found = [], []
    for table in distinct(report.tables):
        members = list(_of(table, done, known))
        for device in dict.fromkeys(one.device for one in members):
            grids.append(_grid(table, [one for one in members if one.device == device]))
        found += members
    grids.append(Grid("", (), (), sentences=tuple(_sentences(found))))
    return Section("costs", "Time, memory and parameters", grids, [asdict(one) for one in found])


@dataclass(frozen=True)
class _Amount:
    """One quantity over runs."""

    n: int
    mean: float
    least: float
    greatest: float


@dataclass(frozen=True)
class _Cost:
    """The finished runs of one entry on one device. Its fields are keys in JSON."""

    dataset: str
    target: str
    source: str | None
    training: str
    shots: int
    row: str
    device: str
    kind: str
    """ "cpu" or "cuda": what the peak memory is of."""
    hosts: tuple[str, ...]
    runs: int
    again: int
    """Attempts beyond the first, of all runs."""
    seconds: _Amount | None
    steps: _Amount | None
    steps_per_second: _Amount | None
    memory_bytes: _Amount | None
    parameters: _Amount | None


def _of(table: Table, done: Mapping[str, Sequence[RunRow]], known: Mapping[str, Environment]) -> Iterator[_Cost]:
    for entry in sorted(table.entries, key=lambda entry: (entry.shots, table.rows.index(entry.row))):
        by_device: dict[tuple[str, str], list[RunRow]] = {}
        for run in done.get(entry.cell, ()):
            name = known[run.id].device if run.id in known else None
            by_device.setdefault((name or f"{run.device}, unnamed", run.device), []).append(run)
        for (device, kind), runs in by_device.items():
            yield _Cost(
                dataset=table.dataset,
                target=table.target,
                source=table.source,
                training=table.training,
                shots=entry.shots,
                row=entry.row,
                device=device,
                kind=kind,
                hosts=tuple(sorted({host for run in runs if (host := _host(run, known)) is not None})),
                runs=len(runs),
                again=sum(max(0, run.attempts - 1) for run in runs),
                seconds=_amount(run.seconds for run in runs),
                steps=_amount(run.steps for run in runs),
                steps_per_second=_amount(_speed(run) for run in runs),
                memory_bytes=_amount(run.peak_memory or None for run in runs),
                parameters=_amount(run.parameters for run in runs),
            )


def _host(run: RunRow, known: Mapping[str, Environment]) -> str | None:
    return (known[run.id].host if run.id in known else None) or run.host


def _speed(run: RunRow) -> float | None:
    return run.steps / run.seconds if run.steps and run.seconds and run.seconds < LIMIT else None


def _amount(values: Iterable[float | None]) -> _Amount | None:
    known = [float(value) for value in values if value is not None and 0 <= value < LIMIT]
    return _Amount(len(known), fmean(known), min(known), max(known)) if known else None


def _grid(table: Table, members: Sequence[_Cost]) -> Grid:
    longest = max((one.seconds.mean for one in members if one.seconds), default=0.0)
    unit, seconds = ("h", 3600.0) if longest >= HOURS else ("min", 60.0) if longest >= MINUTES else ("s", 1.0)
    parameters = {_mean(one.parameters) for one in members}
    same = len(parameters) == 1
    rows = [
        (
            str(one.shots),
            one.row,
            str(one.runs),
            _range(one.seconds, seconds),
            _mean(one.steps),
            _mean(one.steps_per_second),
            _range(one.memory_bytes, MIB),
            *([] if same else [_mean(one.parameters)]),
        )
        for one in members
    ]
    return Grid(
        f"{table.heading}: {members[0].device}",
        ("shots", "method", "n", f"time, {unit}", "steps", "steps/s", "peak MiB", *([] if same else ["parameters"])),
        tuple(rows),
        left=frozenset({0, 1}),
        sentences=(f"Each has {parameters.pop()} parameters.",) if same and parameters != {"–"} else (),
    )


def _range(amount: _Amount | None, unit: float) -> str:
    """ "21.3 (20.1–25.0)"."""
    if amount is None:
        return "–"
    ends = [_short(end / unit) for end in (amount.least, amount.greatest)]
    mean = _short(amount.mean / unit)
    return mean if ends == [mean, mean] else f"{mean} ({'–'.join(ends)})"


def _mean(amount: _Amount | None) -> str:
    return "–" if amount is None else _short(amount.mean)


def _short(value: float) -> str:
    """Three digits, or all those before the point, by thousands."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"


def _sentences(found: Sequence[_Cost]) -> Iterator[str]:
    if not found:
        yield "No finished run here."
        return
    yield (
        "Means over the finished runs, in brackets the least and the greatest. Time is of all attempts of a run, of one"
        " that was killed until the last epoch it noted; other runs may have run beside it."
    )
    of = {"cpu": "of the whole process (cpu)", "cuda": "what torch held of the GPU's (cuda)"}
    memory = " or ".join(of.get(kind, kind) for kind in sorted({one.kind for one in found}))
    yield f"Peak memory: {memory}. Parameters: of all that is needed to classify an image."
    before: dict[str, dict[str, None]] = {}
    for one in found:
        for phase in made_first(one.row.split(" ")[0]):
            before.setdefault(phase, {})[one.row] = None
    if before:
        made = "; ".join(f"{phase} ({listed([*rows])})" for phase, rows in before.items())
        yield f"Without what is made first and shared between runs, which takes time of its own (l2t show RUN): {made}."
    again = sum(one.again for one in found)
    if again:
        yield f"{again} attempt{'s' * (again != 1)} came after a run's first: interrupted, resumed or done again."
    hosts = dict.fromkeys(host for one in found for host in one.hosts)
    if len(hosts) > 1:
        yield f"Hosts: {listed([*hosts])}; those with one device are averaged."
    columns = {"time": "seconds", "steps": "steps", "memory": "memory_bytes", "parameters": "parameters"}
    lacking = []
    for word, name in columns.items():
        number = sum(one.runs - (amount.n if (amount := getattr(one, name)) else 0) for one in found)
        lacking += [f"{word} of {number}"] if number else []
    if lacking:
        yield f"Not known, and left out: {', '.join(lacking)} runs."
