"""The training of a source network: scratch on a whole training set."""

from typing import Any

from l2t.methods.method import Setup
from l2t.methods.scratch.config import Config
from l2t.methods.scratch.method import Scratch
from l2t.models.build import build
from l2t.models.registry import models
from l2t.spec import SourceSpec
from l2t.store.folder import JobFolder
from l2t.streams import Streams
from l2t.train import checkpoint
from l2t.train.control import Control
from l2t.train.device import ready
from l2t.train.loop import Loop
from l2t.train.material import whole_material
from l2t.train.weights import digest


def train_source(spec: SourceSpec, folder: JobFolder, control: Control) -> dict[str, Any]:
    """Train a source network, going on from a checkpoint where there is one, and store it as `weights.pt`.

    Returns plain JSON values: "accuracy" (percent of the whole test set), counts by class, "parameters", "weights"
    (hash). Raises as `train_run`.
    """
    device = ready(spec.device, spec.train)
    streams = Streams(spec.seed)
    material = whole_material(spec, device)
    assert spec.data.padding is not None
    assert spec.data.flip is not None
    info = models.get(spec.model)
    method = Scratch(
        Setup(
            target=build(info, spec.classes, streams.generator("target")).to(device),
            target_info=info,
            source=None,
            source_info=None,
            config=Config(),
            train=spec.train,
            size=spec.data.size,
            streams=streams,
            probe=material.train.probe(),
        )
    )
    loop = Loop(method, material, spec.train, streams, spec.data.padding, spec.data.flip, folder, control)
    loop.run()
    result = loop.result(spec.classes) | {"parameters": info.parameters(spec.classes)}
    weights = {name: value.detach().cpu() for name, value in method.weights().items()}
    checkpoint.save(folder.weights, weights)
    return result | {"weights": digest(weights)}
