"""`folder:PATH`: a user's own images, as `PATH/train/CLASS/*.png` and `PATH/test/CLASS/*.png`.

Classes are the folder names in sorted order, images of a class are sorted by name. Only files directly in a class
folder count. Hidden files are skipped; other files that are no images by their ending are left out and counted.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISREG

import numpy as np

from l2t.data.archive import contents_checksum, read_file
from l2t.data.base import DataInfo, Decoded, Images, Progress
from l2t.data.image import decode_image
from l2t.errors import DataError

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".ppm": "PPM",
    ".pgm": "PPM",
}
"""Image files by their ending, in any case, and the decoder that each is given to."""

SPLITS = ("train", "test")


@dataclass(frozen=True)
class _Image:
    path: Path
    name: str
    """Split, class and file name, with slashes."""
    split: str
    label: int
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class _Listing:
    images: tuple[_Image, ...]
    classes: tuple[str, ...]
    ignored: int


class Folder:
    """The images below one folder. path: absolute."""

    summary = "your own images in class folders"
    padding = 4
    flip = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.title = path.name

    def expected(self, name: str) -> DataInfo | None:
        return None

    def missing(self, folder: Path) -> str | None:
        return None

    def state(self, folder: Path) -> str:
        """Names, sizes and modification times of all images: no file is opened."""
        digest = hashlib.sha256()
        for image in self._listing.images:
            digest.update(f"{image.name}\0{image.size}\0{image.mtime_ns}\0".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def fetch(self, folder: Path, progress: Progress) -> str:
        return contents_checksum(self.path, [image.name for image in self._listing.images], progress)

    def decode(self, folder: Path, size: int, progress: Progress) -> Decoded:
        listing = self._listing
        pixels = {split: np.empty((self._count(split), size, size, 3), np.uint8) for split in SPLITS}
        labels: dict[str, list[int]] = {split: [] for split in SPLITS}
        shapes = set()
        for done, image in enumerate(listing.images):
            if done % 100 == 0:
                progress("decode images", done, len(listing.images))
            decoder = FORMATS[image.path.suffix.lower()]
            square, shape = decode_image(read_file(image.path), [decoder], size, str(image.path))
            pixels[image.split][len(labels[image.split])] = square
            labels[image.split].append(image.label)
            shapes.add(shape)
        progress("decode images", len(listing.images), len(listing.images))
        images = Images(
            pixels["train"], np.array(labels["train"], np.int64), pixels["test"], np.array(labels["test"], np.int64)
        )
        height, width = shapes.pop() if len(shapes) == 1 else (0, 0)
        return Decoded(images, listing.classes, height, width, listing.ignored)

    def _count(self, split: str) -> int:
        return sum(image.split == split for image in self._listing.images)

    @cached_property
    def _listing(self) -> _Listing:
        """All images of both splits; DataError where the folders are not what this module's docstring says."""
        for folder in (self.path, *(self.path / split for split in SPLITS)):
            if not folder.is_dir():
                raise DataError(
                    f"no folder {folder}: a folder data set is PATH/train/CLASS/*.png, PATH/test/CLASS/*.png"
                )
        train, test = (_subfolders(self.path / split) for split in SPLITS)
        if odd := sorted(train ^ test):
            present, absent = SPLITS if odd[0] in train else reversed(SPLITS)
            raise DataError(f'class "{odd[0]}" of {self.path} is in {present}/ but not in {absent}/')
        if len(train) < 2:
            raise DataError(f"{self.path}/train has {len(train)} class folders, at least 2 are needed")
        images: list[_Image] = []
        ignored = 0
        for split in SPLITS:
            for label, name in enumerate(sorted(train)):
                found, others = _images(self.path / split / name, split, label)
                images += found
                ignored += others
        return _Listing(tuple(images), tuple(sorted(train)), ignored)


def _subfolders(folder: Path) -> set[str]:
    names = {entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith(".")}
    for name in names:
        if not name.isprintable():
            raise DataError(f"class folder {name!r} in {folder} has a name with unprintable characters: rename it")
    return names


def _images(folder: Path, split: str, label: int) -> tuple[list[_Image], int]:
    """The images of one class, sorted by name, and how many other files were left out."""
    images = []
    ignored = 0
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.is_dir():
            continue
        if Path(entry.name).suffix.lower() not in FORMATS:
            ignored += 1
            continue
        try:
            stat = entry.stat()
        except OSError as error:
            raise DataError(f"cannot read {entry.path}: {error.strerror}") from error
        if not S_ISREG(stat.st_mode):  # opening a named pipe would wait for ever
            raise DataError(f"{entry.path} is no file: remove it")
        name = f"{split}/{folder.name}/{entry.name}"
        images.append(_Image(Path(entry.path), name, split, label, stat.st_size, stat.st_mtime_ns))
    if not images:
        raise DataError(f"no images in {folder} (files that count: {', '.join(FORMATS)})")
    return images, ignored
