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
    """One number that is followed. text: as it was asked for; tensor: in `Method.weights` or `Method.observe`."""

    text: str
    tensor: str
    index: tuple[int, ...]


def find(texts: tuple[str, ...], method: Method) -> list[Followed]:
    """The elements that are asked for, checked against what the method has.

    Names of methods without meta-weights' λ, w and γ are passed over, since one recipe traces several methods.
    Raises UsageError for a name or an index that the target network does not have.
    """
    found = []
    seen, weights = method.observe(), method.weights()
    for text in texts:
        element = parse(text)
        if element.pair is not None:
            tensor = f"{element.name}[{element.pair}]"
            if tensor not in seen:
                continue
            shape = seen[tensor].shape[1:]
        else:
            tensor = element.name
            if tensor not in weights:
                raise UsageError(f"the target has no weight {element.name} to trace; it has {', '.join(weights)}")
            shape = weights[tensor].shape
        if len(element.index) != len(shape) or any(i >= n for i, n in zip(element.index, shape, strict=True)):
            raise UsageError(f"{text} is outside its tensor, whose shape is {tuple(shape)}")
        found.append(Followed(text, tensor, element.index))
    return found


def values(elements: list[Followed], method: Method) -> dict[str, Tensor]:
    """The elements' present values, scalars on the device, by their text; of meta-weights the probe's mean."""
    weights = method.weights() if elements else {}
    seen = method.observe() if any(element.tensor not in weights for element in elements) else {}
    found = {}
    for element in elements:
        if element.tensor in weights:
            found[element.text] = weights[element.tensor][element.index]
        else:
            found[element.text] = seen[element.tensor].mean(0)[element.index]
    return found


class Snapshots:
    """Whole meta-weights at evenly spaced epochs, as npz archives of float16 arrays.

    "mean/gamma" [rows, 3, 3] holds the probe's mean of γ for all pairs one after the other, a row a channel;
    "image/gamma" [8, rows, 3, 3] each image's; likewise "w" [rows] and "lambda" [rows, one a pair]. The start's archive
    also has "names", which tensors were concatenated, in order ("gamma[4-0]", …), "rows", how many rows each has, and
    the probe: "probe/images" uint8 [8, 3, size, size], "probe/labels".
    """

    def __init__(self, epochs: int) -> None:
        self.means = evenly(MEANS, epochs) | {0}
        self.images = evenly(IMAGES, epochs) | {0}

    def take(self, method: Method, probe: Labelled, epoch: int) -> bytes | None:
        """The archive of one epoch; None where none is due, or the method has no meta-weights."""
        if epoch not in self.means | self.images:
            return None
        seen = {name: value if value.ndim > 1 else value[:, None] for name, value in method.observe().items()}
        if not seen:
            return None
        arrays = {}
        for kind in sorted({name.partition("[")[0] for name in seen}):
            whole = torch.cat([value for name, value in seen.items() if name.startswith(f"{kind}[")], 1)
            arrays[f"mean/{kind}"] = whole.mean(0).to(torch.float16).cpu().numpy()
            if epoch in self.images:
                arrays[f"image/{kind}"] = whole.to(torch.float16).cpu().numpy()
        if epoch == 0:
            arrays |= {"names": np.array(list(seen)), "rows": np.array([value.shape[1] for value in seen.values()])}
            arrays |= {"probe/images": probe.images.cpu().numpy(), "probe/labels": probe.labels.cpu().numpy()}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()
