"""How tables name data sets, models and trainings. Names that no registry has any more are shown as they are."""

from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Any, Literal

from l2t.errors import L2tError
from l2t.registry import Registry

Metric = Literal["last", "best-val", "rare-class"]
"""What a table is of: accuracy after the last epoch, accuracy at the epoch that is best on the validation split, or
recall of the rare class."""


def dataset_title(name: str) -> str:
    """ "CIFAR-10"; for `folder:PATH` the folder's name."""
    if name.startswith("folder:"):
        return PurePath(name).name
    from l2t.data.registry import datasets

    return _title(datasets, name)


def model_title(name: str) -> str:
    """ "VGG-9"."""
    from l2t.models.registry import models

    return _title(models, name)


def source_title(settings: Mapping[str, Any], name: str, ambiguous: Collection[str] = ()) -> str:
    """ "ResNet-32 (tinyimagenet-200)"; with the hash where the name is one of several networks'."""
    which = f"{name} {settings['source.hash'][:8]}" if name in ambiguous else name
    return f"{model_title(settings['source.model'])} ({which})"


def training_title(settings: Mapping[str, Any]) -> str:
    """ "200 epochs", "20 epochs, at least 400 steps"."""
    epochs = f"{settings['train.epochs']} epochs" if settings["train.epochs"] != 1 else "1 epoch"
    return epochs + (f", at least {settings['train.min_steps']} steps" if settings["train.min_steps"] else "")


def metric_title(settings: Mapping[str, Any], metric: Metric) -> str:
    """ "accuracy", "recall of class 8"; with the rare class where one was cut."""
    rare = settings["data.rare_class"]
    if metric == "rare-class":
        return f"recall of class {rare} (cut to {settings['data.rare_images']} images)"
    accuracy = "accuracy" if metric == "last" else "accuracy at the epoch best on validation"
    return accuracy if rare is None else f"{accuracy} with class {rare} cut to {settings['data.rare_images']} images"


def _title(registry: Registry[Any], name: str) -> str:
    try:
        title: str = registry.get(name).title
    except (L2tError, ImportError):
        return name
    return title
