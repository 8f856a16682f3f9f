"""Options of l2tww."""

from typing import ClassVar

from l2t.methods.meta_config import MetaConfig


class Config(MetaConfig):
    """Channel weights w and layer weights λ."""

    summary: ClassVar[str] = "learn what channels and where between layers to imitate"
    paper: ClassVar[str] = "Jang, Lee, Hwang, Shin: Learning What and Where to Transfer, ICML 2019"
    implementation: ClassVar[str] = "l2t.methods.l2tww.method:L2tww"
