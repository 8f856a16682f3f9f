"""The data set `stripes`: grey gratings of eight directions under noise, drawn with a fixed seed."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l2t.data.base import Images, Progress
from l2t.data.embedded import Embedded

SIDE = 16
TRAIN, TEST = 40, 20
"""Images of each class."""


class Stripes(Embedded):
    """Eight classes by the direction of the stripes; period, phase and noise differ from image to image."""

    title = "Stripes"
    summary = "gratings of 8 directions, 16×16, drawn by the example package"
    classes = tuple(f"{180 * number / 8:g}°" for number in range(8))

    def state(self, folder: Path) -> str:
        return "stripes 1"

    def images(self, progress: Progress) -> Images:
        rng = np.random.default_rng(0)
        train, test = (self._split(count, rng) for count in (TRAIN, TEST))
        labels = [np.repeat(np.arange(8, dtype=np.int64), count) for count in (TRAIN, TEST)]
        return Images(train, labels[0], test, labels[1])

    def _split(self, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        y, x = np.mgrid[:SIDE, :SIDE]
        pictures = []
        for label in range(8):
            along = x * np.cos(np.pi * label / 8) + y * np.sin(np.pi * label / 8)
            for period, phase in rng.uniform((4, 0), (8, 2 * np.pi), (count, 2)):
                wave = 128 + 60 * np.sin(2 * np.pi * along / period + phase) + rng.normal(0, 40, (SIDE, SIDE))
                pictures.append(np.clip(wave, 0, 255).astype(np.uint8))
        return np.repeat(np.stack(pictures)[..., None], 3, axis=3)
