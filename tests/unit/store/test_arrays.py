"""Archives of arrays are read as numpy reads them, and a stranger's archive is refused instead of believed."""

import contextlib
import io
import math
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from l2t.store.arrays import LARGEST_ARRAY, LARGEST_DIRECTORY, Archive
from l2t.store.plain import RefusedError

ARRAYS = st.one_of(
    arrays_of.arrays(dtype, arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    for dtype in (np.float16, np.uint8, np.int64)
)
TEXTS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1)


def packed(arrays: dict[str, np.ndarray], save: Callable[..., None] = np.savez_compressed) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def zipped(files: dict[str, bytes], pack: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", pack) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def npy(header: str, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header.encode("latin-1") + data


def read_all(data: bytes) -> None:
    """As a screen would: whatever can be read is read. Only RefusedError is a refusal."""
    archive = Archive(data)
    for name in archive.members:
        try:
            array = archive.read(name)
            if array.dtype.startswith("<U"):
                array.texts()
            else:
                array.numbers(0, math.prod(array.shape))
        except RefusedError:
            pass


@given(st.dictionaries(st.sampled_from(["mean/w", "rows", "x"]), ARRAYS), st.booleans())
def test_arrays_are_those_that_numpy_loads(arrays: dict[str, np.ndarray], deflated: bool) -> None:
    data = packed(arrays, np.savez_compressed if deflated else np.savez)
    if not arrays:
        with pytest.raises(RefusedError):
            Archive(data).read("x")
        return
    archive = Archive(data)
    with np.load(io.BytesIO(data)) as oracle:
        assert set(archive.members) == set(oracle.files)
        for name in oracle.files:
            array, expected = archive.read(name), oracle[name]
            assert array.shape == expected.shape
            assert np.dtype(array.dtype) == expected.dtype
            flat = [float(value) for value in expected.flatten()]
            np.testing.assert_array_equal(array.numbers(0, len(flat)), flat)
            if len(flat) > 2:
                np.testing.assert_array_equal(array.numbers(1, 2), flat[1:3])


@given(TEXTS)
def test_texts_are_those_that_numpy_loads(texts: list[str]) -> None:
    assert Archive(packed({"names": np.array(texts)})).read("names").texts() == tuple(np.array(texts).tolist())


@given(st.data())
def test_a_damaged_archive_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(packed({"names": np.array(["w[1-2]"]), "mean/w": np.arange(9, dtype=np.float16)}))
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=6)):
        whole[at] = byte
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    with contextlib.suppress(RefusedError):
        read_all(bytes(whole[:cut]))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(RefusedError):
        read_all(data)


@given(st.binary(max_size=200))
def test_any_member_is_read_or_refused(data: bytes) -> None:
    read_all(zipped({"a.npy": data, "b.npy": b"\x93NUMPY\1\0" + data}))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n",
        "{'descr': '<f2', 'fortran_order': True, 'shape': (1, 2), }\n",
        "{'descr': '<f2', 'fortran_order': False, 'shape': (-1, -2), }\n",
        "{'descr': '<f2', 'fortran_order': False, 'shape': (999999999, 999999999), }\n",
        "{'descr': '<f2', 'fortran_order': False, 'shape': (9" + "9" * 5000 + ",), }\n",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (4,), }\n",
        "{'descr': [('a', '<f2')], 'fortran_order': False, 'shape': (2,), }\n",
        "-" * 4000 + "1\n",
        "(" * 4000 + "\n",
        "",
    ],
)
def test_another_header_is_refused(header: str) -> None:
    with pytest.raises(RefusedError, match="a is damaged"):
        Archive(zipped({"a.npy": npy(header, b"\0" * 4)})).read("a")


def test_columns_first_is_read_where_it_means_the_same() -> None:
    array = Archive(packed({"a": np.asfortranarray(np.arange(3, dtype=np.float16))})).read("a")
    assert array.numbers(0, 3) == (0, 1, 2)


@pytest.mark.parametrize("pack", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packing_is_refused(pack: int) -> None:
    with pytest.raises(RefusedError, match="packed in another way"):
        Archive(zipped({"a.npy": npy("", b"\0")}, pack)).read("a")


def test_arrays_that_are_no_text_are_no_text() -> None:
    with pytest.raises(RefusedError, match="no text"):
        Archive(packed({"a": np.arange(3, dtype=np.int64)})).read("a").texts()


def test_a_bomb_takes_no_more_memory_than_an_array_may() -> None:
    honest = zipped({"a.npy": b"\0" * (64 << 20)})
    # A directory that lies: the member says that it is small.
    lying = honest.replace(struct.pack("<L", 64 << 20), struct.pack("<L", 1000))
    tracemalloc.start()
    for data in (honest, lying):
        with pytest.raises(RefusedError):
            Archive(data).read("a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * LARGEST_ARRAY


def test_a_long_directory_is_refused_unread() -> None:
    many = zipped({f"{number:0>200}.npy": b"" for number in range(LARGEST_DIRECTORY // 200)})
    with pytest.raises(RefusedError, match="too many"):
        Archive(many)


def test_a_wrong_checksum_is_damage() -> None:
    data = packed({"a": np.arange(9, dtype=np.float16)}, np.savez)
    crc = struct.pack("<L", zlib.crc32(zipfile.ZipFile(io.BytesIO(data)).read("a.npy")))
    with pytest.raises(RefusedError, match="damaged"):
        Archive(data.replace(crc, b"\1\2\3\4")).read("a")
