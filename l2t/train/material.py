"""The images one run sees, on its device."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from l2t.data import catalog
from l2t.data.augment import normalise, to_device
from l2t.data.subset import evaluation_subset, few_shot, pool_and_validation
from l2t.spec import ArtefactSpec, RunSpec, SourceSpec
from l2t.streams import Streams

PROBE = 8
"""Images that traces are taken on: the first of the subset, not augmented."""


@dataclass(frozen=True)
class Labelled:
    """images: uint8 [images, 3, size, size]; labels: int64 [images]; both on the device."""

    images: Tensor
    labels: Tensor

    def __getitem__(self, indices: Tensor) -> "Labelled":
        return Labelled(self.images[indices], self.labels[indices])

    def __len__(self) -> int:
        return len(self.labels)

    def first(self) -> "Labelled":
        """The images that traces are taken on."""
        return Labelled(self.images[:PROBE], self.labels[:PROBE])

    def probe(self) -> Tensor:
        """The same as networks see them, float32 [8, 3, size, size]."""
        return normalise(self.first().images)


@dataclass(frozen=True)
class Material:
    """What a training learns from and is measured on. validation: None unless `select=val`."""

    train: Labelled
    curve: Labelled
    test: Labelled
    validation: Labelled | None


def run_material(spec: RunSpec | ArtefactSpec, streams: Streams, device: torch.device) -> Material:
    """The few-shot subset of a run, or of a phase that shares it, and its test images.

    Raises DataError where the data set is not the one the spec names, UsageError where a class has too few images.
    """
    images = catalog.load(spec.dataset, spec.checksum, spec.data.size)
    labels = torch.from_numpy(images.y_train.copy())
    pool, validation = torch.arange(len(labels)), None
    if spec.train.select == "val":
        pool, chosen = pool_and_validation(labels, fixed().generator("aux", "validation"))
        validation = _labelled(images.x_train, labels, chosen, device)
    drawn = (fixed() if spec.data.subset == "fixed" else streams).generator("subset")
    assert spec.shots is not None
    subset = pool[few_shot(labels[pool], spec.shots, drawn, spec.data.rare_class, spec.data.rare_images)]
    test = _test(images.x_test, images.y_test, device)
    return Material(
        train=_labelled(images.x_train, labels, subset, device),
        curve=_curve(test, spec.train.eval_images),
        test=test,
        validation=validation,
    )


def whole_material(spec: SourceSpec | ArtefactSpec, device: torch.device) -> Material:
    """The whole training set, of a source network say, and its test images. Raises DataError as `run_material`."""
    images = catalog.load(spec.dataset, spec.checksum, spec.data.size)
    labels = torch.from_numpy(images.y_train.copy())
    test = _test(images.x_test, images.y_test, device)
    return Material(
        train=_labelled(images.x_train, labels, torch.arange(len(labels)), device),
        curve=_curve(test, spec.train.eval_images),
        test=test,
        validation=None,
    )


def fixed() -> Streams:
    """Streams for what is the same in all runs."""
    return Streams(0)


def _labelled(images: NDArray[np.uint8], labels: Tensor, indices: Tensor, device: torch.device) -> Labelled:
    return Labelled(to_device(images[indices.numpy()], device), labels[indices].to(device))


def _test(images: NDArray[np.uint8], labels: NDArray[np.int64], device: torch.device) -> Labelled:
    return Labelled(to_device(images, device), torch.from_numpy(labels.copy()).to(device))


def _curve(test: Labelled, images: int) -> Labelled:
    """The fixed balanced part of the test set that the curve is measured on."""
    chosen = evaluation_subset(test.labels.cpu(), images, fixed().generator("aux", "evaluation"))
    return test[chosen.to(test.labels.device)]
