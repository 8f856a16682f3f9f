"""scikit-learn's bundled handwritten digits: the embedded target data set, 1,797 images of 8×8 grey levels."""

from importlib.metadata import version
from pathlib import Path

import numpy as np

from l2t.data.base import Images, Progress
from l2t.data.embedded import Embedded

TEST = 74
"""Test images of each class: its last ones in file order. At least 100 are left for training."""


class Digits(Embedded):
    """Handwritten 0 … 9. Grey levels 0 … 16 become 0 … 255, in three equal channels."""

    title = "Digits"
    summary = "handwritten digits, 8×8 grey, bundled with scikit-learn"
    classes = tuple("0123456789")

    def state(self, folder: Path) -> str:
        return f"scikit-learn {version('scikit-learn')}"

    def images(self, progress: Progress) -> Images:
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
