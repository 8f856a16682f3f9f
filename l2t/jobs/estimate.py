"""How long runs will take: a rough model of their arithmetic, calibrated by finished runs of this home where it can be.

The model counts multiply-adds. A network's forward pass is taken as that of its taps, one 3×3 convolution each; a step
costs so many forward passes of the target: 3 for a plain step (backward: 2), 9 T + 11 with T virtual steps, 5 T + 9 to
first order; the source adds one of its own. Evaluations cost one a test image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from l2t.data.base import DataInfo
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.spec import ArtefactSpec, RunSpec, SourceSpec
from l2t.store.filter import parse
from l2t.store.store import Store

RATE = {"cpu": 3e10, "cuda": 3e12}
"""Multiply-adds a second where no finished run tells better: one thread of a server CPU, a GPU on small batches."""
DISK = {True: 700_000, False: 50_000}
"""Bytes that a finished run keeps, by whether it has meta-weights, whose traces are most of it."""
SAMPLE = 10
"""Finished runs, the latest, that calibrate the model for one method and target."""


@dataclass(frozen=True)
class Estimate:
    """What the runs that are left will take."""

    seconds: float
    """Of one worker; more workers share it."""
    disk: int
    """Bytes kept."""
    measured: bool
    """Whether finished runs of this home calibrated the time of every run."""


def estimate(
    store: Store,
    runs: Sequence[RunSpec],
    makings: Sequence[SourceSpec | ArtefactSpec],
    datasets: Mapping[str, DataInfo],
) -> Estimate:
    """Time and disk of `runs` and of what is made before them. datasets: those they need, by name."""
    test_images = {name: sum(info.test_counts) for name, info in datasets.items()}
    factors: dict[tuple[str, str, str], float | None] = {}
    total, disk, measured = 0.0, 0, bool(runs)
    for run in runs:
        key = run.method, run.target, run.device
        if key not in factors:
            factors[key] = _factor(store, key, test_images)
        factor = factors[key]
        measured = measured and factor is not None
        total += (factor or 1.0) * modelled(run, test_images.get(run.dataset, 0))
        disk += DISK[methods.get(run.method).unrolls]
    for making in makings:
        images, model = sum(datasets[making.dataset].train_counts), making.model
        if isinstance(making, ArtefactSpec):
            images = images if making.shots is None else making.shots * making.classes
            model = model or (making.source.model if making.source else "")
        total += 3 * making.train.epochs * images * _forward(model, making.data.size) / RATE[making.device]
    return Estimate(total, disk, measured)


def modelled(run: RunSpec, test_images: int) -> float:
    """Seconds of a run by the model alone."""
    subset = run.shots * run.classes
    epochs = max(run.train.epochs, -(-run.train.min_steps // -(-subset // run.train.batch)))
    config = methods.get(run.method)
    passes = _passes(run.options) if config.unrolls else 3
    target = _forward(run.target, run.data.size)
    trained = passes * target
    if run.source is not None:
        trained += _forward(run.source.model, run.data.size)
    tested = test_images + min(run.train.eval_points, epochs) * min(run.train.eval_images, test_images)
    return (epochs * subset * trained + tested * target) / RATE[run.device]


def _passes(options: Mapping[str, Any]) -> int:
    """Of an iteration with virtual steps: the real step 3, virtual ones 3 (T + 1), the last loss 3, second order
    6 T + 2; first-order leaves 2 T of that."""
    steps: int = options.get("virtual_steps", 2)
    return 5 * steps + 9 if options.get("hypergradient") == "first-order" else 9 * steps + 11


def _forward(model: str, size: int) -> int:
    """Multiply-adds of one image."""
    return sum(9 * tap.channels**2 * tap.side(size) ** 2 for tap in models.get(model).taps)


def _factor(store: Store, key: tuple[str, str, str], test_images: Mapping[str, int]) -> float | None:
    """Measured over modelled seconds of the latest finished runs of a method, target and device; None without any."""
    method, target, device = key
    words = ["state=done", f"method={method}", f"target={target}"]
    details = [store.run(row.id) for row in store.runs(parse(words), order="-finished", limit=SAMPLE)]
    ratios = [
        detail.row.seconds / modelled(detail.spec, test_images.get(detail.spec.dataset, 0))
        for detail in details
        if detail.row.seconds and detail.spec.device == device
    ]
    return median(ratios) if ratios else None
