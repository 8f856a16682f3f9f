"""What is known of data sets and how their images are had. Torch-free: plans, faces and workers all ask here.

In the data folder: official archives (or their unpacked folders), `index/` (one file a prepared set: its `DataInfo`)
and `decoded/` (see cache.py). An index entry holds as long as the set's `state` is the one it was made from.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from l2t import paths
from l2t.data.base import DataInfo, DataSet, Decoded, Images, Progress
from l2t.data.cache import DECODER, cached_sizes, drop_cache, read_cache, write_cache
from l2t.data.registry import FOLDER, canonical, datasets, resolve
from l2t.errors import DataError
from l2t.store.files import write_json


@dataclass(frozen=True)
class Known:
    """How a data set stands: one line of `l2t data list`."""

    name: str
    title: str
    summary: str
    info: DataInfo | None
    """What is known; None where the set has to be prepared first."""
    sizes: tuple[int, ...]
    """Sizes at which its images are ready, pixels."""
    missing: str | None
    """What would have to be downloaded."""
    problem: str | None
    """Why it cannot be used as it is (a folder that has gone)."""


def quiet(step: str, done: int, total: int) -> None:
    """A progress that tells nobody."""


def info(name: str) -> DataInfo | None:
    """The prepared data set, from its index; None where it was never prepared or has changed since.

    Opens no image. UsageError for an unknown name, DataError for a folder that is not there or not as it should be.
    """
    name = canonical(name)
    state = resolve(name).state(paths.data())
    entry = _read_index(name)
    if entry is None or entry["state"] != state:
        return None
    return DataInfo.model_validate(entry["info"])


def describe(name: str) -> DataInfo | None:
    """What is known without the images: `info`, else an official archive's facts (for `--dry-run`), else None."""
    return info(name) or resolve(name).expected(canonical(name))


def prepare(name: str, size: int, progress: Progress = quiet) -> DataInfo:
    """Fetch, verify and decode what is not there yet. size: height and width the images are needed at, pixels."""
    data = paths.data()
    ready = info(name)
    if ready is not None and read_cache(data, ready.checksum, size) is not None:
        return ready
    name = canonical(name)
    dataset = resolve(name)
    with _writing(data):
        data.mkdir(parents=True, exist_ok=True)
        state = dataset.state(data)
        checksum = dataset.fetch(data, progress)
        decoded = dataset.decode(data, size, progress)
        ready = _describe(name, dataset, checksum, decoded)
        write_cache(data, checksum, size, decoded.images)
        _write_index(name, state, ready)
    return ready


def load(name: str, checksum: str, size: int) -> Images:
    """The images with that checksum, mapped from the cache, prepared first where they are not in it.

    DataError where the data set is another one by now.
    """
    images = read_cache(paths.data(), checksum, size)
    if images is not None:
        return images
    found = prepare(name, size).checksum
    images = read_cache(paths.data(), checksum, size)
    if images is None:
        raise DataError(f"{name} has changed: {checksum} was asked for, it is {found} now (ask for the runs again)")
    return images


def known() -> list[Known]:
    """Every data set of the registry, then every folder that was prepared, for lists."""
    return [status(name) for name in [*(name for name, _ in datasets.items()), *_indexed_folders()]]


def status(name: str) -> Known:
    """How one data set stands; UsageError for an unknown name."""
    name = canonical(name)
    data = paths.data()
    dataset = resolve(name)
    try:
        found, problem = info(name), None
    except DataError as error:
        found, problem = None, str(error)
    return Known(
        name=name,
        title=dataset.title,
        summary=dataset.summary,
        info=found or dataset.expected(name),
        sizes=cached_sizes(data, found.checksum) if found else (),
        missing=dataset.missing(data),
        problem=problem,
    )


def verify(name: str, progress: Progress = quiet) -> tuple[DataInfo, tuple[int, ...]]:
    """Read the data set's own files again and compare them with the index and with all decoded images.

    Returns the description and the sizes whose decoded images were damaged, and are mended now. DataError where the set
    is not prepared, its files are gone, or they are not what was prepared.
    """
    data = paths.data()
    name = canonical(name)
    dataset = resolve(name)
    entry = _read_index(name)
    if entry is None:
        raise DataError(f"{name} is not prepared: l2t data prepare {name}")
    prepared = DataInfo.model_validate(entry["info"])
    if missing := dataset.missing(data):
        raise DataError(f"{missing} is no longer in {data}: there is nothing to compare the decoded images with")
    checksum = dataset.fetch(data, progress)
    if checksum != prepared.checksum:
        raise DataError(
            f"{name} has changed: {prepared.checksum} was prepared, it is {checksum} now (l2t data prepare)"
        )
    damaged = []
    for size in cached_sizes(data, checksum):
        decoded = dataset.decode(data, size, progress).images
        if not _equal(read_cache(data, checksum, size), decoded):
            with _writing(data):
                drop_cache(data, checksum, size)
                write_cache(data, checksum, size, decoded)
            damaged.append(size)
    return prepared, tuple(damaged)


@contextmanager
def _writing(data: Path) -> Iterator[None]:
    """Within: an error of the disk is a DataError that names the data folder."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot use the data folder {data}: {reason} (L2T_DATA names another)") from error


def _describe(name: str, dataset: DataSet, checksum: str, decoded: Decoded) -> DataInfo:
    classes = len(decoded.classes)
    return DataInfo(
        name=name,
        title=dataset.title,
        checksum=checksum,
        classes=decoded.classes,
        train_counts=tuple(np.bincount(decoded.images.y_train, minlength=classes).tolist()),
        test_counts=tuple(np.bincount(decoded.images.y_test, minlength=classes).tolist()),
        height=decoded.height,
        width=decoded.width,
        padding=dataset.padding,
        flip=dataset.flip,
        ignored=decoded.ignored,
    )


def _equal(cached: Images | None, decoded: Images) -> bool:
    return cached is not None and all(
        np.array_equal(getattr(cached, name), array) for name, array in vars(decoded).items()
    )


def _index_path(name: str) -> Path:
    stem = f"folder-{hashlib.sha256(name.encode()).hexdigest()[:16]}" if name.startswith(FOLDER) else name
    return paths.data() / "index" / f"{stem}.json"


def _read_index(name: str) -> dict[str, Any] | None:
    """The entry, or None where there is none that this version can use."""
    try:
        entry: dict[str, Any] = json.loads(_index_path(name).read_bytes())
        usable = entry["decoder"] == DECODER and DataInfo.model_validate(entry["info"]).name == name
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return entry if usable else None


def _write_index(name: str, state: str, described: DataInfo) -> None:
    path = _index_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"decoder": DECODER, "state": state, "info": described.model_dump(mode="json")})


def _indexed_folders() -> list[str]:
    names = []
    for path in sorted((paths.data() / "index").glob("folder-*.json")):
        try:
            names.append(str(json.loads(path.read_bytes())["info"]["name"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return names
