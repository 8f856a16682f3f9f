"""The published data sets, on tiny archives in the official formats."""

import dataclasses
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from l2t.data import catalog
from l2t.data.cifar import Cifar10, Cifar100
from l2t.data.official import OfficialSet
from l2t.data.stl10 import Stl10
from l2t.data.tinyimagenet import TinyImageNet
from l2t.errors import DataError

Files = dict[str, bytes]
TRAIN, TEST = 5, 2
"""Images of each class in the tiny archives."""


def pixels(number: int, side: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(number, side, side, 3), dtype=np.uint8)


def cifar(dataset: type[Cifar10 | Cifar100], x: np.ndarray, y: np.ndarray) -> bytes:
    """Records as the CIFAR page describes them."""
    coarse = np.full((len(y), dataset.label_bytes - 1), 19)
    planes = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    return np.concatenate([coarse, y[:, None], planes], axis=1).astype(np.uint8).tobytes()


def jpeg(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=100, subsampling=0)
    return file.getvalue()


def cifar_files(dataset: type[Cifar10 | Cifar100]) -> tuple[Files, np.ndarray, np.ndarray]:
    labels = np.random.default_rng(5).permutation(np.arange(dataset.classes).repeat(TRAIN))
    test_labels = np.arange(dataset.classes).repeat(TEST)
    train, test = pixels(len(labels), 32, 0), pixels(len(test_labels), 32, 1)
    parts = np.array_split(np.arange(len(labels)), len(dataset.train_files))
    files = {
        name: cifar(dataset, train[part], labels[part]) for name, part in zip(dataset.train_files, parts, strict=True)
    }
    files[dataset.test_files[0]] = cifar(dataset, test, test_labels)
    files[dataset.names_file] = "".join(f"name{label}\n" for label in range(dataset.classes)).encode() + b"\n"
    return files, train, labels


def stl10_files() -> tuple[Files, np.ndarray, np.ndarray]:
    labels, test_labels = np.arange(10).repeat(TRAIN), np.arange(10).repeat(TEST)
    train, test = pixels(len(labels), 96, 0), pixels(len(test_labels), 96, 1)
    files = {"unlabeled_X.bin": b"never read", "fold_indices.txt": b""}
    for split, x, y in (("train", train, labels), ("test", test, test_labels)):
        files[f"{split}_X.bin"] = x.transpose(0, 3, 2, 1).tobytes()
        files[f"{split}_y.bin"] = (y + 1).astype(np.uint8).tobytes()
    files["class_names.txt"] = "\n".join(f"name{label}" for label in range(10)).encode()
    return files, train, labels


def tinyimagenet_files() -> tuple[Files, np.ndarray, np.ndarray]:
    names = [f"n{label:08d}" for label in range(200)]
    labels = np.arange(200).repeat(TRAIN)
    # Flat colours, which JPEG at full quality keeps to within a grey level.
    train = np.ones((len(labels), 64, 64, 3), np.uint8) * pixels(len(labels), 1, 0)
    files = {"wnids.txt": "\n".join(reversed(names)).encode()}
    for index, label in enumerate(labels):
        files[f"train/{names[label]}/images/{names[label]}_{index % TRAIN}.JPEG"] = jpeg(train[index])
    lines = []
    for index in range(200 * TEST):
        files[f"val/images/val_{index}.JPEG"] = jpeg(train[index])
        lines.append(f"val_{index}.JPEG\t{names[index % 200]}\t0\t0\t62\t62\n")
    files["val/val_annotations.txt"] = "".join(lines).encode()
    return files, train, labels


SETS: dict[str, tuple[type[OfficialSet], Callable[[], tuple[Files, np.ndarray, np.ndarray]]]] = {
    "cifar10": (Cifar10, lambda: cifar_files(Cifar10)),
    "cifar100": (Cifar100, lambda: cifar_files(Cifar100)),
    "stl10": (Stl10, stl10_files),
    "tinyimagenet": (TinyImageNet, tinyimagenet_files),
}


