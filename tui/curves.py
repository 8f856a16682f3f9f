"""Curves of runs: metrics files read as they grow, and the pure functions between them and a plot.

No numpy: a poll handles what was written since the one before, and a plot a few hundred columns.
"""

import itertools
import json
import math
import os
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from l2t.store.plain import RefusedError, opened_file

CHUNK = 1 << 16
"""Bytes that one poll reads. A line that is longer counts as unreadable."""
_TAIL = 64
"""Bytes before the offset that must still be there: else the file is another one, however long."""
_MOST_POINTS = 20_000
"""Points that are kept of one metric; of longer trainings every second, fourth … epoch."""
_MOST_NAMES = 48
"""Metrics that are followed; a run that traces more elements shows the first ones."""

Series = tuple[Sequence[float], Sequence[float]]
"""Epochs, ascending, and a value for each."""


class _Metric:
    """One metric's values by epoch."""

    def __init__(self) -> None:
        self.epochs, self.values = array("d"), array("d")
        self._stride = 1

    def put(self, epoch: int, value: float | None) -> None:
        """Note, replace or (None) take away the value of one epoch."""
        if epoch % self._stride:
            return
        at = len(self.epochs)
        if at and epoch <= self.epochs[-1]:
            at = bisect_left(self.epochs, epoch)
        known = at < len(self.epochs) and self.epochs[at] == epoch
        if value is None:
            if known:
                del self.epochs[at], self.values[at]
        elif known:
            self.values[at] = value
        else:
            self.epochs.insert(at, epoch)
            self.values.insert(at, value)
            if len(self.epochs) > _MOST_POINTS:
                self._thin()

    def _thin(self) -> None:
        while len(self.epochs) > _MOST_POINTS:
            self._stride *= 2
            kept = [at for at, epoch in enumerate(self.epochs) if epoch % self._stride == 0]
            self.values = array("d", (self.values[at] for at in kept))
            self.epochs = array("d", (self.epochs[at] for at in kept))


GONE = (-1, -1)
"""Stands for the file that was read and is there no more: whatever comes in its place is another."""


class MetricsReader:
    """One run's `metrics.jsonl`, followed by offset.

    Reads as `JobFolder.read_metrics` does: a torn last line when it is ended, unreadable lines never, and of an epoch
    written twice the last row. A file that shrank or was replaced is read from its start; of one that vanished the
    curves stay. Values that are no finite numbers are left out.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version = 0
        """Grows with every change of the curves."""
        self._clear()

    def _clear(self) -> None:
        self._metrics: dict[str, _Metric] = {}
        self._offset, self._tail = 0, b""
        self._file: tuple[int, int] | None = None
        self._last = -1
        self._too_long = False

    def poll(self, limit: int = CHUNK) -> bool:
        """Read at most `limit` bytes more; whether more may be waiting."""
        try:
            with opened_file(self.path, None, sys.maxsize) as descriptor:
                if descriptor is None:
                    raise FileNotFoundError(self.path)
                status = os.fstat(descriptor)
                there = status.st_dev, status.st_ino
                data = os.pread(descriptor, len(self._tail) + limit, self._offset - len(self._tail))
        except (RefusedError, OSError):
            self._file = None if self._offset == 0 else GONE
            return False
        if not data.startswith(self._tail) or self._file not in (None, there):
            self._clear()
            self.version += 1
            return True
        self._file = there
        fresh = data[len(self._tail) :]
        whole = fresh.rfind(b"\n") + 1
        if not whole and len(fresh) == limit:
            whole, self._too_long = limit, True
        elif whole:
            lines = fresh[:whole].split(b"\n")[:-1]
            for line in lines[self._too_long :]:
                self._add(line)
            self._too_long = False
        self._offset += whole
        self._tail = data[: len(self._tail) + whole][-_TAIL:]
        return len(fresh) == limit

    def _add(self, line: bytes) -> None:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(row, dict):
            return
        epoch = row.pop("epoch", None)
        if type(epoch) is not int or not 0 <= epoch < 2**53:
            return
        values = {name: value for name, value in row.items() if name != "step" and _is_finite(value)}
        for name in values.keys() - self._metrics.keys():
            if len(self._metrics) < _MOST_NAMES:
                self._metrics[name] = _Metric()
        again = epoch <= self._last
        for name, metric in self._metrics.items():
            if again or name in values:
                metric.put(epoch, values.get(name))
        self._last = max(self._last, epoch)
        self.version += 1

    @property
    def last_epoch(self) -> int:
        """The greatest epoch that was read; -1 before the first row."""
        return self._last

    def names(self) -> tuple[str, ...]:
        """Metrics that have a value."""
        return tuple(name for name, metric in self._metrics.items() if metric.epochs)

    def series(self, name: str) -> Series:
        """A metric's epochs and values so far, copied: what is read later does not change them. Empty where unknown."""
        metric = self._metrics.get(name)
        return (array("d"), array("d")) if metric is None else (metric.epochs[:], metric.values[:])


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


