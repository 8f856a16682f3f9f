"""Accuracy of a network on labelled images."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from l2t.data.augment import normalise
from l2t.errors import DivergedError
from l2t.train.material import Labelled

BATCH = 500
"""Images an evaluation step; part of what the bits depend on."""


def count_hits(logits: Callable[[Tensor], Tensor], data: Labelled) -> Tensor:
    """How many images are classified rightly, a scalar on the device; nothing waits for the host.

    logits: images [batch, 3, size, size], normalised → outputs [batch, classes], in eval mode.
    """
    hits = torch.zeros((), dtype=torch.int64, device=data.labels.device)
    for images, labels in zip(torch.split(data.images, BATCH), torch.split(data.labels, BATCH), strict=True):
        hits += (logits(normalise(images)).argmax(1) == labels).sum()
    return hits


def measure(logits: Callable[[Tensor], Tensor], data: Labelled, classes: int) -> dict[str, Any]:
    """Accuracy on the whole test set, with counts by class and the confusion matrix, as plain JSON values.

    "accuracy" in percent; "confusion"[label][prediction] counts images. Raises DivergedError where an output is not
    finite.
    """
    predictions, finite = [], []
    for images in torch.split(data.images, BATCH):
        out = logits(normalise(images))
        predictions.append(out.argmax(1))
        finite.append(out.isfinite().all())
    if not torch.stack(finite).all():
        raise DivergedError("the trained network's outputs are not finite on the test set")
    codes = (data.labels * classes + torch.cat(predictions)).cpu()
    confusion = torch.bincount(codes, minlength=classes * classes).view(classes, classes)
    hits = int(confusion.diagonal().sum())
    return {
        "accuracy": 100 * hits / len(data),
        "hits": hits,
        "images": len(data),
        "class_hits": confusion.diagonal().tolist(),
        "class_images": confusion.sum(1).tolist(),
        "confusion": confusion.tolist(),
    }
