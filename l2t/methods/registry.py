"""The methods, by name."""

from l2t.methods.base import MethodConfig
from l2t.registry import Registry

methods: Registry[type[MethodConfig]] = Registry(
    "method",
    {
        "scratch": "l2t.methods.scratch.config:Config",
        "ufm": "l2t.methods.ufm.config:Config",
        "l2tww": "l2t.methods.l2tww.config:Config",
        "l2twww": "l2t.methods.l2twww.config:Config",
    },
    listing="l2t methods",
)
