"""Decoded images on disk: a folder a (checksum, size, decoder), uint8 arrays that processes share by mapping them.

Each array is written atomically and the images of one folder are always the same, so a half-built cache is one that
lacks a file, and two processes that build it at once overwrite equal bytes.
"""

import io
import shutil
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l2t.data.base import Images
from l2t.store.files import write_atomic

DECODER = 1
"""Raised whenever a change to decoding or resizing changes pixels: older caches are then not found."""

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def cache_folder(data: Path, checksum: str, size: int) -> Path:
    """Where the arrays of one checksum and size lie in the data folder."""
    return data / "decoded" / f"{checksum.replace(':', '-')}-{size}{_decoder()}"


def cached_sizes(data: Path, checksum: str) -> tuple[int, ...]:
    """Sizes (pixels) at which the images are there, ascending."""
    start, end = f"{checksum.replace(':', '-')}-", _decoder()
    found = (data / "decoded").glob(f"{start}*{end}/{ARRAYS[-1]}.npy")
    return tuple(sorted(int(path.parent.name.removeprefix(start).removesuffix(end)) for path in found))


@cache
def _decoder() -> str:
    """What decides the pixels beside the data: our decoder and the versions of the packages that it calls."""
    return f"-{DECODER}-pillow{version('pillow')}-numpy{version('numpy')}"


def read_cache(data: Path, checksum: str, size: int) -> Images | None:
    """The images, mapped read-only; None where an array is missing or cut short."""
    folder = cache_folder(data, checksum, size)
    try:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS}
    except (FileNotFoundError, EOFError, ValueError):
        return None
    return Images(**arrays)


def write_cache(data: Path, checksum: str, size: int, images: Images) -> None:
    """Store the images, labels of the test set last."""
    folder = cache_folder(data, checksum, size)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(images, name))
        write_atomic(folder / f"{name}.npy", _npy_header(array), array.data.cast("B"))


def drop_cache(data: Path, checksum: str, size: int) -> None:
    """Remove the images of one checksum and size; processes that have them mapped keep them."""
    shutil.rmtree(cache_folder(data, checksum, size), ignore_errors=True)


def _npy_header(array: NDArray[np.uint8] | NDArray[np.int64]) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    return header.getvalue()
