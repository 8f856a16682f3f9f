"""A run's traces of meta-weights: the archives that it has written so far.

Archives are read by epoch and kept up to a bound, so that scrubbing over the epochs reads each one once.
"""

import os
import re
from collections import OrderedDict
from pathlib import Path

from l2t.spec.trace import META
from l2t.store.arrays import Archive, Array
from l2t.store.folder import JobFolder
from l2t.store.meta_weights import Image, Layout, Weights, layout_of, probe_of
from l2t.store.plain import RefusedError, listed, opened_file

LARGEST_FILE = 4 << 20
"""Bytes of an archive above which it is not read."""
MOST_FILES = 1000
"""Archives of a run that are looked at: the first of them. The engine writes at most 43."""
KEPT = 6 << 20
"""Bytes of arrays that are kept."""

_FILE = re.compile(r"(\d{6,9})\.npz", re.ASCII)


class Traces:
    """The archives of one run. `renew` reads the start's, and looks for new ones."""

    def __init__(self, folder: JobFolder) -> None:
        self.images: tuple[Image, ...] = ()
        """The probe: images that λ, w and γ were observed on."""
        self.pairs: tuple[str, ...] = ()
        """Names "source-target" of the pairs of layers."""
        self.kinds: tuple[str, ...] = ()
        """Which of lambda, w and gamma the method has."""
        self._folder, self._layout = folder.traces, Layout({})
        self._seen: dict[int, tuple[int, ...]] = {}
        self._whole: set[int] = set()
        self._notes: dict[tuple[int, str], str] = {}
        self._kept: OrderedDict[tuple[int, str], dict[str, Array]] = OrderedDict()
        self._layers: dict[int, dict[str, float]] = {}

    @property
    def epochs(self) -> tuple[int, ...]:
        """Epochs at which the probe's mean can be read, in order; 0 is before training."""
        return tuple(sorted(epoch for epoch in self._seen if (epoch, "mean") not in self._notes))

    @property
    def image_epochs(self) -> tuple[int, ...]:
        """Those at which each image's weights can be read too."""
        return tuple(epoch for epoch in self.epochs if epoch in self._whole)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was skipped, and why: a line an archive, or its images."""
        return tuple(note for _, note in sorted(self._notes.items()))

    @property
    def size(self) -> int:
        """Bytes of arrays that are kept at present."""
        return sum(len(array.data) for arrays in self._kept.values() for array in arrays.values())

    def renew(self) -> bool:
        """Look for archives that are new or were written again, and drop those that are gone.

        False where there are none; RefusedError where the start's, without which none can be understood, is missing or
        damaged.
        """
        found = _files(self._folder)
        if not found:
            return False
        start = found.get(0)
        if start is None:
            raise RefusedError("000000.npz, the archive of the start, is missing")
        if self._seen.get(0) != start:
            self._begin()
        for epoch in [epoch for epoch, file in self._seen.items() if found.get(epoch) != file]:
            self._forget(epoch)
        for epoch in sorted(found.keys() - self._seen.keys()):
            self._seen[epoch] = found[epoch]
            self._read(epoch, "mean")
        return True

    def _begin(self) -> None:
        """Read the start's archive; what other archives were read as does not count any more."""
        for epoch in list(self._seen):
            self._forget(epoch)
        try:
            start = _open(self._folder / "000000.npz")
            self._layout, self.images = layout_of(start), probe_of(start)
        except RefusedError as error:
            raise RefusedError(f"000000.npz, the archive of the start, cannot be used: {error}") from error
        places = self._layout.places
        self.pairs = tuple(dict.fromkeys(pair for pairs in places.values() for pair in pairs))
        self.kinds = tuple(kind for kind in META if places.get(kind))

    def _forget(self, epoch: int) -> None:
        del self._seen[epoch]
        self._whole.discard(epoch)
        self._layers.pop(epoch, None)
        for group in ("mean", "image"):
            self._notes.pop((epoch, group), None)
            self._kept.pop((epoch, group), None)

    def at(self, epoch: int, image: int | None = None) -> Weights | None:
        """The weights of an epoch: the probe's mean, or of one image; None where they were not kept, or are damaged."""
        if image is None:
            arrays = self._read(epoch, "mean")
        elif epoch in self._whole and 0 <= image < len(self.images):
            arrays = self._read(epoch, "image")
        else:
            return None
        return None if arrays is None else Weights(self._layout, arrays, image or 0)

    def layer_weights(self) -> dict[str, tuple[float, ...]]:
        """λ of each pair over `epochs`, of the probe's mean; empty where the method has none. Reads every archive that
        it has not read yet."""
        pairs = self._layout.places.get("lambda", {})
        for epoch in self.epochs:
            if epoch not in self._layers and (weights := self.at(epoch)) is not None:
                self._layers[epoch] = {pair: weights.number("lambda", pair, 0) for pair in pairs}
        epochs = [epoch for epoch in self.epochs if epoch in self._layers]
        return {pair: tuple(self._layers[epoch][pair] for epoch in epochs) for pair in pairs}

    def _read(self, epoch: int, group: str) -> dict[str, Array] | None:
        """The arrays of "mean" or "image" of an epoch, by kind; None, with a note, where they cannot be used."""
        key = (epoch, group)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if epoch not in self._seen or key in self._notes:
            return None
        name = f"{epoch:06d}.npz"
        try:
            archive = _open(self._folder / name)
            arrays = {kind: self._array(archive, group, kind) for kind in self.kinds}
        except RefusedError as error:
            self._notes[key] = f"{name}: {error}"
            if group == "image":
                self._whole.discard(epoch)
            return None
        if group == "mean" and any(f"image/{kind}" in archive.members for kind in self.kinds):
            self._whole.add(epoch)
        self._kept[key] = arrays
        while self.size > KEPT and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return arrays

    def _array(self, archive: Archive, group: str, kind: str) -> Array:
        array = archive.read(f"{group}/{kind}")
        shape: tuple[int, ...] = (self._layout.rows(kind), *((3, 3) if kind == "gamma" else ()))
        if group == "image":
            shape = (len(self.images), *shape)
        if array.dtype != "<f2" or array.shape != shape:
            raise RefusedError(f"{group}/{kind} has another shape than the start's")
        return array


def _files(folder: Path) -> dict[int, tuple[int, ...]]:
    """Epoch → what tells one file of its archive from another."""
    found: dict[int, tuple[int, ...]] = {}
    for name in [name for name in listed(folder) if _FILE.fullmatch(name)][:MOST_FILES]:
        try:
            stat = (folder / name).lstat()
        except OSError:
            continue
        found[int(name.removesuffix(".npz"))] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return found


def _open(path: Path) -> Archive:
    with opened_file(path, None, LARGEST_FILE) as descriptor:
        if descriptor is None:
            raise RefusedError("gone")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return Archive(file.read(LARGEST_FILE + 1))
