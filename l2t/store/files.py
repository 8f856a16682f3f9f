"""The two ways anything is written to disk: atomically (a whole file) or by appending (one line of JSON).

Every write of the store, of run folders and of caches goes through `_write`, so that a full or read-only disk can be
tried in tests at one place.
"""

import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_NO_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


def _write(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`; OSError where the disk is full, read-only or gone."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_atomic(path: Path, *data: bytes | memoryview) -> None:
    """Replace `path` by the parts of `data`: readers see the old file or the new one, whole, and a power cut leaves one
    of them.

    The temporary file lies beside it (`.NAME.RANDOM.tmp`) and is removed on any error.
    """
    temporary = temporary_for(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            for part in data:
                _write(descriptor, part)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def temporary_for(path: Path) -> Path:
    """A name of its own, beside `path`, for what shall become `path`."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def is_temporary(name: str) -> bool:
    """Whether a file or folder of this name is a temporary one of ours: its writer is at work, or died."""
    return re.fullmatch(r"\..+\.[0-9a-f]{8}\.tmp|\.space-[0-9a-f]{8}", name, re.DOTALL) is not None


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Create a folder that only its owner may enter, and those above it, where they are missing; durable."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def move(path: Path, to: Path) -> None:
    """Rename a file or folder; durable."""
    path.rename(to)
    for folder in {path.parent, to.parent}:
        sync_folder(folder)


def write_json(path: Path, value: Any) -> None:
    """`write_atomic` of indented JSON with a final newline."""
    write_atomic(path, (json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None where there is no such file or it holds anything else."""
    try:
        value = json.loads(path.read_bytes())
    except (*_NO_FILE, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def copy(source: int, path: Path, durable: bool = True) -> None:
    """Write all that is left to read of an open file into a new one. durable: it survives a power cut once its folder
    does; else the caller syncs many files at once."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        while data := os.read(source, 1 << 20):
            _write(descriptor, data)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_text(path: Path, text: str) -> None:
    """Append text to a log; what cannot be encoded is escaped."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        _write(descriptor, text.encode(errors="backslashreplace"))
    finally:
        os.close(descriptor)


class _OpenFile:
    """A context that closes its descriptor at the end."""

    _descriptor: int

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class LineWriter(_OpenFile):
    """Appends JSON objects, one a line. A line that an earlier writer, or a full disk, left torn is ended first."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._torn = self._is_torn()
        except BaseException:
            self.close()
            raise

    def append(self, *values: dict[str, Any]) -> None:
        """Append each value as one line, all in one write. After an error the last line may be torn; the next call ends
        it."""
        lines = "".join(json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n" for value in values)
        if lines:
            before, self._torn = self._torn, True
            _write(self._descriptor, (("\n" if before else "") + lines).encode())
            self._torn = False

    def sync(self) -> None:
        """Make all lines so far survive a power cut: before anything durable counts on them."""
        os.fsync(self._descriptor)

    def _is_torn(self) -> bool:
        size = os.fstat(self._descriptor).st_size
        return size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"


def read_lines(path: Path, offset: int = 0) -> Iterator[dict[str, Any]]:
    """The JSON objects of the whole lines of `path` from byte `offset`; torn and unreadable lines are skipped."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except _NO_FILE:
        return
    for line in data.split(b"\n")[:-1]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


class PartialFile(_OpenFile):
    """A large file that arrives in pieces, perhaps over the lives of several processes, as `NAME.part` beside its name.

    One process at a time holds it; the others wait at its opening and should then look whether `path` is there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        while True:
            self._descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.fstat(self._descriptor).st_ino == self.part.stat().st_ino:
                    return
            # Its last holder finished or discarded it while this process waited.
            os.close(self._descriptor)

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return os.fstat(self._descriptor).st_size

    def append(self, data: bytes) -> None:
        _write(self._descriptor, data)

    def clear(self) -> None:
        """Begin anew."""
        os.ftruncate(self._descriptor, 0)

    def finish(self) -> None:
        """Give the file its name, whole and durable."""
        os.fsync(self._descriptor)
        self.part.replace(self.path)

    def discard(self) -> None:
        self.part.unlink(missing_ok=True)
