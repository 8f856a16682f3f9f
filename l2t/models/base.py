"""What a model is, torch-free: its name, its taps and its weights' shapes. `build` is loaded by workers only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Tap:
    """A named feature map of a network."""

    name: str
    channels: int
    stride: int
    """Pixels of the image between neighbouring positions."""
    crop: int = 0
    """Pixels of the image, in height and in width, that convolutions without padding leave no position for."""

    def side(self, size: int) -> int:
        """Height and width of the map of an image of `size` × `size` pixels."""
        return (size - self.crop) // self.stride


@dataclass(frozen=True)
class ModelInfo:
    """One architecture of the registry."""

    title: str
    """Name for tables ("VGG-9")."""
    summary: str
    """One line: its layers."""
    taps: tuple[Tap, ...]
    """Feature maps in forward order; pairs name them by index."""
    stages: tuple[int, ...]
    """Indices of the taps that end a stage: the default ones for matching."""
    build: str
    """Import string of `build(info, classes, generator) -> Network`."""
    body: Mapping[str, Shape]
    """Shapes of all weights but the classifier's, by the names they have in the network, in its order."""
    features: int
    """Inputs of the classifier."""
    smallest: int
    """Smallest input height and width, pixels."""
    multiple: int
    """Input height and width must be a multiple of this, pixels: else a strided convolution rounds up, and taps are
    larger than they say."""
    lr: float | None = field(default=None, kw_only=True)
    """Learning rate at which it learns with any method, where the protocol's 0.1 is too high for it."""

    def weights(self, classes: int) -> dict[str, Shape]:
        """Shapes of all weights with a classifier of `classes` outputs. Equal to those of `named_parameters`."""
        return {**self.body, **linear("classifier", self.features, classes)}

    def parameters(self, classes: int) -> int:
        """Parameters with a classifier of `classes` outputs."""
        return sum(map(prod, self.weights(classes).values()))


def lacks(entry: object) -> str:
    """Why a plug-in's object is no model, in words; "" where it is one."""
    return "" if isinstance(entry, ModelInfo) else "is no l2t.models.base.ModelInfo"


def convolution(name: str, before: int, after: int, kernel: int = 3, bias: bool = False) -> dict[str, Shape]:
    """The weights of a convolution from `before` to `after` channels, named after their layer."""
    weight = {f"{name}.weight": (after, before, kernel, kernel)}
    return {**weight, f"{name}.bias": (after,)} if bias else {**weight}


def batch_norm(name: str, channels: int) -> dict[str, Shape]:
    """The weights of a batch norm, named after their layer."""
    return {f"{name}.weight": (channels,), f"{name}.bias": (channels,)}


def linear(name: str, before: int, after: int) -> dict[str, Shape]:
    """The weights of a linear layer, named after it."""
    return {f"{name}.weight": (after, before), f"{name}.bias": (after,)}
