"""`folder:PATH`: a user's own images."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from l2t.data import catalog
from l2t.errors import DataError, UsageError

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"


def picture(height: int = 12, width: int = 12, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes, three training and two test images each."""
    root = tmp_path / "my pictures"
    for split, count in (("train", 3), ("test", 2)):
        for label, name in enumerate(("cat", "Dog")):
            (root / split / name).mkdir(parents=True)
            for index in range(count):
                picture(seed=100 * label + 10 * count + index).save(root / split / name / f"{index}.png")
    return root


def prepare(root: Path, size: int = 12):
    return catalog.prepare(f"folder:{root}", size)


def test_labels_are_the_sorted_class_names_and_images_are_sorted_by_name(pictures: Path):
    info = prepare(pictures)
    images = catalog.load(info.name, info.checksum, 12)
    assert info.classes == ("Dog", "cat")
    assert (info.train_counts, info.test_counts) == ((3, 3), (2, 2))
    assert images.y_train.tolist() == [0, 0, 0, 1, 1, 1]
    for index, name in enumerate(["Dog/0", "Dog/1", "Dog/2", "cat/0", "cat/1", "cat/2"]):
        assert np.array_equal(images.x_train[index], np.asarray(Image.open(pictures / "train" / f"{name}.png")))


def test_the_name_is_the_absolute_path(pictures: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(pictures.parent)
    info = catalog.prepare("folder:my pictures/../my pictures", 8)
    assert info.name == f"folder:{pictures.resolve()}"
    assert catalog.info("folder:./my pictures") == info
    assert info.title == "my pictures"


def test_the_checksum_is_of_contents_not_of_place_or_time(pictures: Path, tmp_path: Path):
    before = prepare(pictures)
    os.utime(pictures / "train" / "cat" / "1.png", (1, 1))
    pictures.rename(tmp_path / "elsewhere")
    assert prepare(tmp_path / "elsewhere").checksum == before.checksum


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize(("height", "width"), [(20, 13), (13, 20), (9, 31), (12, 12), (33, 32)])
def test_images_of_any_size_are_resized_and_cropped_as_torchvision_does(
    pictures: Path, size: int, height: int, width: int
):
    from torchvision.transforms import CenterCrop, Resize
    from torchvision.transforms.functional import InterpolationMode

    image = picture(height, width)
    image.save(pictures / "test" / "cat" / "0.png")
    info = prepare(pictures, size)
    expected = CenterCrop(size)(Resize(size, InterpolationMode.BILINEAR)(image))
    assert np.array_equal(catalog.load(info.name, info.checksum, size).x_test[2], np.asarray(expected))
    assert (info.height, info.width) == ((0, 0) if (height, width) != (12, 12) else (12, 12))


def test_grey_palette_and_transparent_images_become_three_channels(pictures: Path):
    folder = pictures / "train" / "cat"
    picture().convert("L").save(folder / "0.png")
    picture().quantize(16).save(folder / "1.png", transparency=b"\x00\x80")
    picture().convert("RGBA").save(folder / "2.png")
    info = prepare(pictures)
    cats = catalog.load(info.name, info.checksum, 12).x_train[3:]
    assert np.array_equal(cats[0], np.asarray(picture().convert("L").convert("RGB")))
    assert np.array_equal(cats[2], np.asarray(picture()))


def test_other_files_are_left_out_and_counted(pictures: Path):
    before = prepare(pictures)
    (pictures / "train" / "cat" / "notes.txt").write_text("x")
    (pictures / "train" / "cat" / ".DS_Store").write_text("x")
    (pictures / "train" / "readme.md").write_text("x")
    after = prepare(pictures)
    assert after.checksum == before.checksum
    # The same images, so the entry made before still holds.
    assert after.ignored == 0
    picture(seed=9).save(pictures / "train" / "cat" / "9.png")
    assert prepare(pictures).ignored == 1


def test_a_changed_image_makes_another_data_set(pictures: Path):
    before = prepare(pictures)
    picture(seed=77).save(pictures / "train" / "cat" / "1.png")
    assert catalog.info(before.name) is None
    after = prepare(pictures)
    assert after.checksum != before.checksum
    # The images that earlier runs were asked for are still there.
    assert len(catalog.load(before.name, before.checksum, 12).x_train) == 6


def test_images_that_are_gone_for_good_are_an_error(pictures: Path):
    before = prepare(pictures)
    picture(seed=77).save(pictures / "train" / "cat" / "1.png")
    with pytest.raises(DataError, match=f"has changed: {before.checksum} was asked for"):
        catalog.load(before.name, before.checksum, 16)


@pytest.mark.parametrize("content", [b"", b"not a picture", "half"], ids=["empty", "text", "truncated"])
def test_an_unreadable_image_is_named(pictures: Path, content: bytes | str):
    file = pictures / "test" / "Dog" / "1.png"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    with pytest.raises(DataError, match=str(file)):
        prepare(pictures)
    assert catalog.info(f"folder:{pictures}") is None


def test_a_named_pipe_is_refused_instead_of_waited_for(pictures: Path):
    os.mkfifo(pictures / "train" / "cat" / "pipe.png")
    with pytest.raises(DataError, match=r"pipe\.png is no file"):
        prepare(pictures)


def test_a_png_that_is_something_else_is_not_given_to_another_decoder(pictures: Path):
    picture().save(pictures / "train" / "cat" / "1.png", format="GIF")
    with pytest.raises(DataError, match=r"1\.png is no PNG image"):
        prepare(pictures)


def test_sixteen_bit_images_are_refused(pictures: Path):
    levels = np.arange(144, dtype=np.uint16).reshape(12, 12)
    Image.fromarray(levels).save(pictures / "train" / "cat" / "1.png")
    with pytest.raises(DataError, match=r"1\.png has more than 8 bits a channel"):
        prepare(pictures)


def test_an_absurdly_large_image_is_refused(pictures: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match=r"0\.png cannot be decoded .*pixels"):
        prepare(pictures)


def remove(folder: Path) -> None:
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    folder.rmdir()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda root: remove(root), "no folder .*my pictures: a folder data set is"),
        (lambda root: remove(root / "test"), "no folder .*test: a folder data set is"),
        (lambda root: remove(root / "test" / "cat"), 'class "cat" of .* is in train/ but not in test/'),
        (lambda root: remove(root / "train" / "Dog"), 'class "Dog" of .* is in test/ but not in train/'),
        (lambda root: [file.unlink() for file in (root / "train" / "cat").iterdir()], "no images in .*train/cat"),
        (lambda root: [remove(root / split / "cat") for split in ("train", "test")], "has 1 class folders"),
    ],
)
def test_what_is_no_folder_data_set_is_said_clearly(pictures: Path, broken, message: str):
    broken(pictures)
    with pytest.raises(DataError, match=message):
        prepare(pictures)
    with pytest.raises(DataError, match=message):
        catalog.info(f"folder:{pictures}")


