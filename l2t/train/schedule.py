"""What happens when: batches of an epoch, learning rates, epochs at which something is measured. Pure arithmetic."""

import math


def batch_sizes(images: int, batch: int) -> list[int]:
    """Sizes of an epoch's batches: full ones, then the smaller rest; a rest of one image joins the batch before it."""
    full, rest = divmod(images, batch)
    sizes = [batch] * full + ([rest] if rest else [])
    if rest == 1 and full:
        sizes[-2:] = [batch + 1]
    return sizes


def epochs_needed(epochs: int, min_steps: int, steps_an_epoch: int) -> int:
    """Epochs N: as asked for, or as many as `min_steps` optimiser steps take."""
    return max(epochs, math.ceil(min_steps / steps_an_epoch))


def learning_rate(lr: float, epoch: int, epochs: int, offset: int) -> float:
    """α_n = (α/2)(1 + cos(nπ/N)) of epoch 0 … N−1, with n = epoch + offset. Thesis 5.4."""
    return lr / 2 * (1 + math.cos((epoch + offset) * math.pi / epochs))


def evenly(points: int, epochs: int) -> frozenset[int]:
    """At most `points` evenly spaced epochs of 1 … epochs, counted as finished ones; the last is always among them."""
    points = min(points, epochs)
    return frozenset(math.ceil(epochs * point / points) for point in range(1, points + 1))
