"""Printed characters drawn from matplotlib's fonts: the embedded source data set, which needs no download.

They go through the same steps as scikit-learn's digits (a 32×32 bitmap whose 4×4 blocks are counted, 8×8 levels from
0 to 16), so that a network trained on them has seen the digits' kind of picture, but no handwriting.
"""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from l2t.data.base import Images, Progress
from l2t.data.embedded import Embedded

if TYPE_CHECKING:
    from PIL.Image import Image

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    *("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10"),
)
"""All of matplotlib's fonts that have the characters; the others hold symbols."""

TRAIN, TEST = 200, 50
"""Images of each class."""

BITMAP, BLOCK = 32, 4
"""Width of the bitmap and of the blocks that are counted, pixels."""


class Glyphs(Embedded):
    """Digits and capital letters in 21 fonts, moved, turned, slanted, stretched, thinned and thickened at random."""

    title = "Glyphs"
    summary = "printed characters 0-9 A-Z, 8×8 grey, drawn from matplotlib's fonts; an embedded source"
    classes = tuple(CHARACTERS)

    def state(self, folder: Path) -> str:
        return ", ".join(f"{package} {version(package)}" for package in ("matplotlib", "pillow", "numpy"))

    def images(self, progress: Progress) -> Images:
        """Both splits at 8×8, class by class."""
        random = np.random.default_rng(0)
        drawn = []
        for done, character in enumerate(CHARACTERS):
            progress("draw characters", done, len(CHARACTERS))
            outlines = [_outline(font, character) for font in FONTS]
            fonts = random.integers(len(FONTS), size=TRAIN + TEST)
            variations = random.uniform(-1, 1, size=(TRAIN + TEST, 7))
            drawn.append([_vary(outlines[font], row) for font, row in zip(fonts, variations, strict=True)])
        progress("draw characters", len(CHARACTERS), len(CHARACTERS))
        levels = np.array(drawn)[..., None].repeat(3, axis=4)
        labels = np.arange(len(CHARACTERS))
        return Images(
            np.concatenate(levels[:, :TRAIN]),
            labels.repeat(TRAIN),
            np.concatenate(levels[:, TRAIN:]),
            labels.repeat(TEST),
        )


def _outline(font: str, character: str) -> "Image":
    """The character, white on black, cut to its ink: 96 pixels a font unit of height."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    face = ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / f"{font}.ttf", 96)
    left, top, right, bottom = (round(edge) for edge in face.getbbox(character))
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), character, fill=255, font=face)
    return image.crop(image.getbbox())


def _vary(outline: "Image", draws: NDArray[np.float64]) -> NDArray[np.uint8]:
    """One image, uint8 [8, 8], of a character. draws: seven numbers in −1 … 1, one a kind of variation."""
    from PIL import ImageFilter
    from PIL.Image import Resampling, Transform

    height = BITMAP * (0.96 + 0.1 * draws[0])
    width = min(height * outline.width / outline.height * (0.9 + 0.2 * draws[1]), 0.85 * BITMAP)
    width = max(width, 0.2 * BITMAP)
    angle = np.deg2rad(12) * draws[2]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1, 0.25 * draws[3]], [0, 1]])
    # From the bitmap's pixels back to the outline's, about both centres.
    back = np.diag([outline.width / width, outline.height / height]) @ slant @ turn
    centre = BITMAP / 2 + 1.5 * draws[4:6]
    shift = np.array([outline.width, outline.height]) / 2 - back @ centre
    bitmap = outline.transform(
        (BITMAP, BITMAP), Transform.AFFINE, (*back[0], shift[0], *back[1], shift[1]), Resampling.BILINEAR
    ).filter(ImageFilter.GaussianBlur(1.2))
    ink = np.asarray(bitmap) > 70 + 40 * draws[6]
    blocks = BITMAP // BLOCK
    counts = ink.reshape(blocks, BLOCK, blocks, BLOCK).sum(axis=(1, 3))
    levels: NDArray[np.uint8] = np.rint(counts * (255 / BLOCK**2)).astype(np.uint8)
    return levels
