"""Digits and glyphs: the data sets that need no download."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from l2t.data import catalog
from l2t.data.base import Images


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all tests here: drawing takes seconds."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(autouse=True)
def data_folder(shared_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("L2T_DATA", str(shared_folder))
    return shared_folder


def prepared(name: str, size: int = 32) -> Images:
    info = catalog.prepare(name, size)
    return catalog.load(name, info.checksum, size)


def features(images: np.ndarray) -> np.ndarray:
    return images[..., 0].reshape(len(images), -1) / 255


def test_digits_are_scikit_learns_levels_from_black_to_white():
    images = prepared("digits", size=8)
    digits = load_digits()
    ours = sorted(image[..., 0].tobytes() for split in (images.x_train, images.x_test) for image in split)
    assert ours == sorted(np.rint(image * 255 / 16).astype(np.uint8).tobytes() for image in digits.images)
    assert images.x_train.max() == 255
    assert np.array_equal(images.x_train[..., 0], images.x_train[..., 2])


def test_the_last_74_digits_of_each_class_test_and_at_least_100_train():
    info = catalog.prepare("digits", 8)
    images = catalog.load("digits", info.checksum, 8)
    assert info.test_counts == (74,) * 10
    assert min(info.train_counts) == 100
    digits = load_digits()
    eights = np.rint(digits.images[digits.target == 8] * 255 / 16)
    assert np.array_equal(images.x_test[images.y_test == 8][..., 0], eights[-74:])
    assert np.array_equal(images.x_train[images.y_train == 8][..., 0], eights[:-74])


def test_digits_are_enlarged_bilinearly():
    from PIL import Image

    small, large = prepared("digits", 8), prepared("digits", 32)
    image = Image.fromarray(small.x_test[5]).resize((32, 32), Image.Resampling.BILINEAR)
    assert np.array_equal(large.x_test[5], np.asarray(image))


@pytest.mark.parametrize("name", ["digits", "glyphs"])
def test_embedded_sets_are_never_flipped_and_move_two_pixels(name: str):
    info = catalog.prepare(name, 8)
    assert (info.flip, info.padding, info.height, info.width) == (False, 2, 8, 8)


def test_glyphs_have_36_classes_of_200_and_50_images():
    info = catalog.prepare("glyphs", 8)
    assert info.classes == tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert info.train_counts == (200,) * 36
    assert info.test_counts == (50,) * 36


def test_no_glyph_is_blank_or_drawn_twice():
    images = prepared("glyphs", 8)
    pixels = np.concatenate([images.x_train, images.x_test])
    assert pixels.max(axis=(1, 2, 3)).min() > 100
    assert len(np.unique(pixels.reshape(len(pixels), -1), axis=0)) > 0.99 * len(pixels)


def test_glyphs_look_like_the_digits():
    # A classifier of printed digits reads handwritten ones far above chance (0.1), though not well.
    glyphs, digits = prepared("glyphs", 8), prepared("digits", 8)
    printed = glyphs.y_train < 10
    reader = KNeighborsClassifier(3).fit(features(glyphs.x_train[printed]), glyphs.y_train[printed])
    assert reader.score(features(digits.x_test), digits.y_test) > 0.5
    assert abs(glyphs.x_train.mean() - digits.x_train.mean()) < 20


def test_drawing_the_glyphs_again_gives_the_same_pixels():
    assert catalog.verify(catalog.prepare("glyphs", 8).name) == (catalog.info("glyphs"), ())
