"""What a data set is: a torch-free description and uint8 arrays decoded once. Read by faces, plans and workers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from l2t.spec.base import Model


class DataInfo(Model):
    """A prepared data set, as its index file in the data folder describes it."""

    name: str
    """Registry name, or `folder:PATH`."""
    title: str
    """Name for tables ("CIFAR-10")."""
    checksum: str
    """Checksum of the official archive, or of the decoded images where there is none."""
    classes: tuple[str, ...]
    """Class names; a label is an index into them."""
    train_counts: tuple[int, ...]
    """Training images of each class."""
    test_counts: tuple[int, ...]
    """Test images of each class."""
    height: int
    """Height of the images before the resize, pixels; 0 where it differs from image to image."""
    width: int
    """Width of the images before the resize, pixels; 0 where it differs from image to image."""
    padding: int = 4
    """Black border before the random crop, pixels, unless the spec says otherwise."""
    flip: bool = True
    """Random horizontal flip, unless the spec says otherwise."""


@dataclass(frozen=True)
class Images:
    """A data set's images at one size. x_*: uint8 [images, size, size, 3]; y_*: int64 [images], indices of classes."""

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]


class Progress(Protocol):
    """Told how far long work is: `done` of `total` (bytes or images; total 0: unknown) of a named step."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


class DataSet(Protocol):
    """One data set of the registry. `decode` gives the images in their own size; resizing and caching are shared."""

    title: str
    padding: int
    flip: bool

    def fetch(self, folder: Path, progress: Progress) -> str:
        """Make the official files available (download, verify) and return the checksum; DataError where that fails."""

    def decode(self, folder: Path, size: int, progress: Progress) -> tuple[Images, tuple[str, ...]]:
        """All images, resized to size × size, and the class names."""
