"""scikit-learn's bundled handwritten digits: the embedded target data set, 1,797 images of 8×8 grey levels."""

from importlib.metadata import version
from pathlib import Path

import numpy as np

from l2t.data.base import DataInfo, Decoded, Images, Progress
from l2t.data.embedded import pixel_checksum
from l2t.data.resize import resize_all

TEST = 74
"""Test images of each class: its last ones in file order. At least 100 are left for training."""


class Digits:
    """Handwritten 0 … 9. Grey levels 0 … 16 become 0 … 255, in three equal channels."""

    title = "Digits"
    summary = "handwritten digits, 8×8 grey, bundled with scikit-learn"
    padding = 2
    flip = False

    def expected(self, name: str) -> DataInfo | None:
        return None

    def missing(self, folder: Path) -> str | None:
        return None

    def state(self, folder: Path) -> str:
        return f"scikit-learn {version('scikit-learn')}"

    def fetch(self, folder: Path, progress: Progress) -> str:
        return pixel_checksum(self._images())

    def decode(self, folder: Path, size: int, progress: Progress) -> Decoded:
        native = self._images()
        images = Images(
            resize_all(native.x_train, size, "decode training images", progress),
            native.y_train,
            resize_all(native.x_test, size, "decode test images", progress),
            native.y_test,
        )
        return Decoded(images, tuple("0123456789"), 8, 8)

    def _images(self) -> Images:
        """Both splits at 8×8, each in file order."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        levels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
        pixels = np.repeat(levels[..., None], 3, axis=3)
        labels = digits.target.astype(np.int64)
        test = np.zeros(len(labels), bool)
        for label in range(10):
            test[np.flatnonzero(labels == label)[-TEST:]] = True
        return Images(pixels[~test], labels[~test], pixels[test], labels[test])
