"""Preparing, caching, loading: tried on the digits, which are always there."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from l2t.data import catalog
from l2t.data.cache import ARRAYS, cache_folder
from l2t.errors import DataError, UsageError
from l2t.store import files


def snapshot(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_known_of_a_set_before_it_is_prepared(data_folder: Path):
    assert catalog.info("digits") is None
    assert not data_folder.exists()


def test_preparing_twice_writes_once(data_folder: Path):
    info = catalog.prepare("digits", 16)
    written = snapshot(data_folder)
    assert catalog.prepare("digits", 16) == info == catalog.info("digits") == catalog.describe("digits")
    assert snapshot(data_folder) == written


def test_images_are_mapped_not_read(data_folder: Path):
    info = catalog.prepare("digits", 16)
    images = catalog.load("digits", info.checksum, 16)
    assert isinstance(images.x_train, np.memmap)
    assert images.x_train.shape == (1057, 16, 16, 3)
    assert (images.x_train.dtype, images.y_train.dtype) == (np.uint8, np.int64)
    with pytest.raises(ValueError, match="read-only"):
        images.x_train[0] = 0


def test_loading_prepares_what_is_missing(data_folder: Path):
    info = catalog.prepare("digits", 16)
    assert catalog.load("digits", info.checksum, 8).x_test.shape == (740, 8, 8, 3)


def test_another_checksum_is_refused(data_folder: Path):
    with pytest.raises(DataError, match="digits has changed: sha256:0 was asked for, it is sha256:"):
        catalog.load("digits", "sha256:0", 8)


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_half_built_cache_is_never_used(data_folder: Path, array: str, damage: str):
    info = catalog.prepare("digits", 8)
    whole = catalog.load("digits", info.checksum, 8).x_test.copy()
    file = cache_folder(data_folder, info.checksum, 8) / f"{array}.npy"
    content = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    assert np.array_equal(catalog.load("digits", info.checksum, 8).x_test, whole)


def test_a_damaged_index_is_made_again(data_folder: Path):
    info = catalog.prepare("digits", 8)
    for content in (b"", b"{", b"[]", b'{"decoder": 1, "state": "", "info": {}}', b'{"decoder": 0}'):
        (data_folder / "index" / "digits.json").write_bytes(content)
        assert catalog.info("digits") is None
        assert catalog.prepare("digits", 8) == info


def test_another_version_of_the_package_asks_for_a_new_look(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    catalog.prepare("digits", 8)
    monkeypatch.setattr("l2t.data.digits.version", lambda package: "99.0")
    assert catalog.info("digits") is None
    catalog.prepare("digits", 8)
    assert catalog.info("digits") is not None


def test_verifying_finds_and_mends_damaged_images(data_folder: Path):
    info = catalog.prepare("digits", 8)
    catalog.prepare("digits", 16)
    assert catalog.verify("digits") == (info, ())
    file = cache_folder(data_folder, info.checksum, 16) / "x_train.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert catalog.verify("digits") == (info, (16,))
    assert catalog.verify("digits") == (info, ())


def test_what_was_never_prepared_cannot_be_verified():
    with pytest.raises(DataError, match="digits is not prepared: l2t data prepare digits"):
        catalog.verify("digits")


def test_two_processes_that_prepare_at_once_both_end_well(data_folder: Path):
    script = "from l2t.data import catalog; i = catalog.prepare('digits', 16); catalog.load('digits', i.checksum, 16)"
    workers = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert catalog.verify("digits")[1] == ()
    assert not list(data_folder.rglob("*.tmp"))


def test_a_full_disk_is_said_and_leaves_nothing_half_done(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "_write", full)
        with pytest.raises(DataError, match=r"cannot use the data folder .*l2t data: No space left on device"):
            catalog.prepare("digits", 8)
    assert catalog.info("digits") is None
    assert not [path for path in data_folder.rglob("*") if path.is_file()]


def test_a_data_folder_that_is_a_file_is_said(data_folder: Path):
    data_folder.touch()
    with pytest.raises(DataError, match=r"cannot use the data folder .*l2t data: File exists"):
        catalog.prepare("digits", 8)


def test_an_unknown_name_gets_the_nearest_match():
    with pytest.raises(UsageError, match=r'no data set "digit"\. Did you mean digits\? \(l2t data list lists all\)'):
        catalog.info("digit")


def test_the_list_has_every_set_and_every_folder_that_was_prepared(data_folder: Path):
    catalog.prepare("digits", 8)
    catalog.prepare("digits", 16)
    entries = {entry.name: entry for entry in catalog.known()}
    assert list(entries) == ["digits", "glyphs", "cifar10", "cifar100", "stl10", "tinyimagenet"]
    assert entries["digits"].sizes == (8, 16)
    assert entries["cifar10"].missing == "cifar-10-binary.tar.gz"


def test_asking_imports_neither_torch_nor_scipy_nor_pandas(data_folder: Path):
    catalog.prepare("digits", 8)
    script = (
        "import sys; from l2t.data import catalog; i = catalog.info('digits'); catalog.load('digits', i.checksum, 8); "
        "catalog.known(); print(*{'torch', 'scipy', 'pandas', 'matplotlib', 'sklearn', 'PIL'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.strip() == ""
