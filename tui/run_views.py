"""What the feed reads for the screen of one run: its curves, its log, and what it was made from."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.filter import parse
from l2t.store.folder import JobFolder
from l2t.store.plain import RefusedError, opened_file, read_object
from l2t.store.rows import RunRow
from l2t.store.state import State
from tui.curves import MetricsReader, mean_and_band
from tui.feed import Reader, View
from tui.widgets.plot import Curve

LOG_BYTES = 64 << 10
"""Of the log's end that are shown."""
POLLS = 40
"""Pieces of a metrics file that one look reads at most; the next goes on."""
SEEDS = 60
"""Runs of a cell that are averaged at most."""


@dataclass(frozen=True)
class RunData:
    """A run's row, and what its present view read."""

    row: RunRow
    now: float = field(compare=False)
    waits: str | None
    """What is made first, where it waits for that: "glyphs-resnet8 4/10"."""
    shown: tuple[object, ...]


@dataclass(frozen=True)
class RunView:
    """The row, and some of the views below."""

    run: str
    inner: tuple[View, ...]

    @property
    def files(self) -> bool:
        return any(view.files for view in self.inner)

    def read(self, reader: Reader) -> RunData:
        rows = reader.store.runs(parse([f"id={self.run}"]), limit=1)
        if not rows:
            raise UsageError(f"run {self.run} is not here any more")
        waits = reader.store.awaited_by([self.run]).get(self.run) if rows[0].state is State.QUEUED else None
        return RunData(rows[0], reader.now, waits, tuple(view.read(reader) for view in self.inner))


@dataclass(frozen=True)
class CurvesData:
    """Metric → curves: the run's own, and with `cell` the mean of the cell's other seeds."""

    sign: tuple[int, tuple[str, ...]]
    """Rows that were read, and of which runs: the curves are compared by it alone."""
    curves: Mapping[str, tuple[Curve, ...]] = field(compare=False)


@dataclass(frozen=True)
class CurvesView:
    """Metrics of a run; cell: of the other runs of its cell, too, as a mean with a band; alone: the mean only."""

    run: str
    cell: str | None = None
    alone: bool = False
    files: bool = field(default=True, init=False)

    def read(self, reader: Reader) -> CurvesData:
        ids = [] if self.alone else [self.run]
        if self.cell is not None:
            others = reader.store.runs(parse([f"cell={self.cell}"]), "seed", SEEDS)
            ids += [row.id for row in others if row.id != self.run or self.alone]
        readers = followed(reader, ids)
        sign = (sum(metrics.version for metrics in readers), tuple(ids))
        kept = reader.memory.get("curves")
        if isinstance(kept, CurvesData) and kept.sign == sign:
            return kept
        data = CurvesData(sign, self._curves(readers))
        reader.memory["curves"] = data
        return data

    def _curves(self, readers: list[MetricsReader]) -> dict[str, tuple[Curve, ...]]:
        curves: dict[str, tuple[Curve, ...]] = {}
        own = None if self.alone else readers[0]
        others = readers if self.alone else readers[1:]
        for name in dict.fromkeys(name for metrics in readers for name in metrics.names()):
            found = [Curve("", *own.series(name))] if own is not None and name in own.names() else []
            if others:
                mean = mean_and_band([metrics.series(name) for metrics in others], 0.5)
                label = f"mean of {mean.runs} ± sd" if self.alone else f"{mean.runs} other seeds ± sd"
                found += [Curve(label, mean.xs, mean.ys, (mean.lows, mean.highs))] if mean.runs else []
            curves[name] = tuple(found)
        return curves


def followed(reader: Reader, ids: Sequence[str]) -> list[MetricsReader]:
    """The metrics of these runs, as far as they are written, or POLLS pieces further than at the last look."""
    known = reader.memory.setdefault("metrics", {})
    assert isinstance(known, dict)
    for id in ids:
        metrics = known.setdefault(id, MetricsReader(JobFolder.of(reader.home, "run", id).metrics))
        for _ in range(POLLS):
            if not metrics.poll():
                break
    return [known[id] for id in ids]


@dataclass(frozen=True)
class LogData:
    """The end of a log."""

    lines: tuple[str, ...]
    bytes: int
    """Of the whole file."""
    cut: bool
    """Whether there is more before these lines."""


@dataclass(frozen=True)
class LogView:
    """The log of a run, all attempts."""

    run: str
    files: bool = field(default=True, init=False)

    def read(self, reader: Reader) -> LogData:
        try:
            with opened_file(JobFolder.of(reader.home, "run", self.run).log, None, sys.maxsize) as descriptor:
                if descriptor is None:
                    return LogData((), 0, False)
                status = os.fstat(descriptor)
                sign = (status.st_size, status.st_mtime_ns)
                kept = reader.memory.get("log")
                if isinstance(kept, tuple) and kept[0] == sign:
                    data: LogData = kept[1]
                    return data
                raw = os.pread(descriptor, LOG_BYTES, max(status.st_size - LOG_BYTES, 0))
        except (RefusedError, OSError) as error:
            return LogData((printable(f"not shown: {error}"),), 0, False)
        cut = status.st_size > LOG_BYTES
        text = raw[raw.find(b"\n") + 1 :] if cut else raw
        lines = tuple(printable(line.decode(errors="backslashreplace")) for line in text.splitlines())
        data = LogData(lines, status.st_size, cut)
        reader.memory["log"] = (sign, data)
        return data


@dataclass(frozen=True)
class SpecData:
    """What a run was made from and on, flat: name, value, and the other run's value where another is compared."""

    rows: tuple[tuple[str, str, str | None], ...]
    other: str | None = None
    """The run it is compared with, called by what differs."""


@dataclass(frozen=True)
class SpecView:
    """Specification and environment of a run; other: only what differs from that run."""

    run: str
    other: str | None = None
    files: bool = field(default=False, init=False)

    def read(self, reader: Reader) -> SpecData:
        mine = _about(reader, self.run)
        if self.other is None:
            return SpecData(tuple((name, value, None) for name, value in mine.items()))
        theirs = _about(reader, self.other)
        names = dict.fromkeys((*mine, *theirs))
        pairs = [(name, mine.get(name, "–"), theirs.get(name, "–")) for name in names]
        first, second = (_called(each) for each in (mine, theirs))
        other = ", ".join(word for word in second if word not in first) or "other run"
        return SpecData(tuple(pair for pair in pairs if pair[1] != pair[2]), other)


def _called(about: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a run's name."""
    shots = about.get("shots", "–")
    seed = f"seed {about.get('seed', '–')}"
    return about.get("method", "–"), about.get("dataset", "–"), f"{shots} shot{'s' * (shots != '1')}", seed


def _about(reader: Reader, run: str) -> dict[str, str]:
    texts = reader.store.specs(parse([f"id={run}"]))
    found = {"run": run} | (flat(json.loads(texts[run])) if run in texts else {})
    try:
        environment = read_object(JobFolder.of(reader.home, "run", run).env) or {}
    except RefusedError:
        environment = {}
    environment.pop("pid", None)  # of a process that is gone: nothing that was computed depends on it
    return found | flat(environment, "env.")


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as texts by their dotted names."""
    return dict(_flat(values, prefix))


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            yield printable(prefix + name), printable(text[:400])
