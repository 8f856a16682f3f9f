"""Reading npz archives that somebody else may have made, without numpy: importing it costs a face 0.1 s and 12 MB.

Only what traces need: C-ordered arrays of float16, uint8, int64 and text, deflated or stored.
"""

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from l2t.store.plain import RefusedError

LARGEST_DIRECTORY = 64 << 10
"""Bytes of an archive's list of members above which it is not read."""
LARGEST_ARRAY = 4 << 20
"""Bytes of one unpacked array above which it is not read."""
DTYPES = {"<f2": "e", "|u1": "B", "<i8": "q"}
"""Types of numbers that are read: numpy's name and struct's."""

_HEADER = re.compile(
    r"\{'descr': '(?P<type>[<|][fuiU]\d{1,3})', 'fortran_order': (?P<columns>False|True), "
    r"'shape': \((?P<shape>|\d{1,9},|\d{1,9}(?:, \d{1,9}){1,7})\), \} *\n",
    re.ASCII,
)
"""As numpy writes it; evaluating it as Python would let a stranger's file choose what is evaluated."""
_END = struct.Struct("<4s4H2LH")
"""The end of a zip archive without comment: signature, disks, entries, size and place of the directory, comment."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array as it lies in its archive."""

    dtype: str
    """As numpy names it: "<f2"."""
    shape: tuple[int, ...]
    data: bytes

    def numbers(self, first: int, count: int) -> tuple[float, ...]:
        """`count` numbers from the flat index `first` on, which the caller knows to be there."""
        code = DTYPES[self.dtype]
        return struct.unpack_from(f"<{count}{code}", self.data, first * struct.calcsize(f"<{code}"))

    def texts(self) -> tuple[str, ...]:
        """The elements of an array of text; RefusedError where it is none."""
        try:
            size = 4 * int(self.dtype.removeprefix("<U"))
            return tuple(
                self.data[at : at + size].decode("utf-32-le").rstrip("\0") for at in range(0, len(self.data), size)
            )
        except ValueError as error:
            raise RefusedError("an array is no text") from error


class Archive:
    """An npz archive in memory. Raises RefusedError where it is none, or damaged."""

    def __init__(self, data: bytes) -> None:
        tail = data[-_END.size :]
        # Only the plain form that numpy writes: zipfile would unpack a directory of any size.
        if len(tail) < _END.size or tail[:4] != b"PK\5\6" or data[-_END.size - 20 :].startswith(b"PK\6\7"):
            raise RefusedError("no npz archive, or torn")
        if _END.unpack(tail)[5] > LARGEST_DIRECTORY:
            raise RefusedError("too many arrays")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise RefusedError("a damaged npz archive") from error
        self.members: Mapping[str, zipfile.ZipInfo] = {
            info.filename.removesuffix(".npy"): info for info in self._zip.infolist()
        }

    def read(self, name: str) -> Array:
        """One array; RefusedError where it is missing, too large, damaged or of another kind."""
        info = self.members.get(name)
        if info is None:
            raise RefusedError(f"without {name}")
        if info.file_size > LARGEST_ARRAY:
            raise RefusedError(f"{name} is too large ({info.file_size} bytes)")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedError(f"{name} is packed in another way")
        try:
            with self._zip.open(info) as file:
                return _array(file.read(info.file_size))
        except (
            zipfile.BadZipFile,
            zlib.error,
            struct.error,
            EOFError,
            OSError,
            RuntimeError,
            ValueError,
        ) as error:
            raise RefusedError(f"{name} is damaged") from error


def _array(npy: bytes) -> Array:
    if npy[:8] != b"\x93NUMPY\1\0":
        raise ValueError("not npy, version 1.0")
    (length,) = struct.unpack_from("<H", npy, 8)
    start = 10 + length
    header = _HEADER.fullmatch(npy[10:start].decode("latin-1"))
    if header is None:
        raise ValueError("another header than numpy's")
    dtype, shape = header["type"], tuple(map(int, re.findall(r"\d+", header["shape"])))
    if header["columns"] == "True" and len(shape) > 1:
        raise ValueError("columns first")
    if dtype in DTYPES:
        size = struct.calcsize(f"<{DTYPES[dtype]}")
    elif dtype[:2] == "<U" and int(dtype[2:]):
        size = 4 * int(dtype[2:])
    else:
        raise ValueError("another type")
    if math.prod(shape) * size != len(npy) - start:
        raise ValueError("another length")
    return Array(dtype, shape, npy[start:])
