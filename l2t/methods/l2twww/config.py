"""Options of l2twww."""

from typing import Annotated, ClassVar, Literal

from annotated_types import MinLen

from l2t.methods.meta_config import MetaConfig


class Config(MetaConfig):
    """Channel weights w, layer weights λ and position weights γ."""

    summary: ClassVar[str] = "learn what channels, where between layers and which pixels to imitate"
    paper: ClassVar[str] = "the thesis: L2T-www, section 4"
    implementation: ClassVar[str] = "l2t.methods.l2twww.method:L2twww"

    parts: Annotated[tuple[Literal["what", "where", "which"], ...], MinLen(1)] = ("what", "where", "which")
    """The meta-networks in use; a part that is left out weighs evenly (w = 1/C, λ = 1, γ = 1)."""
    which_input: Literal["map", "pool3", "gap"] = "map"
    """Input of h: the channel's own whole map, the map pooled to 3×3, or the means of all channels."""
    which_start: Literal["one", "default"] = "one"
    """one: γ ≡ 1 at the start, and weight decay pulls γ to 1; default: PyTorch's start without offset."""
    softplus: Literal["before", "after"] = "before"
    """Softplus before or after the 3×3 grid is resized to the map."""
    scale: Literal["free", "mean-one"] = "free"
    """free: γ as it is; mean-one: divided by its mean over the positions, for each channel."""