@dataclass(frozen=True)
class Group:
    """Metrics that share a plot. units: of the y axis, "" where there is none; names: metric → its name for people."""

    title: str
    units: str
    names: dict[str, str]


_GROUPS = (
    Group("loss", "", {"loss": "total", "ce": "CE", "matching": "matching", "outer": "outer CE"}),
    Group("accuracy", "%", {"accuracy": "test", "val_accuracy": "validation", "train_accuracy": "training"}),
    Group("learning rate", "", {"lr": "learning rate"}),
    Group("moved from the start", "", {"lambda_moved": "λ", "w_moved": "w", "gamma_moved": "γ"}),
    Group("γ", "", {"gamma_min": "least", "gamma_median": "median", "gamma_max": "greatest"}),
    Group("share of γ < 0.001", "", {"gamma_below_1e-3": "share"}),
)


def groups(names: Iterable[str]) -> tuple[Group, ...]:
    """The plots of a run with these metrics: losses, accuracies, learning rate, meta-weights; then, one plot for all,
    what else is there: traced elements, and metrics of other people's methods."""
    there = tuple(names)
    known: set[str] = set().union(*(group.names for group in _GROUPS))
    found = [
        Group(group.title, group.units, {name: text for name, text in group.names.items() if name in there})
        for group in _GROUPS
    ]
    found.append(Group("other", "", {name: name for name in there if name not in known}))
    return tuple(group for group in found if group.names)


@dataclass(frozen=True)
class Mean:
    """A curve of several runs. lows, highs: mean ∓ sample standard deviation; runs: the least number that an epoch's
    mean is of."""

    xs: Sequence[float]
    ys: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    runs: int


def mean_and_band(runs: Sequence[Series], share: float = 1.0) -> Mean:
    """Mean ± sample standard deviation of runs that differ in seed, at the epochs that they have in common.

    share: part of the runs (0 to 1, at least one) that must have an epoch; with less than 1 the mean goes on where some
    seeds are ahead. A single run has no deviation: its band has no width.
    """
    runs = [run for run in runs if len(run[0])]
    if not runs:
        return Mean((), (), (), (), 0)
    columns: Iterable[tuple[float, Sequence[float]]]
    if all(run[0] == runs[0][0] for run in runs):
        columns = zip(runs[0][0], zip(*(run[1] for run in runs), strict=True), strict=True)
    else:
        values: dict[float, list[float]] = {}
        for x, y in itertools.chain.from_iterable(zip(*run, strict=True) for run in runs):
            values.setdefault(x, []).append(y)
        columns = sorted(values.items())
    least = max(1, math.ceil(share * len(runs) - 1e-9))
    xs, ys, lows, highs = array("d"), array("d"), array("d"), array("d")
    fewest = len(runs)
    for x, column in columns:
        n = len(column)
        if n < least:
            continue
        mean = sum(column) / n
        spread = math.sqrt(sum((y - mean) ** 2 for y in column) / (n - 1)) if n > 1 else 0.0
        xs.append(x)
        ys.append(mean)
        lows.append(mean - spread)
        highs.append(mean + spread)
        fewest = min(fewest, n)
    return Mean(xs, ys, lows, highs, fewest if xs else 0)


def smooth(ys: Sequence[float], factor: float) -> Sequence[float]:
    """Exponential moving average: each value `factor` of the one before and the rest of the new one, divided by the
    weights so far, so that the first values are not drawn to 0. factor in [0, 1); 0 changes nothing."""
    if not factor:
        return ys
    smoothed = array("d")
    average = weight = 0.0
    for y in ys:
        average = factor * average + (1 - factor) * y
        weight = factor * weight + (1 - factor)
        smoothed.append(average / weight)
    return smoothed


def decimate(
    xs: Sequence[float], ys: Sequence[float], columns: int, low: float | None = None, high: float | None = None
) -> Series:
    """The points that a plot of `columns` columns from low to high shows: of each column the least and the greatest, in
    their order. xs ascending, ys finite; low, high: the plot's ends where they are not the first and the last x."""
    if len(xs) <= 2 * columns:
        return xs, ys
    low = xs[0] if low is None else low
    high = xs[-1] if high is None else high
    width = (high - low) / columns
    kept: list[int] = []
    begin = 0
    for column in range(1, columns + 1):
        end = bisect_left(xs, low + column * width, begin) if column < columns else len(xs)
        if end > begin:
            part = ys[begin:end]
            least, greatest = begin + part.index(min(part)), begin + part.index(max(part))
            kept += sorted({least, greatest})
        begin = end
    return array("d", (xs[at] for at in kept)), array("d", (ys[at] for at in kept))