def pack(name: str, files: Files) -> bytes:
    dataset = SETS[name][0]
    file = io.BytesIO()
    if dataset.archive.name.endswith(".zip"):
        with zipfile.ZipFile(file, "w") as archive:
            for path, content in files.items():
                archive.writestr(f"{dataset.archive.folder}/{path}", content)
    else:
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            for path, content in files.items():
                member = tarfile.TarInfo(f"{dataset.archive.folder}/{path}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def unpack(data: Path, name: str, files: Files) -> None:
    for path, content in files.items():
        file = data / SETS[name][0].archive.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, data_folder: Path) -> None:
    """The sets with few images and no way to the internet."""
    data_folder.mkdir()
    for dataset, _ in SETS.values():
        archive = dataclasses.replace(dataset.archive, url=f"http://127.0.0.1:1/{dataset.archive.name}")
        monkeypatch.setattr(dataset, "archive", archive)
        monkeypatch.setattr(dataset, "train_images", TRAIN)
        monkeypatch.setattr(dataset, "test_images", TEST)


def put(monkeypatch: pytest.MonkeyPatch, data: Path, name: str, content: bytes) -> Path:
    """Lay an archive into the data folder, as the official one."""
    dataset = SETS[name][0]
    md5 = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(dataset, "archive", dataclasses.replace(dataset.archive, md5=md5))
    path = data / dataset.archive.name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("unpacked", [False, True], ids=["archive", "unpacked"])
@pytest.mark.parametrize("name", SETS)
def test_images_and_labels_are_read_as_they_were_written(
    name: str, unpacked: bool, data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    dataset, make = SETS[name]
    files, train, labels = make()
    if unpacked:
        unpack(data_folder, name, files)
    else:
        put(monkeypatch, data_folder, name, pack(name, files))
    info = catalog.prepare(name, dataset.side)
    images = catalog.load(name, info.checksum, dataset.side)
    assert info.checksum.startswith("sha256:" if unpacked else f"md5:{dataset.archive.md5}")
    assert images.y_train.tolist() == labels.tolist()
    assert np.abs(images.x_train.astype(int) - train).max() <= (1 if name == "tinyimagenet" else 0)
    assert (info.train_counts, info.test_counts) == ((TRAIN,) * dataset.classes, (TEST,) * dataset.classes)
    assert info.classes[1] == ("n00000001" if name == "tinyimagenet" else "name1")
    assert catalog.verify(name) == (info, ())


def test_the_official_facts_are_known_before_anything_is_there():
    info = catalog.describe("stl10")
    assert info is not None
    assert info.checksum == "md5:91f7769df0f17e558f3565bffb0c7dfb"
    assert (len(info.classes), info.height) == (10, 96)
    assert catalog.info("stl10") is None


def test_larger_images_are_shrunk_with_antialiasing(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    import torch
    from torch.nn.functional import interpolate

    files, train, _ = stl10_files()
    put(monkeypatch, data_folder, "stl10", pack("stl10", files))
    images = catalog.load("stl10", catalog.prepare("stl10", 32).checksum, 32)
    channels = torch.tensor(train).permute(0, 3, 1, 2).double()
    expected = interpolate(channels, (32, 32), mode="bilinear", antialias=True, align_corners=False)
    # PIL rounds to whole levels after each of its two passes.
    assert np.abs(images.x_train - expected.permute(0, 2, 3, 1).numpy()).max() <= 1


@pytest.mark.parametrize("name", SETS)
def test_offline_the_error_names_the_file_its_checksum_and_where_to_put_it(name: str, data_folder: Path):
    archive = SETS[name][0].archive
    with pytest.raises(
        DataError, match=rf"{archive.name} cannot .*\(md5 {archive.md5}\) and put it into {data_folder}"
    ):
        catalog.prepare(name, 32)
    assert list(data_folder.iterdir()) == []


@pytest.mark.parametrize("name", SETS)
def test_an_archive_with_another_checksum_is_refused_and_left_alone(name: str, data_folder: Path):
    path = data_folder / SETS[name][0].archive.name
    path.write_bytes(b"half")
    with pytest.raises(DataError, match=f"{path} is damaged or another file: its md5 is .* Replace it"):
        catalog.prepare(name, 32)
    assert path.read_bytes() == b"half"
    assert catalog.info(name) is None


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.999])
def test_a_truncated_archive_is_named_even_where_its_checksum_fits(
    name: str, keep: float, data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = pack(name, SETS[name][1]()[0])
    path = put(monkeypatch, data_folder, name, whole[: int(len(whole) * keep)])
    with pytest.raises(DataError, match=str(path)):
        catalog.prepare(name, 32)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("cifar10", "data_batch_3.bin"),
        ("cifar100", "test.bin"),
        ("stl10", "train_y.bin"),
        ("tinyimagenet", "wnids.txt"),
        ("tinyimagenet", "train/n00000007/images/n00000007_3.JPEG"),
        ("tinyimagenet", "val/images/val_3.JPEG"),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "cut"])
