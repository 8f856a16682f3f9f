"""Traces: named elements every epoch, and whole meta-weights at some."""

import io
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from l2t.errors import UsageError
from l2t.methods.method import Method
from l2t.spec.trace import parse
from l2t.train.material import Labelled
from l2t.train.schedule import evenly

MEANS = 40
"""Epochs, beside the start, at which the probe's mean of λ, w and γ is kept."""
IMAGES = 4
"""Epochs, beside the start, at which they are kept for each image of the probe."""


@dataclass(frozen=True)
class Followed:
    """One number that is followed. text: as it was asked for; tensor: in `Method.theta` or `Method.observe`."""

    text: str
    tensor: str
    index: tuple[int, ...]


def find(texts: tuple[str, ...], method: Method) -> list[Followed]:
    """The elements that are asked for, checked against what the method has.

    Names of methods without meta-weights' λ, w and γ are passed over, since one recipe traces several methods.
    Raises UsageError for a name or an index that the target network does not have.
    """
    found = []
    seen = method.observe()
    for text in texts:
        element = parse(text)
        if element.pair is not None:
            tensor = f"{element.name}[{element.pair}]"
            if tensor not in seen:
                continue
            shape = seen[tensor].shape[1:]
        else:
            tensor = f"target.{element.name}"
            if tensor not in method.theta:
                weights = (name.removeprefix("target.") for name in method.theta if name.startswith("target."))
                raise UsageError(f"the target has no weight {element.name} to trace; it has {', '.join(weights)}")
            shape = method.theta[tensor].shape
        if len(element.index) != len(shape) or any(i >= n for i, n in zip(element.index, shape, strict=True)):
            raise UsageError(f"{text} is outside its tensor, whose shape is {tuple(shape)}")
        found.append(Followed(text, tensor, element.index))
    return found


def values(elements: list[Followed], method: Method) -> dict[str, Tensor]:
    """The elements' present values, scalars on the device, by their text; of meta-weights the probe's mean."""
    seen = method.observe() if any(element.tensor not in method.theta for element in elements) else {}
    found = {}
    for element in elements:
        if element.tensor in method.theta:
            found[element.text] = method.theta[element.tensor][element.index]
        else:
            found[element.text] = seen[element.tensor].mean(0)[element.index]
    return found


class Snapshots:
    """Whole meta-weights at evenly spaced epochs, as float16 npz archives."""

    def __init__(self, epochs: int) -> None:
        self.means = evenly(MEANS, epochs) | {0}
        self.images = evenly(IMAGES, epochs) | {0}

    def take(self, method: Method, probe: Labelled, epoch: int) -> bytes | None:
        """The archive of one epoch: float16 arrays "mean/NAME" and, at some epochs, "image/NAME" [8, …]; at the start
        also the probe itself, "probe/images" uint8 [8, 3, size, size] and "probe/labels". None where none is due."""
        if epoch not in self.means | self.images:
            return None
        seen = method.observe()
        if not seen:
            return None
        arrays = {f"mean/{name}": value.mean(0) for name, value in seen.items()}
        if epoch in self.images:
            arrays |= {f"image/{name}": value for name, value in seen.items()}
        arrays = {name: value.to(torch.float16) for name, value in arrays.items()}
        if epoch == 0:
            arrays |= {"probe/images": probe.images, "probe/labels": probe.labels}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **{name: value.cpu().numpy() for name, value in arrays.items()})
        return buffer.getvalue()
