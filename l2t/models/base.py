"""What a model is, torch-free: its name, its taps and its parameter count. `build` is loaded by workers only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tap:
    """A named feature map of a network: `channels` × (size / stride)²."""

    name: str
    channels: int
    stride: int


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
    body_parameters: int
    """Parameters without the classifier."""
    features: int
    """Inputs of the classifier."""
    smallest: int
    """Smallest input height and width, pixels."""

    def parameters(self, classes: int) -> int:
        """Parameters with a classifier of `classes` outputs."""
        return self.body_parameters + (self.features + 1) * classes
