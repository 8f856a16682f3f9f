"""Options of l2twww."""

from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import MinLen

from l2t.matching.pairs import choose
from l2t.methods.meta_config import PARTS, MetaConfig, Part
from l2t.models.base import ModelInfo, Shape

OF_WHICH = ("which_input", "which_start", "softplus", "scale")
"""Options that have an effect only where `which` is in use."""
LARGEST_MAP = 32
"""Pixels of the largest image for which h reads whole maps by default."""
SHOWN = {"w": "what", "lambda": "where", "gamma": "which"}
"""The part that each kind of weights comes from."""


class Config(MetaConfig):
    """Channel weights w, layer weights λ and position weights γ."""

    summary: ClassVar[str] = "learn what channels, where between layers and which pixels to imitate"
    paper: ClassVar[str] = "the thesis: L2T-www, section 4"
    loss: ClassVar[str] = """
L = CE + β L_wfm
L_wfm = Σ_pairs (1/B) Σ_b λ_b Σ_c w_bc (1/HW) Σ_ij γ_bcij (up(S^m) − r(T^n))²_bcij

S^m, T^n: maps of a pair of layers of source and target; r: a 1×1 convolution from the target's channels to the
source's; up: bilinear resize to the target's map.
w = softmax(f(S^m)): channel weights; λ = relu6(g(S^m)): layer weights; γ = up(softplus(h(S^m))): position weights, 3×3
for each channel. f, g, h learn to lower CE after T virtual steps on β L_wfm and one on CE, through those steps.
"""
    implementation: ClassVar[str] = "l2t.methods.l2twww.method:L2twww"

    parts: Annotated[tuple[Part, ...], MinLen(1)] = PARTS
    """The meta-networks in use; a part that is left out weighs evenly (w = 1/C, λ = 1, γ = 1)."""
    which_input: Literal["map", "pool3", "gap"] = "map"
    """Input of h: the channel's own whole map, the map pooled to 3×3, or the means of all channels. Default above 32
    pixels: pool3, as the whole map would need hundreds of millions of parameters."""
    which_start: Literal["one", "default"] = "one"
    """one: γ ≡ 1 at the start, and weight decay pulls γ to 1; default: PyTorch's start without offset."""
    softplus: Literal["before", "after"] = "before"
    """Softplus before or after the 3×3 grid is resized to the map."""
    scale: Literal["free", "mean-one"] = "free"
    """free: γ as it is; mean-one: divided by its mean over the positions, for each channel."""

    @classmethod
    def defaults(cls, size: int) -> dict[str, Any]:
        return {"which_input": "pool3"} if size > LARGEST_MAP else {}

    def in_use(self) -> tuple[Part, ...]:
        return tuple(part for part in PARTS if part in self.parts)

    def normal(self) -> Self:
        defaults = type(self)()
        unused = {} if "which" in self.parts else {name: getattr(defaults, name) for name in OF_WHICH}
        if "which" in self.fixed and self.which_start == "one":  # γ stays 1
            unused |= {"scale": defaults.scale}
        return super().normal().model_copy(update=unused | {"parts": self.in_use()})

    def observed(self, source: ModelInfo, target: ModelInfo) -> dict[str, Shape]:
        seen = super().observed(source, target)
        for pair in choose(self.pairs, source, target):
            seen[f"gamma[{pair}]"] = (source.taps[pair.source].channels, 3, 3)
        return {name: shape for name, shape in seen.items() if SHOWN[name.partition("[")[0]] in self.parts}
