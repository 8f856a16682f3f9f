"""VGG networks, described by the plan of their layers: a number is a 3×3 convolution, M a 2×2 max-pool."""

from dataclasses import dataclass

from l2t.models.base import ModelInfo, Shape, Tap, batch_norm, convolution


@dataclass(frozen=True)
class VggInfo(ModelInfo):
    """A VGG network: taps lie after batch norm and ReLU, just before each max-pool."""

    plan: tuple[int | str, ...]


def _vgg(title: str, plan: str) -> VggInfo:
    layers = tuple(int(layer) if layer.isdigit() else layer for layer in plan.split())
    body: dict[str, Shape] = {}
    taps: list[Tap] = []
    place, width, stride = 0, 3, 1
    for index, layer in enumerate(layers):
        if isinstance(layer, int):
            body |= convolution(f"features.{place}", width, layer, bias=True)
            body |= batch_norm(f"features.{place + 1}", layer)
            place, width = place + 2, layer
        else:
            place += 1
            taps.append(Tap(f"pool{len(taps)}", width, stride))
            if index + 1 < len(layers):
                stride *= 2
    return VggInfo(
        title=title,
        summary=f"convolutions {plan}, global average pool, linear",
        taps=tuple(taps),
        stages=tuple(range(len(taps))),
        build="l2t.models.vgg.network:build",
        body=body,
        features=width,
        smallest=stride * 2,
        multiple=1,
        plan=layers,
    )


VGG9 = _vgg("VGG-9", "64 M 128 M 256 256 M 512 512 M 512 512 M")
"""The thesis's target (code)."""

VGG_SMALL = _vgg("VGG-small", "16 M 32 M 64 64 M")
"""A narrow one for CPUs."""
