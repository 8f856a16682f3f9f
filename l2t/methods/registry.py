"""The methods, by name, and the phases that some have before their own training."""

from typing import Any

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

phases: Registry[Any] = Registry("phase", {}, listing="l2t methods")
"""What makes artefacts (see `l2t.train.artefact.Make`), by the name in `ArtefactSpec.phase`."""
