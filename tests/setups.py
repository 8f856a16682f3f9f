"""Methods of the registry on small random networks, with everything that their phases make; no data, no home."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from l2t.methods.base import MethodConfig
from l2t.methods.method import Batch, Method, Setup
from l2t.methods.phases import PhaseImages
from l2t.methods.registry import methods, phases
from l2t.models.base import ModelInfo
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec import DataSettings, RunSpec, SourceRef, TrainSettings
from l2t.streams import Streams

SIZE = 16
CLASSES = 5
SOURCE_CLASSES = 7


def network(info: ModelInfo, classes: int, seed: int) -> nn.Module:
    built: nn.Module = load_object(info.build)(info, classes, torch.Generator().manual_seed(seed))
    return built


def frozen_source(info: ModelInfo) -> nn.Module:
    """A source network whose running statistics are not those of a fresh one."""
    source = network(info, SOURCE_CLASSES, 1)
    generator = torch.Generator().manual_seed(5)
    for key, buffer in source.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + (0.5 if "var" in key else -0.5))
    return source.eval().requires_grad_(False)


@dataclass(frozen=True)
class OneDataSet:
    """What a plan would tell of phases' data: one other data set."""

    size: int

    def images(self, name: str) -> PhaseImages:
        return PhaseImages(name, "c" * 16, SOURCE_CLASSES, DataSettings(size=self.size, padding=2, flip=False))

    def source_dataset(self) -> str:
        return "glyphs"


def make_setup(
    config: MethodConfig,
    method: str = "",
    source: str = "resnet8",
    target: str = "vgg-small",
    size: int = SIZE,
    train: TrainSettings = TrainSettings(),  # noqa: B008 - frozen
) -> Setup:
    """What a method is built from, its artefacts as their phases begin them; 5 classes, a source with 7."""
    source_info = models.get(source)
    target = source if config.same_architecture else target
    probe = torch.randn(8, 3, size, size, generator=torch.Generator().manual_seed(6))
    setup = Setup(
        target=network(models.get(target), CLASSES, 2),
        target_info=models.get(target),
        source=frozen_source(source_info) if config.needs_source else None,
        source_info=source_info if config.needs_source else None,
        config=config,
        train=train,
        size=size,
        streams=Streams(0),
        probe=probe,
    )
    run = RunSpec(
        method=method,
        options=config.effective(),
        dataset="digits",
        checksum="d" * 16,
        classes=CLASSES,
        shots=2,
        seed=0,
        source=SourceRef(hash="5" * 16, name="s", model=source, outputs=SOURCE_CLASSES) if setup.source else None,
        target=target,
        train=train,
        data=DataSettings(size=size, padding=2, flip=False),
    )
    made: dict[str, dict[str, Tensor]] = {}
    for spec in config.phases(run, OneDataSet(size)):
        phase = phases.get(spec.phase)(**spec.options)
        info = models.get(spec.model) if spec.model else source_info
        net = network(info, spec.classes, 3) if spec.model else setup.source
        assert net is not None
        begun = load_object(phase.implementation)(
            replace(setup, target=net, target_info=info, config=phase, streams=Streams(spec.seed + 1), train=spec.train)
        )
        made[spec.phase] = begun.weights()
    return replace(setup, artefacts=made)


def make_method(name: str, config: MethodConfig | None = None, **changes: object) -> Method:
    """The method, freshly begun. changes: of `make_setup`."""
    config = config or methods.get(name)()
    method: Method = load_object(config.implementation)(make_setup(config, name, **changes))  # type: ignore[arg-type]
    return method


def batches(count: int, size: int = SIZE) -> list[Batch]:
    """Random images of 5 classes, six a batch."""
    generator = torch.Generator().manual_seed(9)
    return [
        Batch(torch.randn(6, 3, size, size, generator=generator), torch.randint(0, CLASSES, (6,), generator=generator))
        for _ in range(count)
    ]
