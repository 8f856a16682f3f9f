"""CIFAR residual networks (He et al. 2016, section 4.2) with 6n + 2 layers, in the form of the published source."""

from dataclasses import dataclass

from l2t.models.base import ModelInfo, Tap, batch_norm, convolution

WIDTHS = (16, 32, 64)


@dataclass(frozen=True)
class ResnetInfo(ModelInfo):
    """A residual network of three stages with `blocks` basic blocks each; taps lie after each block's last ReLU."""

    blocks: int


def _resnet(layers: int) -> ResnetInfo:
    blocks = (layers - 2) // 6
    before = WIDTHS[0]
    body = convolution("conv1", 3, before, bias=True) | batch_norm("bn1", before)
    for place, width in enumerate(width for width in WIDTHS for _ in range(blocks)):
        block = f"blocks.{place}"
        body |= convolution(f"{block}.conv1", before, width) | batch_norm(f"{block}.bn1", width)
        body |= convolution(f"{block}.conv2", width, width) | batch_norm(f"{block}.bn2", width)
        if before != width:
            body |= convolution(f"{block}.shortcut.0", before, width, 1) | batch_norm(f"{block}.shortcut.1", width)
        before = width
    taps = tuple(
        Tap(f"block{stage * blocks + block}", width, 2**stage)
        for stage, width in enumerate(WIDTHS)
        for block in range(blocks)
    )
    return ResnetInfo(
        title=f"ResNet-{layers}",
        summary=f"{3 * blocks} basic blocks in 3 stages (16, 32, 64 channels), 1 linear layer, batch norm",
        taps=taps,
        stages=tuple(blocks * (stage + 1) - 1 for stage in range(3)),
        build="l2t.models.resnet.network:build",
        body=body,
        features=WIDTHS[-1],
        smallest=8,
        multiple=taps[-1].stride,
        blocks=blocks,
    )


# 50 = 6 × 8 + 2 is left out: it would be taken for ImageNet's ResNet-50, another network.
RESNET8 = _resnet(8)
RESNET14 = _resnet(14)
RESNET20 = _resnet(20)
RESNET26 = _resnet(26)
RESNET32 = _resnet(32)
"""The thesis's source."""
RESNET38 = _resnet(38)
RESNET44 = _resnet(44)
RESNET56 = _resnet(56)
