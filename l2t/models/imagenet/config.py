"""torchvision's ResNets (He et al. 2016, section 4.1) and VGG-16 (Simonyan & Zisserman 2015), torch-free."""

from dataclasses import dataclass

from l2t.models.base import ModelInfo, Shape, Tap, batch_norm, convolution, linear

WIDTHS = (64, 128, 256, 512)
"""Channels of a ResNet's stages; bottleneck blocks end in four times as many."""
VGG16_STAGES = (2, 2, 3, 3, 3)
"""Convolutions before each max-pool."""
VGG16_WIDTHS = (64, 128, 256, 512, 512)
GRID = 7
"""Height and width of the map that VGG-16's linear layers read."""
HIDDEN = 4096
"""Outputs of VGG-16's two hidden linear layers."""


@dataclass(frozen=True)
class TorchvisionInfo(ModelInfo):
    """A network of torchvision, at any size that halves five times. Taps lie after each residual block or before each
    max-pool."""

    constructor: str
    """Its function in `torchvision.models`."""


def _resnet(layers: int, blocks: tuple[int, ...], bottleneck: bool = False) -> TorchvisionInfo:
    """blocks: residual blocks of each stage."""
    before = WIDTHS[0]
    body = convolution("conv1", 3, before, 7) | batch_norm("bn1", before)
    taps: list[Tap] = []
    for stage, (width, count) in enumerate(zip(WIDTHS, blocks, strict=True)):
        after = 4 * width if bottleneck else width
        # kernel and outputs of each convolution
        inner = ((1, width), (3, width), (1, after)) if bottleneck else ((3, width), (3, after))
        for place in range(count):
            block = f"layer{stage + 1}.{place}"
            inputs = before
            for number, (kernel, outputs) in enumerate(inner, 1):
                body |= convolution(f"{block}.conv{number}", inputs, outputs, kernel)
                body |= batch_norm(f"{block}.bn{number}", outputs)
                inputs = outputs
            if before != after:
                body |= convolution(f"{block}.downsample.0", before, after, 1)
                body |= batch_norm(f"{block}.downsample.1", after)
            before = after
            taps.append(Tap(f"block{len(taps)}", after, 4 * 2**stage))
    kind = "bottleneck" if bottleneck else "basic"
    return TorchvisionInfo(
        title=f"ResNet-{layers} (ImageNet)",
        summary=f"7×7 convolution, max-pool, 4 stages of {', '.join(map(str, blocks))} {kind} blocks, linear",
        taps=tuple(taps),
        stages=tuple(sum(blocks[: stage + 1]) - 1 for stage in range(len(blocks))),
        build="l2t.models.imagenet.network:build_resnet",
        body=body,
        features=before,
        smallest=32,
        multiple=32,
        constructor=f"resnet{layers}",
    )


def _vgg16() -> TorchvisionInfo:
    body: dict[str, Shape] = {}
    place, before = 0, 3
    for convolutions, width in zip(VGG16_STAGES, VGG16_WIDTHS, strict=True):
        for _ in range(convolutions):
            body |= convolution(f"features.{place}", before, width, bias=True)
            place, before = place + 2, width
        place += 1
    body |= linear("hidden.0", GRID * GRID * before, HIDDEN) | linear("hidden.2", HIDDEN, HIDDEN)
    taps = tuple(Tap(f"pool{stage}", width, 2**stage) for stage, width in enumerate(VGG16_WIDTHS))
    return TorchvisionInfo(
        title="VGG-16 (ImageNet)",
        summary="13 convolutions without batch norm, mean over 7×7 fields, 2 hidden linear layers, linear",
        taps=taps,
        stages=tuple(range(len(taps))),
        build="l2t.models.imagenet.network:build_vgg",
        body=body,
        features=HIDDEN,
        smallest=32,
        multiple=32,
        lr=0.01,
        constructor="vgg16",
    )


RESNET18 = _resnet(18, (2, 2, 2, 2))
RESNET34 = _resnet(34, (3, 4, 6, 3))
RESNET50 = _resnet(50, (3, 4, 6, 3), bottleneck=True)
RESNET152 = _resnet(152, (3, 8, 36, 3), bottleneck=True)
VGG16 = _vgg16()
