"""One run: spec in, result out."""

from pathlib import Path
from typing import Any

from l2t.methods.method import Method, Setup
from l2t.methods.registry import methods
from l2t.models.build import build
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec import RunSpec
from l2t.store.folder import JobFolder
from l2t.streams import Streams
from l2t.train.control import Control
from l2t.train.device import ready
from l2t.train.loop import Loop
from l2t.train.material import run_material
from l2t.train.weights import digest, load_artefact, load_source


def train_run(spec: RunSpec, folder: JobFolder, home: Path, control: Control) -> dict[str, Any]:
    """Train and test one run in its folder, going on from a checkpoint where there is one.

    Returns plain JSON values, the same bits on an equal fingerprint: "accuracy" (percent of the whole test set, after
    the last epoch), counts by class, "rare_recall" where a class was cut, "best_val" where there is a validation split,
    "parameters" of the tested network, "weights" (hash of the trained ones).
    Raises Interrupted, DivergedError, DataError, UsageError.
    """
    device = ready(spec.device, spec.train)
    streams = Streams(spec.seed, spec.method if spec.train.pairing == "independent" else "")
    material = run_material(spec, streams, device)
    config = methods.get(spec.method)
    assert spec.data.padding is not None
    assert spec.data.flip is not None
    method: Method = load_object(config.implementation)(
        Setup(
            target=build(models.get(spec.target), spec.classes, streams.generator("target")).to(device),
            target_info=models.get(spec.target),
            source=load_source(home, spec.source, device) if spec.source else None,
            source_info=models.get(spec.source.model) if spec.source else None,
            config=config(**spec.options),
            train=spec.train,
            size=spec.data.size,
            streams=streams,
            probe=material.train.probe(),
            artefacts={ref.phase: load_artefact(home, ref, device) for ref in spec.artefacts},
        )
    )
    loop = Loop(
        method, material, spec.train, streams, spec.data.padding, spec.data.flip, folder, control, trace=spec.trace
    )
    loop.run()
    result = loop.result(spec.classes)
    if spec.data.rare_class is not None:
        rare = spec.data.rare_class
        result["rare_recall"] = 100 * result["class_hits"][rare] / result["class_images"][rare]
    result["parameters"] = method.parameters()
    result["weights"] = digest(method.weights())
    return result
