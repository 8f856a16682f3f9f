"""What a method asks to be made before its own training. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from l2t.methods.registry import phases
from l2t.models.registry import models
from l2t.spec.artefact import ArtefactSpec
from l2t.spec.run import RunSpec
from l2t.spec.settings import DataSettings, TrainSettings


@dataclass(frozen=True)
class PhaseImages:
    """A whole data set as a phase learns from it: prepared at the run's image size."""

    dataset: str
    checksum: str
    classes: int
    data: DataSettings
    """The run's, with the set's own padding and flip."""


class PhaseData(Protocol):
    """What a plan tells a method that has phases."""

    def images(self, name: str) -> PhaseImages:
        """The data set of that name; UsageError or DataError where it cannot be had."""

    def source_dataset(self) -> str:
        """Data set that the source network learnt; "" where that is not known."""


def few_shot_phase(
    run: RunSpec, phase: str, what: str, options: Mapping[str, Any], model: str, train: TrainSettings
) -> ArtefactSpec:
    """A phase on the run's own subset, with the run's streams: one artefact a seed.

    what: the phase in words; options: all options of the phase; model: the architecture that it trains. Its curve is
    measured as by default, so that runs share it however theirs are.
    """
    measured = {name: TrainSettings.model_fields[name].default for name in ("eval_points", "eval_images")}
    data = run.data.model_copy(update={"rare_images": run.identity["data"]["rare_images"]})
    return ArtefactSpec(
        phase=phase,
        name=f"{what} of {run.name.partition(' ')[2]}",
        options=dict(options),
        needs=() if run.source is None else (run.source.hash,),
        source=run.source,
        model=model,
        dataset=run.dataset,
        checksum=run.checksum,
        classes=run.classes,
        shots=run.shots,
        seed=run.seed,
        salt=run.method if run.train.pairing == "independent" else "",
        train=train.model_copy(update=measured),
        data=data,
        device=run.device,
        packages=_packages(run, phase, model),
    )


def whole_set_phase(
    run: RunSpec,
    phase: str,
    what: str,
    options: Mapping[str, Any],
    model: str,
    images: PhaseImages,
    train: Mapping[str, Any],
) -> ArtefactSpec:
    """A phase on a whole data set: one artefact for all seeds, shots and target data sets.

    train: the phase's own training settings; the rest is the protocol's, with the run's precision and threads.
    """
    own = {"precision": run.train.precision, "threads": run.train.threads} | dict(train)
    whole = {name: DataSettings.model_fields[name].default for name in ("subset", "rare_class", "rare_images")}
    return ArtefactSpec(
        phase=phase,
        name=f"{what} on {images.dataset.rpartition('/')[2]}",
        options=dict(options),
        needs=() if run.source is None else (run.source.hash,),
        source=run.source,
        model=model,
        dataset=images.dataset,
        checksum=images.checksum,
        classes=images.classes,
        train=TrainSettings.model_validate(own),
        data=images.data.model_copy(update=whole),
        device=run.device,
        packages=_packages(run, phase, model),
    )


def _packages(run: RunSpec, phase: str, model: str) -> dict[str, str]:
    """Third parties' packages that a phase is computed by."""
    trained = models.package(model) if model else {}
    observed = {} if run.source is None else models.package(run.source.model)
    return phases.package(phase) | trained | observed
