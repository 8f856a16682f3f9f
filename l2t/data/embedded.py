"""Data sets that come with a package instead of an archive."""

import hashlib
from abc import ABC, abstractmethod
from pathlib import Path

from l2t.data.base import DataInfo, Decoded, Images, Progress
from l2t.data.resize import resize_all


class Embedded(ABC):
    """A `DataSet` of 8×8 pictures that a package holds or that are drawn: nothing is known before, nothing fetched."""

    padding = 2
    flip = False
    classes: tuple[str, ...]
    """Class names."""

    @abstractmethod
    def images(self, progress: Progress) -> Images:
        """Both splits at 8×8."""

    def expected(self, name: str) -> DataInfo | None:
        return None

    def missing(self, folder: Path) -> str | None:
        return None

    def fetch(self, folder: Path, progress: Progress) -> str:
        return _checksum(self.images(progress))

    def decode(self, folder: Path, size: int, progress: Progress) -> Decoded:
        native = self.images(progress)
        images = Images(
            resize_all(native.x_train, size, "decode training images", progress),
            native.y_train,
            resize_all(native.x_test, size, "decode test images", progress),
            native.y_test,
        )
        return Decoded(images, self.classes, *native.x_train.shape[1:3])


def _checksum(images: Images) -> str:
    """`sha256:…` over shapes and contents of the four arrays, at the images' own size."""
    digest = hashlib.sha256()
    for array in (images.x_train, images.y_train, images.x_test, images.y_test):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return f"sha256:{digest.hexdigest()}"
