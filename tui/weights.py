"""A run's traces of meta-weights, as the "Meta-weights" screen asks for them: plain numbers, no numpy, no torch.

Archives are read by epoch and kept up to a bound, so that scrubbing over the epochs reads each one once.
"""

import os
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from l2t.spec.trace import META
from l2t.store.arrays import Archive, Array
from l2t.store.folder import JobFolder
from l2t.store.plain import RefusedError, listed, opened_file

LARGEST_FILE = 4 << 20
"""Bytes of an archive above which it is not read."""
MOST_FILES = 1000
"""Archives of a run that are looked at: the first of them. The engine writes at most 43."""
MOST_IMAGES = 64
"""Images of a probe above which it is none of ours."""
KEPT = 6 << 20
"""Bytes of arrays that are kept."""
GRID = 9
"""Numbers of one channel's position weights."""

_FILE = re.compile(r"(\d{6,9})\.npz", re.ASCII)
_NAME = re.compile(r"(lambda|w|gamma)\[(\d{1,4}-\d{1,4})\]", re.ASCII)

Grid = tuple[tuple[float, ...], ...]
"""3×3 position weights of a channel."""


@dataclass(frozen=True)
class Image:
    """An image of the probe."""

    width: int
    height: int
    rgb: bytes
    """Red, green, blue of each pixel, row by row."""
    label: int


@dataclass(frozen=True)
class Matrix:
    """Layer weights λ."""

    sources: tuple[int, ...]
    """Source layers, one a row."""
    targets: tuple[int, ...]
    """Target layers, one a column."""
    values: tuple[tuple[float | None, ...], ...]
    """None where the method has no such pair."""


@dataclass(frozen=True)
class Layout:
    """Where the weights of each pair lie in the arrays: kind → pair → first row and number of rows."""

    places: Mapping[str, Mapping[str, tuple[int, int]]]

    def rows(self, kind: str) -> int:
        """Rows of a kind's whole array."""
        return sum(rows for _, rows in self.places.get(kind, {}).values())


class Weights:
    """Meta-weights of one epoch: the probe's mean, or of one of its images."""

    def __init__(self, layout: Layout, arrays: Mapping[str, Array], image: int = 0) -> None:
        self._layout, self._arrays, self._image = layout, arrays, image

    def layer_weights(self) -> Matrix | None:
        """λ of each pair; None where the method has no layer weights."""
        places = self._layout.places.get("lambda")
        if not places:
            return None
        values = {pair: self._numbers("lambda", pair)[0] for pair in places}
        ends = [tuple(map(int, pair.split("-"))) for pair in places]
        sources, targets = (tuple(sorted({end[side] for end in ends})) for side in (0, 1))
        rows = tuple(tuple(values.get(f"{source}-{target}") for target in targets) for source in sources)
        return Matrix(sources, targets, rows)

    def channel_weights(self, pair: str) -> tuple[float, ...] | None:
        """w of each source channel of a pair; None where there are none."""
        return self._numbers("w", pair) or None

    def position_weights(self, pair: str) -> tuple[Grid, ...] | None:
        """γ [channels, 3, 3] of a pair; None where there are none."""
        numbers = self._numbers("gamma", pair)
        return (
            tuple(tuple(numbers[at + row : at + row + 3] for row in (0, 3, 6)) for at in range(0, len(numbers), GRID))
            or None
        )

    def number(self, kind: str, pair: str, index: int) -> float:
        """One number: of λ index 0, of w a channel, of γ nine times the channel plus the position."""
        return self._numbers(kind, pair)[index]

    def _numbers(self, kind: str, pair: str) -> tuple[float, ...]:
        first, rows = self._layout.places.get(kind, {}).get(pair, (0, 0))
        if not rows:
            return ()
        size = GRID if kind == "gamma" else 1
        return self._arrays[kind].numbers((self._image * self._layout.rows(kind) + first) * size, rows * size)


