"""What runs recorded while they trained, as numbers that figures can draw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from l2t.errors import UsageError
from l2t.spec.trace import parse
from l2t.stats import summarize
from l2t.store.folder import JobFolder
from l2t.store.plain import RefusedError
from l2t.store.traces import Traces

Course = dict[int, float]
"""A number by epoch, in order."""


@dataclass(frozen=True)
class Band:
    """Several runs' courses together."""

    epochs: tuple[int, ...]
    means: tuple[float, ...]
    lows: tuple[float, ...]
    """Lower ends of Student's 95 % intervals; the means where there is one run."""
    highs: tuple[float, ...]
    runs: int


def courses(home: Path, run: str) -> dict[str, Course]:
    """What a run measured, by name: finite numbers only."""
    found: dict[str, Course] = {}
    for row in JobFolder.of(home, "run", run).read_metrics():
        for name, value in row.items():
            if isinstance(value, int | float) and isfinite(value):
                found.setdefault(name, {})[row["epoch"]] = float(value)
    return found


def band(of: Iterable[Course]) -> Band | None:
    """Mean and interval at the epochs that all runs have; a run without any number is left out. None without epochs."""
    runs = [course for course in of if course]
    epochs = [epoch for epoch in runs[0] if all(epoch in course for course in runs)] if runs else []
    if not epochs:
        return None
    found = [summarize([course[epoch] for course in runs]) for epoch in epochs]
    means = [each.mean or 0.0 for each in found]
    return Band(
        tuple(epochs),
        tuple(means),
        tuple(mean if each.low is None else each.low for mean, each in zip(means, found, strict=True)),
        tuple(mean if each.high is None else each.high for mean, each in zip(means, found, strict=True)),
        len(runs),
    )


def named(found: Mapping[str, Course]) -> dict[str, Course]:
    """Those of a run's courses that `--trace` asked for, by its text."""
    return {name: course for name, course in found.items() if "[" in name and _is_trace(name)}


def _is_trace(text: str) -> bool:
    try:
        parse(text)
    except UsageError:
        return False
    return True


def traces(home: Path, run: str) -> Traces | None:
    """A run's archives of λ, w and γ; None where it has none that can be used at two epochs at least."""
    found = Traces(JobFolder.of(home, "run", run))
    try:
        usable = found.renew() and len(found.epochs) > 1
    except RefusedError:
        return None
    return found if usable else None
