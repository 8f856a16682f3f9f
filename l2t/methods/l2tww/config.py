"""Options of l2tww."""

from typing import ClassVar

from l2t.methods.meta_config import MetaConfig


class Config(MetaConfig):
    """Channel weights w and layer weights λ."""

    summary: ClassVar[str] = "learn what channels and where between layers to imitate"
    paper: ClassVar[str] = "Jang, Lee, Hwang, Shin: Learning What and Where to Transfer, ICML 2019"
    loss: ClassVar[str] = """
L = CE + β L_wfm
L_wfm = Σ_pairs (1/B) Σ_b λ_b Σ_c w_bc (1/HW) Σ_ij (up(S^m) − r(T^n))²_bcij

S^m, T^n: maps of a pair of layers of source and target; r: a 1×1 convolution from the target's channels to the
source's; up: bilinear resize to the target's map.
w = softmax(f(S^m)): channel weights; λ = relu6(g(S^m)): layer weights; f, g: linear, of the map's means. They learn to
lower CE after T virtual steps on β L_wfm and one on CE, through those steps.
"""
    implementation: ClassVar[str] = "l2t.methods.l2tww.method:L2tww"
