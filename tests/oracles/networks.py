"""VGG, ResNet and ViT read layer by layer from named weights, with torch's own operations."""

import torch
from torch import Tensor
from torch.nn import functional

from l2t.models.resnet.config import ResnetInfo
from l2t.models.vgg.config import VggInfo
from l2t.models.vit.config import VitInfo

Named = dict[str, Tensor]


def norm(x: Tensor, named: Named, prefix: str) -> Tensor:
    return functional.batch_norm(x, None, None, named[prefix + "weight"], named[prefix + "bias"], True, 0.0, 1e-5)


def vgg(info: VggInfo, named: Named, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits and taps in training mode with batch statistics; named: "target.features.0.weight" → tensor."""
    x, taps, place = images, [], 0
    for layer in info.plan:
        if layer == "M":
            taps.append(x)
            x = functional.max_pool2d(x, 2)
            place += 1
        else:
            x = functional.conv2d(
                x, named[f"target.features.{place}.weight"], named[f"target.features.{place}.bias"], padding=1
            )
            x = torch.relu(norm(x, named, f"target.features.{place + 1}."))
            place += 2
    pooled = functional.adaptive_avg_pool2d(x, 1).flatten(1)
    return functional.linear(pooled, named["target.classifier.weight"], named["target.classifier.bias"]), taps


def resnet(info: ResnetInfo, named: Named, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits and taps in eval mode; named: the module's state dict."""

    def still(x: Tensor, prefix: str) -> Tensor:
        mean, var = named[prefix + "running_mean"], named[prefix + "running_var"]
        return functional.batch_norm(x, mean, var, named[prefix + "weight"], named[prefix + "bias"], False, 0.0, 1e-5)

    x = torch.relu(still(functional.conv2d(images, named["conv1.weight"], named["conv1.bias"], padding=1), "bn1."))
    taps = []
    for block in range(3 * info.blocks):
        prefix = f"blocks.{block}."
        stride = 2 if block in (info.blocks, 2 * info.blocks) else 1
        inner = functional.conv2d(x, named[prefix + "conv1.weight"], None, stride, 1)
        inner = torch.relu(still(inner, prefix + "bn1."))
        inner = still(functional.conv2d(inner, named[prefix + "conv2.weight"], None, 1, 1), prefix + "bn2.")
        if prefix + "shortcut.0.weight" in named:
            x = still(functional.conv2d(x, named[prefix + "shortcut.0.weight"], None, stride), prefix + "shortcut.1.")
        x = torch.relu(inner + x)
        taps.append(x)
    pooled = x.mean((2, 3))
    return functional.linear(pooled, named["classifier.weight"], named["classifier.bias"]), taps


def vit(info: VitInfo, named: Named, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits and taps; named: "patches.weight" → tensor. Attention is torch's own, with its weights asked for, since
    the form without them is fused and differentiates once only."""

    def still(x: Tensor, prefix: str) -> Tensor:
        return functional.layer_norm(x, (info.width,), named[prefix + "weight"], named[prefix + "bias"], 1e-6)

    patches = functional.conv2d(images, named["patches.weight"], named["patches.bias"], info.patch)
    side = patches.shape[2]
    grid = named["positions"][:, 1:].transpose(1, 2).unflatten(2, (info.grid, info.grid))
    if side != info.grid:
        grid = functional.interpolate(grid, (side, side), mode="bicubic", align_corners=True)
    first = (named["class_token"] + named["positions"][:, :1]).repeat(len(images), 1, 1)
    x = torch.cat([first, (patches + grid).flatten(2).transpose(1, 2)], 1)
    taps = []
    for place in range(info.depth):
        prefix = f"blocks.{place}."
        seen = still(x, prefix + "norm1.").transpose(0, 1)
        mixed, _ = functional.multi_head_attention_forward(
            *(seen, seen, seen, info.width, info.heads),
            *(named[prefix + "attention.inputs.weight"], named[prefix + "attention.inputs.bias"]),
            *(None, None, False, 0.0),
            *(named[prefix + "attention.output.weight"], named[prefix + "attention.output.bias"]),
            need_weights=True,
        )
        x = x + mixed.transpose(0, 1)
        seen = still(x, prefix + "norm2.")
        hidden = functional.gelu(functional.linear(seen, named[prefix + "mlp.0.weight"], named[prefix + "mlp.0.bias"]))
        x = x + functional.linear(hidden, named[prefix + "mlp.2.weight"], named[prefix + "mlp.2.bias"])
        taps.append(torch.stack([x[:, 1 + token] for token in range(side * side)], 2).reshape(*patches.shape))
    features = still(x, "norm.")[:, 0]
    return functional.linear(features, named["classifier.weight"], named["classifier.bias"]), taps
