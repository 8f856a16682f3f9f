"""What a data set is: a torch-free description and uint8 arrays decoded once. Read by faces, plans and workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from l2t.errors import UsageError
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
    ignored: int = 0
    """Files of a folder data set that are no images and were left out."""

    def pool_counts(self, select: Literal["last", "val"]) -> tuple[int, ...]:
        """Images of each class that few-shot subsets are drawn from: all, or without the validation split."""
        if select == "last":
            return self.train_counts
        return tuple(count - validation_count(count) for count in self.train_counts)


def validation_count(count: int) -> int:
    """Images of the validation split in a class of `count` training images: a tenth, rounded down, at least one."""
    return max(1, count // 10)


def shot_counts(
    counts: Sequence[int], shots: int, rare_class: int | None, rare_images: int, where: str
) -> tuple[int, ...]:
    """Images of each class in a few-shot subset: `shots`, of the rare class at most `rare_images`.

    counts: images of each class there are to draw from (`DataInfo.pool_counts`); where: the data set, for the message.
    UsageError where a class has too few, or where there is no such rare class.
    """
    if rare_class is not None and rare_class >= len(counts):
        raise UsageError(f"{where} has no class {rare_class} to make rare: its classes are 0 … {len(counts) - 1}")
    wanted = [min(shots, rare_images) if label == rare_class else shots for label in range(len(counts))]
    label, count = min(enumerate(counts), key=lambda item: item[1] - wanted[item[0]])
    if count < wanted[label]:
        raise UsageError(
            f"{where} has {count} training images of class {label}, {wanted[label]} shots were asked for. "
            f"Largest possible: {count}."
        )
    return tuple(wanted)


@dataclass(frozen=True)
class Images:
    """A data set's images at one size. x_*: uint8 [images, size, size, 3]; y_*: int64 [images], indices of classes."""

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]


@dataclass(frozen=True)
class Decoded:
    """What decoding a data set gives, beside its images, for its `DataInfo`."""

    images: Images
    classes: tuple[str, ...]
    height: int
    width: int
    ignored: int = 0


class Progress(Protocol):
    """Told how far long work is: `done` of `total` of a named step. Steps called `download …` and `verify …` count
    bytes (total 0: unknown), all others images or files."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


class DataSet(Protocol):
    """One data set of the registry: where its files come from and how they are read. Caching is shared (catalog.py).

    folder: always the data folder (`l2t.paths.data()`).
    """

    title: str
    summary: str
    padding: int
    flip: bool

    def expected(self, name: str) -> DataInfo | None:
        """What is known before any file is there: official archives have fixed checksums and counts. Else None."""

    def missing(self, folder: Path) -> str | None:
        """What `fetch` would have to download ("cifar-10-binary.tar.gz"), or None where nothing needs it."""

    def state(self, folder: Path) -> str:
        """A cheap fingerprint of what the images are made from; where it changes, the set is prepared anew."""

    def fetch(self, folder: Path, progress: Progress) -> str:
        """Make the files available (download, verify) and return the checksum; DataError where that fails."""

    def decode(self, folder: Path, size: int, progress: Progress) -> Decoded:
        """All images, resized to size × size. DataError names the file that cannot be read."""


def lacks(entry: object) -> str:
    """Why a plug-in's object is no data set, in words; "" where it is one."""
    known = ("title", "summary", "padding", "flip", "expected", "missing", "state", "fetch", "decode")
    missing = [name for name in known if not hasattr(entry, name)]
    return f"has no {', '.join(missing)}" if missing else "" if callable(entry) else "is no class"
