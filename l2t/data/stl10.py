"""STL-10 (Coates, Ng, Lee 2011): the labelled images; the unlabelled ones are never read."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l2t.data.archive import Archive
from l2t.data.base import Decoded, Images, Progress
from l2t.data.official import OfficialSet
from l2t.data.resize import resize_all

PIXELS = 3 * 96 * 96


class Stl10(OfficialSet):
    """Images are stored by channel, then column, then row; labels count from 1."""

    title = "STL-10"
    summary = "10 classes of 96×96 photographs, 500 + 800 of each"
    archive = Archive(
        "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
        "91f7769df0f17e558f3565bffb0c7dfb",
        "stl10_binary",
    )
    side = 96
    classes, train_images, test_images = 10, 500, 800

    def files(self, folder: Path) -> list[str]:
        return ["train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin", "class_names.txt"]

    def decode(self, folder: Path, size: int, progress: Progress) -> Decoded:
        sizes: dict[str, int | None] = {"class_names.txt": None}
        for split, each in (("train", self.train_images), ("test", self.test_images)):
            sizes[f"{split}_X.bin"] = each * self.classes * PIXELS
            sizes[f"{split}_y.bin"] = each * self.classes
        contents = self.archive.read(folder, sizes)
        x_train, y_train = _split(contents, "train")
        x_test, y_test = _split(contents, "test")
        images = Images(
            resize_all(x_train, size, "decode training images", progress),
            self.check_labels(y_train, self.train_images, "train_y.bin"),
            resize_all(x_test, size, "decode test images", progress),
            self.check_labels(y_test, self.test_images, "test_y.bin"),
        )
        return Decoded(images, self.parse_names(contents["class_names.txt"], "class_names.txt"), 96, 96)


def _split(contents: dict[str, bytes], split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images [images, 96, 96, 3] and labels from 0."""
    pixels = np.frombuffer(contents[f"{split}_X.bin"], np.uint8).reshape(-1, 3, 96, 96).transpose(0, 3, 2, 1)
    return pixels, np.frombuffer(contents[f"{split}_y.bin"], np.uint8).astype(np.int64) - 1
