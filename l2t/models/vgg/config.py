"""VGG networks, described by the plan of their layers: a number is a 3×3 convolution, M a 2×2 max-pool.

Simonyan & Zisserman 2015 in the forms used on small images: mean over positions before the linear layers.
"""

from dataclasses import dataclass

from l2t.models.base import ModelInfo, Shape, Tap, batch_norm, convolution, linear

HIDDEN = 512
"""Outputs of a linear layer before the last one."""
A = "64 M 128 M 256 256 M 512 512 M 512 512 M"
"""The paper's configuration A."""
D = "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M"
"""The paper's configuration D."""


@dataclass(frozen=True)
class VggInfo(ModelInfo):
    """A VGG network: taps lie after (batch norm and) ReLU, just before each max-pool."""

    plan: tuple[int | str, ...]
    norm: bool
    """Whether each convolution has a batch norm."""
    hidden: int
    """Linear layers before the classifier."""


def vgg(title: str, plan: str, hidden: int = 0, norm: bool = True) -> VggInfo:
    """The network of a plan. hidden: linear layers, with ReLU, before the classifier."""
    layers = tuple(int(layer) if layer.isdigit() else layer for layer in plan.split())
    body: dict[str, Shape] = {}
    taps: list[Tap] = []
    place, width, stride, convolutions = 0, 3, 1, 0
    for index, layer in enumerate(layers):
        if isinstance(layer, int):
            body |= convolution(f"features.{place}", width, layer, bias=True)
            if norm:
                body |= batch_norm(f"features.{place + 1}", layer)
            place, width, convolutions = place + 2, layer, convolutions + 1
        else:
            place += 1
            taps.append(Tap(f"pool{len(taps)}", width, stride))
            if index + 1 < len(layers):
                stride *= 2
    for index in range(hidden):
        body |= linear(f"hidden.{2 * index}", width, HIDDEN)
        width = HIDDEN
    linears = f"{hidden + 1} linear layers" if hidden else "1 linear layer"
    return VggInfo(
        title=title,
        summary=f"{convolutions} convolutions, {linears}, {'' if norm else 'no '}batch norm: {plan}",
        taps=tuple(taps),
        stages=tuple(range(len(taps))),
        build="l2t.models.vgg.network:build",
        body=body,
        features=width,
        smallest=stride * 2,
        multiple=1,
        lr=None if norm else 0.01,
        plan=layers,
        norm=norm,
        hidden=hidden,
    )


VGG9 = vgg("VGG-9", A)
"""The thesis's target (code): configuration A's eight convolutions with one linear layer."""
VGG11 = vgg("VGG-11", A, hidden=2)
"""The same with the paper's three linear layers, at a width for small images."""
VGG16 = vgg("VGG-16", D, hidden=2)

VGG9_PLAIN = vgg("VGG-9 plain", A, norm=False)
VGG11_PLAIN = vgg("VGG-11 plain", A, hidden=2, norm=False)
VGG16_PLAIN = vgg("VGG-16 plain", D, hidden=2, norm=False)

VGG_SMALL = vgg("VGG-small", "16 M 32 M 64 64 M")
"""A narrow one for CPUs."""