def test_class_names_that_could_steer_a_terminal_are_refused(pictures: Path):
    (pictures / "train" / "a\x1b[2J").mkdir()
    with pytest.raises(DataError, match=r"a\\x1b\[2J"):
        prepare(pictures)


@pytest.mark.parametrize("name", ["folder:", "folder:a\nb", "folder:\x00"])
def test_a_folder_name_without_sense_is_refused(name: str):
    with pytest.raises(UsageError, match="names no folder"):
        catalog.info(name)


def test_invalid_utf8_in_a_file_name_is_no_obstacle(pictures: Path):
    (pictures / "train" / "cat" / "1.png").rename(pictures / "train" / "cat" / os.fsdecode(b"\xff.png"))
    assert prepare(pictures).train_counts == (3, 3)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here")
@pytest.mark.parametrize(("name", "width"), [("cifar10", 32), ("imagenette_96", 96)])
def test_real_images_come_back_as_they_were_stored(tmp_path: Path, name: str, width: int):
    with np.load(SHARED / f"{name}.npz") as arrays:
        classes = [str(entry).split(" ")[0] for entry in arrays["classes"]]
        expected = {}
        for split in ("train", "test"):
            labels = arrays[f"y_{split}"]
            first = np.concatenate([np.flatnonzero(labels == label)[:5] for label in range(len(classes))])
            expected[split] = (arrays[f"x_{split}"][first], labels[first])
            for index, (pixels, label) in enumerate(zip(*expected[split], strict=True)):
                folder = tmp_path / "set" / split / classes[label]
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(folder / f"{index:04d}.png")
    info = prepare(tmp_path / "set", width)
    images = catalog.load(info.name, info.checksum, width)
    assert (info.height, info.width) == (width, width)
    order = np.argsort(np.array(classes)[expected["test"][1]], kind="stable")
    assert np.array_equal(images.x_test, expected["test"][0][order])