@pytest.mark.parametrize("unpacked", [False, True], ids=["archive", "unpacked"])
def test_a_missing_or_cut_file_is_named(
    name: str, file: str, damage: str, unpacked: bool, data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    files, _, _ = SETS[name][1]()
    content = files.pop(file)
    if damage == "cut":
        files[file] = content[: len(content) // 2]
    if unpacked:
        unpack(data_folder, name, files)
    else:
        put(monkeypatch, data_folder, name, pack(name, files))
    with pytest.raises(DataError, match=file):
        catalog.prepare(name, 32)
    assert catalog.info(name) is None


def test_labels_that_cannot_be_are_refused(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    files, _, _ = stl10_files()
    for wrong in (0, 11, 2):
        files["test_y.bin"] = bytes([wrong]) + files["test_y.bin"][1:]
        put(monkeypatch, data_folder, "stl10", pack("stl10", files))
        with pytest.raises(
            DataError, match=r"stl10_binary/test_y\.bin is damaged: it does not label 2 images of each of"
        ):
            catalog.prepare("stl10", 32)


def test_annotations_that_point_out_of_the_folder_are_refused(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    files, _, _ = tinyimagenet_files()
    files["val/val_annotations.txt"] += b"../../../secret\tn00000003\t0\t0\t1\t1\n"
    put(monkeypatch, data_folder, "tinyimagenet", pack("tinyimagenet", files))
    with pytest.raises(DataError, match=r"val_annotations\.txt is damaged at: '\.\./\.\./\.\./secret"):
        catalog.prepare("tinyimagenet", 32)


def test_members_that_are_links_are_not_followed(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    files, _, _ = cifar_files(Cifar10)
    del files["test_batch.bin"]
    content = io.BytesIO(pack("cifar10", files))
    packed = io.BytesIO()
    with tarfile.open(fileobj=content) as old, tarfile.open(fileobj=packed, mode="w:gz") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
        link = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        new.addfile(link)
    put(monkeypatch, data_folder, "cifar10", packed.getvalue())
    with pytest.raises(DataError, match=r"has no file cifar-10-batches-bin/test_batch\.bin"):
        catalog.prepare("cifar10", 32)


def test_nothing_is_unpacked_beside_the_archive(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    path = put(monkeypatch, data_folder, "cifar10", pack("cifar10", cifar_files(Cifar10)[0]))
    catalog.prepare("cifar10", 32)
    assert sorted(data_folder.iterdir()) == sorted([path, data_folder / "decoded", data_folder / "index"])


def test_without_the_archive_the_decoded_images_still_serve(data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    path = put(monkeypatch, data_folder, "cifar10", pack("cifar10", cifar_files(Cifar10)[0]))
    info = catalog.prepare("cifar10", 32)
    path.unlink()
    assert catalog.prepare("cifar10", 32) == info
    assert len(catalog.load("cifar10", info.checksum, 32).x_train) == 50
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz is no longer in"):
        catalog.verify("cifar10")


def test_the_official_archives_are_the_published_ones():
    published = {
        "cifar10": ("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),
        "cifar100": ("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"),
        "stl10": ("stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb"),
        "tinyimagenet": ("tiny-imagenet-200.zip", "90528d7ca1a48142e341f4ef8d21d0de"),
    }
    assert {name: (dataset.archive.name, dataset.archive.md5) for name, (dataset, _) in SETS.items()} == published
