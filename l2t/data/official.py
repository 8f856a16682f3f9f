"""What the sets that are published as an archive have in common: fixed counts, an md5, a download."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from l2t.data.archive import Archive, contents_checksum
from l2t.data.base import DataInfo, Progress
from l2t.errors import DataError


class OfficialSet(ABC):
    """Base of the published data sets. All have square images of one size and equally many of each class."""

    title: ClassVar[str]
    summary: ClassVar[str]
    archive: ClassVar[Archive]
    side: ClassVar[int]
    """Height and width, pixels."""
    classes: ClassVar[int]
    train_images: ClassVar[int]
    """Training images of each class."""
    test_images: ClassVar[int]
    """Test images of each class."""
    padding = 4
    flip = True

    @abstractmethod
    def files(self, folder: Path) -> list[str]:
        """The files that are read from an unpacked folder, relative to it."""

    def expected(self, name: str) -> DataInfo:
        """The official facts. The classes' names are in the archive, so numbers stand for them."""
        return DataInfo(
            name=name,
            title=self.title,
            checksum=f"md5:{self.archive.md5}",
            classes=tuple(str(label) for label in range(self.classes)),
            train_counts=(self.train_images,) * self.classes,
            test_counts=(self.test_images,) * self.classes,
            height=self.side,
            width=self.side,
            padding=self.padding,
            flip=self.flip,
        )

    def missing(self, folder: Path) -> str | None:
        return self.archive.missing(folder)

    def state(self, folder: Path) -> str:
        """Always the same: once decoded, official images do not change."""
        return ""

    def fetch(self, folder: Path, progress: Progress) -> str:
        checksum = self.archive.fetch(folder, progress)
        return checksum or contents_checksum(folder / self.archive.folder, self.files(folder), progress)

    def parse_names(self, content: bytes, file: str) -> tuple[str, ...]:
        """Class names, one a line."""
        names = tuple(line.strip() for line in content.decode("ascii", "replace").splitlines() if line.strip())
        if len(names) != self.classes or not all(name.isprintable() for name in names):
            raise DataError(f"{self.archive.folder}/{file} does not hold {self.classes} class names: replace it")
        return names

    def check_labels(self, labels: NDArray[np.int64], images: int, file: str) -> NDArray[np.int64]:
        """The labels, if there are `images` of each class."""
        counts = np.bincount(labels[labels >= 0], minlength=self.classes)
        if len(labels) != images * self.classes or (counts != images).any():
            where = f"{self.archive.folder}/{file}"
            raise DataError(f"{where} is damaged: it does not label {images} images of each of {self.classes} classes")
        return labels
