"""One artefact: spec in, result and weights out."""

from pathlib import Path
from typing import Any

from l2t.errors import DivergedError
from l2t.methods.method import Method, Setup
from l2t.methods.registry import phases
from l2t.models.build import build
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec import ArtefactSpec
from l2t.store.folder import JobFolder
from l2t.streams import Streams
from l2t.train import checkpoint
from l2t.train.control import Control
from l2t.train.device import ready
from l2t.train.loop import Loop
from l2t.train.material import run_material, whole_material
from l2t.train.weights import digest, load_source


def make_artefact(spec: ArtefactSpec, folder: JobFolder, home: Path, control: Control) -> dict[str, Any]:
    """Train what a phase of a method trains, going on from a checkpoint where there is one, and store its weights as
    `weights.pt`.

    Returns plain JSON values: "parameters" and "weights" (hash), of a phase that classifies also "accuracy" (percent of
    the whole test set) and counts by class. Raises UsageError for a phase that no method has, DivergedError where a
    weight is not finite; others as `train_run`.
    """
    device = ready(spec.device, spec.train)
    streams = Streams(spec.seed, spec.salt)
    material = whole_material(spec, device) if spec.shots is None else run_material(spec, streams, device)
    source = load_source(home, spec.source, device) if spec.source else None
    target = (
        build(models.get(spec.model), spec.classes, streams.generator("target")).to(device) if spec.model else source
    )
    assert target is not None
    assert spec.data.padding is not None
    assert spec.data.flip is not None
    source_info = models.get(spec.source.model) if spec.source else None
    target_info = models.get(spec.model) if spec.model else source_info
    assert target_info is not None
    config = phases.get(spec.phase)
    method: Method = load_object(config.implementation)(
        Setup(
            target=target,
            target_info=target_info,
            source=source,
            source_info=source_info,
            config=config(**spec.options),
            train=spec.train,
            size=spec.data.size,
            streams=streams,
            probe=material.train.probe(),
        )
    )
    loop = Loop(method, material, spec.train, streams, spec.data.padding, spec.data.flip, folder, control)
    loop.run()
    weights = {name: value.detach().cpu() for name, value in method.weights().items()}
    bad = next((name for name, value in weights.items() if not value.isfinite().all()), None)
    if bad is not None:
        raise DivergedError(f"{bad} is not finite after the last step")
    checkpoint.save(folder.weights, weights)
    return loop.result(spec.classes) | {
        "parameters": sum(value.numel() for value in method.theta.values()),
        "weights": digest(weights),
    }
