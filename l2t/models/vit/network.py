"""Vision transformers as torch modules.

Attention is written as products and a softmax: unrolled SGD differentiates every backward pass again, and the kernels
that fuse attention have no second derivative.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from l2t.models.layers import Network
from l2t.models.vit.config import VitInfo

EPSILON = 1e-6
"""Of the layer norms, as in the first ViT."""


class Patches(nn.Module):
    """A linear layer from each patch to a token. Equivalent to a convolution whose stride is its kernel."""

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.patch = patch
        self.weight = nn.Parameter(torch.empty(width, 3, patch, patch))
        self.bias = nn.Parameter(torch.empty(width))

    def forward(self, images: Tensor) -> Tensor:
        """images: [batch, 3, size, size] → tokens [batch, (size / patch)², width], row by row."""
        batch, colours, size, _ = images.shape
        side = size // self.patch
        cut = images.reshape(batch, colours, side, self.patch, side, self.patch)
        patches = cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, side * side, -1)
        return functional.linear(patches, self.weight.flatten(1), self.bias)


class Attention(nn.Module):
    """Self-attention of `heads` heads. Equivalent to `torch.nn.MultiheadAttention`, whose `in_proj` is called `inputs`
    here, its `out_proj` `output`."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """x: tokens [batch, tokens, width] → the same shape."""
        batch, tokens, width = x.shape
        parts = self.inputs(x).reshape(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind()
        weights = torch.softmax((query / math.sqrt(width // self.heads)) @ key.transpose(2, 3), 3)
        mixed: Tensor = self.output((weights @ value).transpose(1, 2).flatten(2))
        return mixed


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)). Equivalent to `torch.nn.TransformerEncoderLayer` with the norm
    first, GELU and no dropout."""

    def __init__(self, info: VitInfo) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(info.width, EPSILON)
        self.attention = Attention(info.width, info.heads)
        self.norm2 = nn.LayerNorm(info.width, EPSILON)
        self.mlp = nn.Sequential(nn.Linear(info.width, info.hidden), nn.GELU(), nn.Linear(info.hidden, info.width))

    def forward(self, x: Tensor) -> Tensor:
        between: Tensor = x + self.attention(self.norm1(x))
        after: Tensor = between + self.mlp(self.norm2(between))
        return after


class Vit(Network):
    """Patches and a class token, blocks, layer norm of the class token, one linear layer.

    Oracle: torchvision's network with the same weights (tests/numerics/test_vit.py).
    """

    def __init__(self, info: VitInfo, classes: int) -> None:
        super().__init__()
        self.grid = info.grid
        self.class_token = nn.Parameter(torch.empty(1, 1, info.width))
        self.positions = nn.Parameter(torch.empty(1, 1 + info.grid**2, info.width))
        self.patches = Patches(info.patch, info.width)
        self.blocks = nn.ModuleList(Block(info) for _ in range(info.depth))
        self.norm = nn.LayerNorm(info.width, EPSILON)
        self.classifier = nn.Linear(info.width, classes)
        self._resizes: dict[int, Tensor] = {}

    def embed(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        tokens = self.patches(images)
        side = math.isqrt(tokens.shape[1])
        first = self.class_token.expand(len(tokens), -1, -1)
        x = torch.cat([first, tokens], 1) + self.positions_at(side)
        taps = []
        for block in self.blocks:
            x = block(x)
            taps.append(x[:, 1:].transpose(1, 2).reshape(len(x), -1, side, side).contiguous())
        return self.norm(x[:, 0]), taps

    def positions_at(self, side: int) -> Tensor:
        """The position embeddings of the class token and of side × side patches [1, 1 + side², width].

        Oracle: `torchvision.models.vision_transformer.interpolate_embeddings` (tests/numerics/test_vit.py).
        """
        if side == self.grid:
            return self.positions
        if side not in self._resizes:
            self._resizes[side] = resize_matrix(self.grid, side)
        resize = self._resizes[side] = self._resizes[side].to(self.positions)
        return torch.cat([self.positions[:, :1], resize @ self.positions[:, 1:]], 1)


def resize_matrix(before: int, after: int) -> Tensor:
    """The matrix [after², before²], float64, that resizes before × before to after × after: bicubic, corners aligned.

    A product with it replaces the interpolation, whose backward pass is not deterministic on CUDA.
    """
    units = torch.eye(before**2, dtype=torch.float64).reshape(before**2, 1, before, before)
    return functional.interpolate(units, (after, after), mode="bicubic", align_corners=True).flatten(1).T.contiguous()


def build(info: VitInfo, classes: int, generator: torch.Generator) -> Vit:
    """A vision transformer with fresh weights, as the code of Lee et al. starts it: matrices Xavier-normal, class token
    and positions normal (1), biases 0. The customary normal (0.02) learns far more slowly with SGD (docs/adr/0011)."""
    with torch.device("meta"):  # torch's layers would draw from its own generator
        network = Vit(info, classes)
    network.to_empty(device="cpu")
    for module in network.modules():
        if isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear | Patches):
            nn.init.xavier_normal_(module.weight.flatten(1), generator=generator)
            nn.init.zeros_(module.bias)
    for tokens in (network.class_token, network.positions):
        nn.init.normal_(tokens, generator=generator)
    return network
