"""Curves of several runs in one plot: what tells them apart, and the view that reads them."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from l2t.errors import UsageError
from l2t.store.filter import ids
from l2t.store.rows import RunRow
from tui.curves import MetricsReader, mean_and_band
from tui.feed import Reader
from tui.run_views import SEEDS, CurvesData, flat, followed
from tui.titles import dataset_title
from tui.widgets.plot import Curve
from tui.words import counted

MOST = 8
"""Curves of single runs that one plot shows."""
_BASIC = ("method", "dataset", "shots", "seed", "source.name", "target")
_IMPLIED = ("hash", "checksum", "classes", "outputs", "engine")
"""Last parts of names of what follows from other settings."""
_FURTHER = 2
"""Settings beside the basic ones that a label names."""


@dataclass(frozen=True)
class Several:
    """Which runs are shown, and what is said of them."""

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    """One for each run; none where their mean is shown."""
    title: str
    said: str


@dataclass(frozen=True)
class SeveralData:
    """Curves of several runs."""

    several: Several
    epochs: int
    """Of the longest training."""
    curves: CurvesData


@dataclass(frozen=True)
class SeveralView:
    """Metrics of these runs, the first of them in an order; where there are more and all are of one cell, as a mean
    with a band."""

    ids: frozenset[str]
    order: str
    files: bool = field(default=True, init=False)

    @property
    def run(self) -> str:
        """What the memory of this view is about."""
        return ",".join(sorted(self.ids))

    def read(self, reader: Reader) -> SeveralData:
        kept = reader.memory.get("several")
        if not isinstance(kept, tuple):
            kept = reader.memory["several"] = self._chosen(reader)
        several, epochs = kept
        readers = followed(reader, several.ids)
        sign = (sum(metrics.version for metrics in readers), several.ids)
        last = reader.memory.get("curves")
        if not isinstance(last, CurvesData) or last.sign != sign:
            last = reader.memory["curves"] = CurvesData(sign, _curves(readers, several.labels))
        return SeveralData(several, epochs, last)

    def _chosen(self, reader: Reader) -> tuple[Several, int]:
        numbers = reader.store.ordered(ids(self.ids), self.order)
        rows = reader.store.rows_of(numbers[: max(MOST, SEEDS)])
        if not rows:
            raise UsageError("these runs are not here any more")
        total = len(numbers)
        if len({row.cell for row in rows}) == 1 and total > MOST:
            said = f"mean of {len(rows)} of {total:,} runs" if total > len(rows) else f"mean of {counted(total, 'run')}"
            labels: tuple[str, ...] = ()
        else:
            rows = rows[:MOST]
            said = f"the first {MOST} of {total:,} runs" if total > MOST else counted(total, "run")
            labels = tuple(told_apart(rows, reader.store.specs(ids(row.id for row in rows))))
        several = Several(tuple(row.id for row in rows), labels, _in_common(rows), said)
        return several, max(row.epochs for row in rows)


def _curves(readers: Sequence[MetricsReader], labels: Sequence[str]) -> dict[str, tuple[Curve, ...]]:
    """Metric → its curves."""
    curves: dict[str, tuple[Curve, ...]] = {}
    for name in dict.fromkeys(name for metrics in readers for name in metrics.names()):
        if labels:
            curves[name] = tuple(
                Curve(label, *metrics.series(name)) for label, metrics in zip(labels, readers, strict=True)
            )
        else:
            mean = mean_and_band([metrics.series(name) for metrics in readers], 0.5)
            label = f"mean of {mean.runs} ± sd"
            curves[name] = (Curve(label, mean.xs, mean.ys, (mean.lows, mean.highs)),)
    return curves


def _in_common(rows: Sequence[RunRow]) -> str:
    """What is the same in all runs."""
    first = rows[0]
    words = {
        "method": first.method,
        "dataset": dataset_title(first.dataset),
        "shots": counted(first.shots, "shot"),
        "seed": f"seed {first.seed}",
        "target": first.target,
        "source": f"from {first.source}",
    }
    return ", ".join(
        word
        for name, word in words.items()
        if getattr(first, name) is not None and all(getattr(row, name) == getattr(first, name) for row in rows)
    )


def told_apart(rows: Sequence[RunRow], specs: Mapping[str, str]) -> list[str]:
    """A label for each run: what differs between them. specs: their specifications as JSON, by id.

    A setting that only some have (an option of one method) tells nothing; notes, then ids, only where nothing else
    does.
    """
    settings = [flat(json.loads(specs.get(row.id, "{}"))) for row in rows]
    names = list(dict.fromkeys(name for each in settings for name in each))
    differing = [name for name in names if len({each[name] for each in settings if name in each}) > 1]
    basic = [name for name in _BASIC if name in differing]
    further = [name for name in differing if name not in basic and name.rpartition(".")[2] not in _IMPLIED]
    shown = [*basic, *further[:_FURTHER]]
    labels = [", ".join(_word(name, each[name]) for name in shown if name in each) for each in settings]
    for distinct in ([row.note or "" for row in rows], [row.id[:8] for row in rows]):
        twice = {label for label, number in Counter(labels).items() if number > 1 or not label}
        labels = [
            ", ".join(filter(None, (label, more))) if label in twice else label
            for label, more in zip(labels, distinct, strict=True)
        ]
    return labels


def _word(name: str, value: str) -> str:
    last = name.rpartition(".")[2]
    if name == "shots":
        return f"{value} shot{'s' * (value != '1')}"
    if name == "source.name":
        return f"from {value}"
    return value if name in _BASIC and name != "seed" else f"{last} {value}"
