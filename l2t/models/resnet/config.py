"""CIFAR residual networks (He et al. 2016, section 4.2) with 6n + 2 layers, in the form of the published source."""

from dataclasses import dataclass

from l2t.models.base import ModelInfo, Tap

WIDTHS = (16, 32, 64)


@dataclass(frozen=True)
class ResnetInfo(ModelInfo):
    """A residual network of three stages with `blocks` basic blocks each; taps lie after each block's last ReLU."""

    blocks: int


def _resnet(layers: int) -> ResnetInfo:
    blocks = (layers - 2) // 6
    body = 3 * 16 * 9 + 16 + 2 * 16
    before = 16
    for width in WIDTHS:
        for _ in range(blocks):
            body += 9 * (before + width) * width + 4 * width
            if before != width:
                body += before * width + 2 * width
            before = width
    taps = tuple(
        Tap(f"block{stage * blocks + block}", width, 2**stage)
        for stage, width in enumerate(WIDTHS)
        for block in range(blocks)
    )
    return ResnetInfo(
        title=f"ResNet-{layers}",
        summary=f"3×3 convolution, 3 stages of {blocks} basic blocks ({', '.join(map(str, WIDTHS))} channels), linear",
        taps=taps,
        stages=tuple(blocks * (stage + 1) - 1 for stage in range(3)),
        build="l2t.models.resnet.network:build",
        body_parameters=body,
        features=WIDTHS[-1],
        smallest=8,
        blocks=blocks,
    )


RESNET8 = _resnet(8)
RESNET20 = _resnet(20)
RESNET32 = _resnet(32)
"""The thesis's source."""
