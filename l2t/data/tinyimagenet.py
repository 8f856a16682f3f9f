"""Tiny ImageNet (Stanford CS231n): its validation images serve as test set, since the test images have no labels."""

import contextlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l2t.data.archive import Archive, read_file
from l2t.data.base import Decoded, Images, Progress
from l2t.data.image import decode_image
from l2t.data.official import OfficialSet
from l2t.errors import DataError

Read = Callable[[str], bytes]
"""Gives the content of a file by its name below the archive's folder."""


class TinyImageNet(OfficialSet):
    """200 classes in the order of their WordNet ids, which are their names too: the outputs of the published source."""

    title = "Tiny ImageNet"
    summary = "200 classes of 64×64 photographs, 500 + 50 of each (validation images test)"
    archive = Archive(
        "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
        "90528d7ca1a48142e341f4ef8d21d0de",
        "tiny-imagenet-200",
    )
    side = 64
    classes, train_images, test_images = 200, 500, 50

    def files(self, folder: Path) -> list[str]:
        with self._open(folder) as read:
            names = self._names(read)
            return ["wnids.txt", "val/val_annotations.txt", *self._train(names), *self._test(read, names)]

    def decode(self, folder: Path, size: int, progress: Progress) -> Decoded:
        with self._open(folder) as read:
            names = self._names(read)
            train, test = self._train(names), self._test(read, names)
            images = Images(
                self._pixels(read, list(train), size, "decode training images", progress),
                np.array(list(train.values()), np.int64),
                self._pixels(read, list(test), size, "decode test images", progress),
                self.check_labels(np.array(list(test.values()), np.int64), self.test_images, "val/val_annotations.txt"),
            )
        return Decoded(images, names, 64, 64)

    def _names(self, read: Read) -> tuple[str, ...]:
        return tuple(sorted(self.parse_names(read("wnids.txt"), "wnids.txt")))

    def _train(self, names: tuple[str, ...]) -> dict[str, int]:
        """File name → label of the training images, class by class."""
        return {
            f"train/{name}/images/{name}_{number}.JPEG": label
            for label, name in enumerate(names)
            for number in range(self.train_images)
        }

    def _test(self, read: Read, names: tuple[str, ...]) -> dict[str, int]:
        """File name → label of the validation images, in the order of their annotations."""
        labels = {name: label for label, name in enumerate(names)}
        found = {}
        for line in read("val/val_annotations.txt").decode("ascii", "replace").splitlines():
            file, _, rest = line.partition("\t")
            label = labels.get(rest.partition("\t")[0])
            if label is None or not file.isprintable() or Path(file).name != file:
                raise DataError(f"{self.archive.folder}/val/val_annotations.txt is damaged at: {line[:80]!r}")
            found[f"val/images/{file}"] = label
        if not found:
            raise DataError(f"{self.archive.folder}/val/val_annotations.txt is empty: replace it")
        return found

    def _pixels(self, read: Read, files: list[str], size: int, step: str, progress: Progress) -> NDArray[np.uint8]:
        pixels = np.empty((len(files), size, size, 3), np.uint8)
        for index, file in enumerate(files):
            pixels[index], _ = decode_image(read(file), ["JPEG"], size, f"{self.archive.folder}/{file}")
            if index % 500 == 0:
                progress(step, index, len(files))
        progress(step, len(files), len(files))
        return pixels

    @contextlib.contextmanager
    def _open(self, folder: Path) -> Iterator[Read]:
        """A reader of the archive's files; DataError for a damaged archive or a missing file."""
        path = self.archive.file(folder)
        if path is None:
            yield lambda name: read_file(folder / self.archive.folder / name)
            return
        try:
            with zipfile.ZipFile(path) as archive:
                yield lambda name: archive.read(f"{self.archive.folder}/{name}")
        except KeyError as error:
            raise DataError(f"{path} is damaged ({error.args[0]}): replace it") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise DataError(f"{path} is damaged ({error}): replace it") from error
