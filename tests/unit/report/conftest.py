"""Runs of a cell, as the store gives them."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from l2t.report.build import build
from l2t.report.detail import detailed
from l2t.report.near_best import marked
from l2t.report.report import Report
from l2t.spec import RunSpec, SourceRef
from l2t.store.rows import RunRow
from l2t.store.state import Reason, State

SOURCE = SourceRef(hash="ab" * 8, name="tinyimagenet-200", model="resnet32", outputs=200)


class Runs:
    """Rows and the specifications of their cells, as `build` takes them."""

    def __init__(self, make_run: Callable[..., RunSpec]) -> None:
        self._make_run = make_run
        self.rows: list[RunRow] = []
        self.specs: dict[str, dict[str, Any]] = {}

    def add(
        self,
        method: str,
        accuracies: Sequence[float | None],
        state: State = State.DONE,
        seeds: Sequence[int] | None = None,
        created: float = 0.0,
        recalls: Sequence[float] | None = None,
        **changes: Any,
    ) -> None:
        """One run for each accuracy, percent. changes: of the specification."""
        changes = {"source": None if method == "scratch" else SOURCE} | changes
        for index, accuracy in enumerate(accuracies):
            seed = index if seeds is None else seeds[index]
            spec = self._make_run(seed=seed, method=method, **changes)
            self.specs[spec.cell] = spec.model_dump(mode="json")
            row = dict.fromkeys(RunRow.__dataclass_fields__)
            row |= {"id": spec.id, "state": state, "method": method, "dataset": spec.dataset, "shots": spec.shots}
            row |= {"seed": seed, "source": spec.source and spec.source.name, "target": spec.target, "cell": spec.cell}
            row |= {"accuracy": accuracy, "rare_recall": recalls[index] if recalls else None, "created": created}
            row |= {"finished": created + 10 if state is State.DONE else None, "epoch": 0, "epochs": 4, "attempts": 1}
            row["reason"] = Reason.DIVERGED if state is State.FAILED else None
            self.rows.append(RunRow(**row))

    def report(self, **options: Any) -> Report:
        return build(self.rows, self.specs, Counter(row.cell for row in self.rows), **options)


@pytest.fixture
def new_runs(make_run: Callable[..., RunSpec]) -> Callable[[], Runs]:
    return lambda: Runs(make_run)


@pytest.fixture
def runs(make_run: Callable[..., RunSpec]) -> Runs:
    return Runs(make_run)


@pytest.fixture
def mixed(runs: Runs) -> Report:
    """Three methods on two data sets: finished, failed, unfinished and missing runs, stars, ties, a tiny n."""
    rng = random.Random(3)

    def sample(mean: float, n: int) -> list[float]:
        return [round(rng.gauss(mean, 2.0), 1) for _ in range(n)]

    for shots, means in {5: (80.0, 77.0, 83.5), 10: (88.0, 85.0, 88.0)}.items():
        for method, mean in zip(("scratch", "ufm", "l2tww"), means, strict=True):
            runs.add(method, sample(mean, 10), shots=shots)
    runs.add("ufm", [None, None], State.FAILED, seeds=[10, 11], shots=10)
    for method, mean in zip(("scratch", "ufm", "l2tww"), (20.0, 22.0, 30.0), strict=True):
        runs.add(method, sample(mean, 6), shots=5, dataset="cifar10", target="vgg9")
    runs.add("l2tww", [None], State.RUNNING, seeds=[6], shots=5, dataset="cifar10", target="vgg9")
    runs.add("l2twww", sample(31.0, 2), shots=5, dataset="cifar10", target="vgg9")
    runs.add("l2twww", [None] * 4, State.QUEUED, seeds=[2, 3, 4, 5], shots=5, dataset="cifar10", target="vgg9")
    runs.add("l2twww", [40.0], shots=10, dataset="cifar10", target="vgg9")
    return marked(detailed(runs.report()))