class Traces:
    """The archives of one run. Made by `read_traces`; `renew` looks for new ones."""

    def __init__(self, folder: Path, layout: Layout, images: tuple[Image, ...]) -> None:
        self.images = images
        """The probe: images that λ, w and γ were observed on."""
        self.pairs = tuple(dict.fromkeys(pair for places in layout.places.values() for pair in places))
        """Names "source-target" of the pairs of layers."""
        self.kinds = tuple(kind for kind in META if layout.places.get(kind))
        """Which of lambda, w and gamma the method has."""
        self._folder, self._layout = folder, layout
        self._seen: dict[int, tuple[int, ...]] = {}
        self._whole: set[int] = set()
        self._notes: dict[int, str] = {}
        self._kept: OrderedDict[tuple[int, str], dict[str, Array]] = OrderedDict()

    @property
    def epochs(self) -> tuple[int, ...]:
        """Epochs at which the probe's mean can be read, in order; 0 is before training."""
        return tuple(sorted(self._seen.keys() - self._notes.keys()))

    @property
    def image_epochs(self) -> tuple[int, ...]:
        """Those at which each image's weights can be read too."""
        return tuple(epoch for epoch in self.epochs if epoch in self._whole)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was skipped, and why: a line an archive."""
        return tuple(note for _, note in sorted(self._notes.items()))

    @property
    def size(self) -> int:
        """Bytes of arrays that are kept at present."""
        return sum(len(array.data) for arrays in self._kept.values() for array in arrays.values())

    def renew(self) -> None:
        """Look for archives that are new or were written again, and drop those that are gone."""
        found = _files(self._folder)
        for epoch in [epoch for epoch, file in self._seen.items() if found.get(epoch) != file]:
            del self._seen[epoch]
            self._notes.pop(epoch, None)
            self._whole.discard(epoch)
            for group in ("mean", "image"):
                self._kept.pop((epoch, group), None)
        for epoch in sorted(found.keys() - self._seen.keys()):
            self._seen[epoch] = found[epoch]
            self._read(epoch, "mean")

    def at(self, epoch: int, image: int | None = None) -> Weights | None:
        """The weights of an epoch: the probe's mean, or of one image; None where they were not kept, or are damaged."""
        if image is None:
            arrays = self._read(epoch, "mean")
        elif epoch in self._whole and 0 <= image < len(self.images):
            arrays = self._read(epoch, "image")
        else:
            return None
        return None if arrays is None else Weights(self._layout, arrays, image or 0)

    def track(self, kind: str, pair: str, index: int = 0) -> tuple[tuple[int, float], ...]:
        """One number over the epochs, as (epoch, value), its index as in `Weights.number`; empty where it is not."""
        rows = self._layout.places.get(kind, {}).get(pair, (0, 0))[1]
        if not 0 <= index < rows * (GRID if kind == "gamma" else 1):
            return ()
        found = ((epoch, self.at(epoch)) for epoch in self.epochs)
        return tuple((epoch, weights.number(kind, pair, index)) for epoch, weights in found if weights is not None)

    def _read(self, epoch: int, group: str) -> dict[str, Array] | None:
        """The arrays of "mean" or "image" of an epoch, by kind; None, with a note, where they cannot be used."""
        key = (epoch, group)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if epoch not in self._seen or epoch in self._notes:
            return None
        name = f"{epoch:06d}.npz"
        try:
            archive = _open(self._folder / name)
            arrays = {kind: self._array(archive, group, kind) for kind in self.kinds}
        except RefusedError as error:
            if group == "mean":
                self._notes[epoch] = f"{name}: {error}"
            else:
                self._whole.discard(epoch)
            return None
        if group == "mean" and all(f"image/{kind}" in archive.members for kind in self.kinds):
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


def read_traces(folder: JobFolder) -> Traces | None:
    """A run's traces; None where it has none, or none that can be read: their start's archive is missing or damaged."""
    try:
        start = _open(folder.traces / f"{0:06d}.npz")
        traces = Traces(folder.traces, _layout(start), _probe(start))
    except RefusedError:
        return None
    traces.renew()
    return traces


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


def _layout(start: Archive) -> Layout:
    names, rows = start.read("names").texts(), start.read("rows")
    if rows.dtype != "<i8" or rows.shape != (len(names),):
        raise RefusedError("names and rows do not fit")
    places: dict[str, dict[str, tuple[int, int]]] = {}
    ends = dict.fromkeys(META, 0)
    for name, count in zip(names, rows.numbers(0, len(names)), strict=True):
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        kind, pair = match.groups()
        if not 1 <= count <= LARGEST_FILE or pair in places.get(kind, {}) or (kind == "lambda" and count != 1):
            raise RefusedError("names and rows do not fit")
        places.setdefault(kind, {})[pair] = (ends[kind], int(count))
        ends[kind] += int(count)
    if not places:
        raise RefusedError("no λ, w or γ")
    return Layout(places)


def _probe(start: Archive) -> tuple[Image, ...]:
    images, labels = start.read("probe/images"), start.read("probe/labels")
    count, *shape = images.shape or (0,)
    if images.dtype != "|u1" or labels.dtype != "<i8" or labels.shape != (count,):
        raise RefusedError("no probe")
    if len(shape) != 3 or shape[0] != 3 or not 1 <= count <= MOST_IMAGES:
        raise RefusedError("no probe")
    _, height, width = shape
    found = []
    for number, label in enumerate(labels.numbers(0, count)):
        rgb = bytearray(3 * height * width)
        for colour in range(3):
            at = (3 * number + colour) * height * width
            rgb[colour::3] = images.data[at : at + height * width]
        found.append(Image(width, height, bytes(rgb), int(label)))
    return tuple(found)
