"""Augmentation on the training device: one crop and flip an image, drawn from the run's own stream. Workers only.

Images are uint8 [images, 3, size, size] there. Draws are made on the CPU for a whole epoch and belong to the image's
position in the subset, so neither batch order nor device changes them.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet, used for every data set (METHODS.md)."""


@dataclass(frozen=True)
class Draws:
    """Crop offsets, int64 [images] in 0 … 2 × padding, and flips, bool [images]."""

    dy: Tensor
    dx: Tensor
    flip: Tensor

    def __getitem__(self, images: Tensor) -> "Draws":
        """The draws of a batch; images: int64 indices on the same device."""
        return Draws(self.dy[images], self.dx[images], self.flip[images])

    def to(self, device: torch.device) -> "Draws":
        return Draws(self.dy.to(device), self.dx.to(device), self.flip.to(device))


def draw(images: int, padding: int, flip: bool, generator: torch.Generator) -> Draws:
    """The draws of one epoch for a subset of `images` images: one integer an image, in the order of the subset.

    The crops are the same with flips and without.
    """
    offsets = 2 * padding + 1
    drawn = torch.randint(2 * offsets * offsets, (images,), generator=generator)
    crop = drawn // 2
    return Draws(crop // offsets, crop % offsets, (drawn % 2 == 1) & flip)


def augment(images: Tensor, draws: Draws, padding: int) -> Tensor:
    """Each image moved by its draw within a black border of `padding` pixels, cropped to its size, perhaps mirrored.

    images: uint8 [batch, 3, size, size]; draws: of the batch, on the same device. Returns the same shape; never waits
    for the host.
    """
    size = images.shape[-1]
    # All possible crops as a view [batch, 3, offsets, offsets, size, size]; only the drawn ones are copied.
    windows = F.pad(images, (padding,) * 4).unfold(2, size, 1).unfold(3, size, 1)
    crops = windows[torch.arange(len(images), device=images.device), :, draws.dy, draws.dx]
    return torch.where(draws.flip[:, None, None, None], crops.flip(3), crops)


def normalise(images: Tensor) -> Tensor:
    """uint8 [batch, 3, size, size] as float32, scaled to 0 … 1, less ImageNet's mean, over its standard deviation.

    Equivalent to torchvision's ToTensor and Normalize.
    """
    mean, std = _statistics(images.device)
    return (images.float() / 255 - mean) / std


def to_device(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Images of the cache, uint8 [images, size, size, 3], as uint8 [images, 3, size, size] on the device."""
    return torch.tensor(images).permute(0, 3, 1, 2).contiguous().to(device)


@cache
def _statistics(device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [3, 1, 1], copied to a device once: a copy waits for the host."""
    return torch.tensor(MEAN, device=device)[:, None, None], torch.tensor(STD, device=device)[:, None, None]
