"""Opening files that somebody else may have made: what is no plain file of sensible size is refused, and links
are not followed."""

import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import UnionType
from typing import Any

LARGEST_JSON = 16 << 20
"""Bytes above which a file of JSON is not read."""


class RefusedError(Exception):
    """What was found is not what it should be. The text is one clause: what is wrong."""


@contextmanager
def opened(path: str | Path, within: int | None = None) -> Iterator[int]:
    """A folder as a descriptor; RefusedError where it is none. within: the folder that holds it, in which no link is
    followed (a home's own `runs` may well be one, to a larger disk)."""
    try:
        flags = os.O_RDONLY | os.O_DIRECTORY | (0 if within is None else os.O_NOFOLLOW)
        descriptor = os.open(path, flags, dir_fd=within)
    except OSError as error:
        raise RefusedError(_no_folder(path, within, error)) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def opened_file(name: str | Path, within: int | None, largest: int) -> Iterator[int | None]:
    """A plain file as a descriptor, None where there is none; RefusedError for a link, a device, a pipe, a file larger
    than `largest` bytes or one that cannot be read."""
    label = Path(name).name
    try:
        # Looked at before it is opened: opening a device may do something, and a named pipe waits for a writer.
        _be_plain(label, os.stat(name, dir_fd=within, follow_symlinks=False), largest)
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=within)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise RefusedError(f"{label}: {error.strerror}") from error
    try:
        _be_plain(label, os.fstat(descriptor), largest)
        yield descriptor
    finally:
        os.close(descriptor)


def read_object(name: str | Path, within: int | None = None) -> dict[str, Any] | None:
    """The JSON object in a plain file; None where there is no file, RefusedError where it is anything else."""
    label = Path(name).name
    with opened_file(name, within, LARGEST_JSON) as descriptor:
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST_JSON + 1)
    return parse_object(data, label)


def parse_object(data: bytes | str, label: str) -> dict[str, Any]:
    """The JSON object that `data` is; RefusedError, about `label`, where it is none."""
    try:
        value = json.loads(data, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{label} is damaged: no JSON") from error
    if not isinstance(value, dict):
        raise RefusedError(f"{label} is damaged: no JSON object")
    return value


def typed(values: Mapping[str, Any], types: Mapping[str, type | UnionType]) -> bool:
    """Whether these are the values' keys, and each is of its type. True and False are no numbers here."""
    return values.keys() == types.keys() and all(
        isinstance(value, types[name]) and not isinstance(value, bool) for name, value in values.items()
    )


def listed(folder: Path) -> list[str]:
    """Sorted names of what lies in a folder; none where it is no folder, or gone."""
    try:
        with opened(folder) as descriptor, os.scandir(descriptor) as entries:
            return sorted(entry.name for entry in entries)
    except RefusedError:
        return []


def _be_plain(label: str, found: os.stat_result, largest: int) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise RefusedError(f"{label} is a link")
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(f"{label} is no plain file")
    if found.st_size > largest:
        raise RefusedError(f"{label} is too large ({found.st_size} bytes)")


def _no_folder(path: str | Path, within: int | None, error: OSError) -> str:
    try:
        mode = os.stat(path, dir_fd=within, follow_symlinks=False).st_mode
    except OSError:
        return f"{error.strerror}"
    return (
        "it is a link" if stat.S_ISLNK(mode) else "it is no folder" if not stat.S_ISDIR(mode) else f"{error.strerror}"
    )


def _refuse(text: str) -> None:
    raise ValueError(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
