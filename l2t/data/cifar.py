"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009), from the binary archives: the Python ones are pickles."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from l2t.data.archive import Archive
from l2t.data.base import Decoded, Images, Progress
from l2t.data.official import OfficialSet
from l2t.data.resize import resize_all

PIXELS = 3 * 32 * 32


class Cifar(OfficialSet):
    """Records of label bytes and an image, first all red, then all green, then all blue. The last label byte counts."""

    side = 32
    label_bytes: ClassVar[int]
    train_files: ClassVar[tuple[str, ...]]
    test_files: ClassVar[tuple[str, ...]]
    names_file: ClassVar[str]

    def files(self, folder: Path) -> list[str]:
        return [*self.train_files, *self.test_files, self.names_file]

    def decode(self, folder: Path, size: int, progress: Progress) -> Decoded:
        sizes: dict[str, int | None] = {self.names_file: None}
        for files, each in ((self.train_files, self.train_images), (self.test_files, self.test_images)):
            sizes |= dict.fromkeys(files, each * self.classes // len(files) * (self.label_bytes + PIXELS))
        contents = self.archive.read(folder, sizes)
        x_train, y_train = self._split(contents, self.train_files)
        x_test, y_test = self._split(contents, self.test_files)
        images = Images(
            resize_all(x_train, size, "decode training images", progress),
            self.check_labels(y_train, self.train_images, self.train_files[0]),
            resize_all(x_test, size, "decode test images", progress),
            self.check_labels(y_test, self.test_images, self.test_files[0]),
        )
        return Decoded(images, self.parse_names(contents[self.names_file], self.names_file), 32, 32)

    def _split(self, contents: dict[str, bytes], files: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Images [images, 32, 32, 3] and labels of files one after the other."""
        joined = np.frombuffer(b"".join(contents[file] for file in files), np.uint8)
        records = joined.reshape(-1, self.label_bytes + PIXELS)
        pixels = records[:, self.label_bytes :].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return pixels, records[:, self.label_bytes - 1].astype(np.int64)


class Cifar10(Cifar):
    title = "CIFAR-10"
    summary = "10 classes of 32×32 photographs, 5,000 + 1,000 of each"
    archive = Archive(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "c32a1d4ab5d03f1284b67883e8d87530",
        "cifar-10-batches-bin",
    )
    classes, train_images, test_images = 10, 5000, 1000
    label_bytes = 1
    train_files = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
    test_files = ("test_batch.bin",)
    names_file = "batches.meta.txt"


class Cifar100(Cifar):
    """The fine labels: the second byte of a record, after the coarse one."""

    title = "CIFAR-100"
    summary = "100 classes of 32×32 photographs, 500 + 100 of each (fine labels)"
    archive = Archive(
        "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        "03b5dce01913d631647c71ecec9e9cb8",
        "cifar-100-binary",
    )
    classes, train_images, test_images = 100, 500, 100
    label_bytes = 2
    train_files = ("train.bin",)
    test_files = ("test.bin",)
    names_file = "fine_label_names.txt"
