"""Reading one image file of unknown origin."""

import io
import warnings

import numpy as np
from numpy.typing import NDArray

from l2t.data.resize import to_square
from l2t.errors import DataError


def decode_image(data: bytes, formats: list[str], size: int, where: str) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The image as uint8 [size, size, 3] and its own (height, width).

    formats: decoders of PIL that may be tried ("PNG"). Transparency is dropped, grey becomes three equal channels.
    where: the file's name for the message. DataError where the file is no such image, cut short, absurdly large or of
    more than 8 bits a channel.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # A palette with transparency warns when it loses it, which is what is wanted here.
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            with Image.open(io.BytesIO(data), formats=formats) as image:
                if image.mode.startswith(("I", "F")):
                    raise DataError(f"{where} has more than 8 bits a channel: convert it to an 8-bit image")
                return to_square(image.convert("RGB"), size), (image.height, image.width)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{where} is no {' or '.join(formats)} image: replace or remove it") from error
    except Exception as error:  # decoders raise many kinds for a damaged file
        raise DataError(f"{where} cannot be decoded ({error}): replace or remove it") from error
