"""Vision transformers (Dosovitskiy et al. 2021): pre-norm blocks on patches and a class token, learnt positions."""

from dataclasses import dataclass

from l2t.models.base import ModelInfo, Shape, Tap, convolution


@dataclass(frozen=True)
class VitInfo(ModelInfo):
    """A vision transformer. Taps lie after each block: its tokens without the class token, as a map."""

    patch: int
    """Height and width of a patch, pixels."""
    grid: int
    """Patches a side at the model's own size; at others the position embeddings are resized."""
    width: int
    """Numbers in a token."""
    depth: int
    """Blocks."""
    heads: int
    """Attention heads of a block."""
    hidden: int
    """Hidden units of a block's two-layer network."""


def _layer(name: str, before: int, after: int) -> dict[str, Shape]:
    return {f"{name}.weight": (after, before), f"{name}.bias": (after,)}


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _vit(
    title: str, *, size: int, patch: int, width: int, depth: int, heads: int, ratio: int, groups: int = 3
) -> VitInfo:
    """size: the model's own image size; ratio: hidden units over width; groups: equal ones of blocks, a stage each."""
    grid = size // patch
    body: dict[str, Shape] = {"class_token": (1, 1, width), "positions": (1, 1 + grid * grid, width)}
    body |= convolution("patches", 3, width, patch, bias=True)
    for place in range(depth):
        block = f"blocks.{place}"
        body |= _norm(f"{block}.norm1", width)
        body |= _layer(f"{block}.attention.inputs", width, 3 * width)
        body |= _layer(f"{block}.attention.output", width, width)
        body |= _norm(f"{block}.norm2", width)
        body |= _layer(f"{block}.mlp.0", width, ratio * width) | _layer(f"{block}.mlp.2", ratio * width, width)
    body |= _norm("norm", width)
    return VitInfo(
        title=title,
        summary=f"patches of {patch}×{patch}, {depth} transformer blocks (width {width}, {heads} heads), linear",
        taps=tuple(Tap(f"block{place}", width, patch) for place in range(depth)),
        stages=tuple(depth * (group + 1) // groups - 1 for group in range(groups)),
        build="l2t.models.vit.network:build",
        body=body,
        features=width,
        smallest=2 * patch,
        multiple=patch,
        lr=0.01,
        patch=patch,
        grid=grid,
        width=width,
        depth=depth,
        heads=heads,
        hidden=ratio * width,
    )


VIT_SMALL = _vit("ViT-small", size=32, patch=4, width=192, depth=9, heads=12, ratio=2)
"""The plain ViT that Lee et al. 2021 ("Vision Transformer for Small-Size Datasets") train on 32×32 images; here with
biases on queries, keys and values, as the first ViT has them."""

VIT_TINY = _vit("ViT-tiny", size=32, patch=4, width=96, depth=6, heads=3, ratio=2)
"""A small one for CPUs, about as many parameters as ResNet-32."""

VIT_B16 = _vit("ViT-B/16", size=224, patch=16, width=768, depth=12, heads=12, ratio=4, groups=4)
"""The base ViT, as `torchvision.models.vit_b_16`."""
