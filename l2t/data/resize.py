"""The resize that every data set shares: antialiased bilinear (METHODS.md; without antialiasing the published source
network loses half its accuracy). PIL's, which widens its filter when it shrinks an image."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from l2t.data.base import Progress

if TYPE_CHECKING:
    from PIL.Image import Image


def to_square(image: "Image", size: int) -> NDArray[np.uint8]:
    """The RGB image as uint8 [size, size, 3]: shorter side resized to `size`, then the centre cropped.

    Equivalent to torchvision's Resize(size) and CenterCrop(size) on a PIL image.
    """
    from PIL.Image import Resampling

    short = min(image.size)
    width, height = (size * side // short for side in image.size)
    if image.size != (width, height):
        image = image.resize((width, height), Resampling.BILINEAR)
    if width != height:
        left, top = round((width - size) / 2), round((height - size) / 2)
        image = image.crop((left, top, left + size, top + size))
    return np.asarray(image)


def resize_all(images: NDArray[np.uint8], size: int, step: str, progress: Progress) -> NDArray[np.uint8]:
    """Square images, uint8 [images, height, height, 3], as uint8 [images, size, size, 3]. `step` names the progress."""
    from PIL import Image

    if images.shape[1:3] == (size, size):
        return images
    resized = np.empty((len(images), size, size, 3), np.uint8)
    for index, image in enumerate(images):
        resized[index] = to_square(Image.fromarray(image), size)
        if index % 500 == 0:
            progress(step, index, len(images))
    progress(step, len(images), len(images))
    return resized
