"""The methods, by name, and the phases that some have before their own training."""

from typing import TYPE_CHECKING

from l2t.registry import Registry

if TYPE_CHECKING:  # it imports what asks these registries
    from l2t.methods.base import MethodConfig

methods: "Registry[type[MethodConfig]]" = Registry(
    "method",
    {
        "scratch": "l2t.methods.scratch.config:Config",
        "finetune": "l2t.methods.finetune.config:Config",
        "intermediate": "l2t.methods.intermediate.config:Config",
        "spottune": "l2t.methods.spottune.config:Config",
        "ufm": "l2t.methods.ufm.config:Config",
        "fitnets": "l2t.methods.fitnets.config:Config",
        "attention-transfer": "l2t.methods.attention_transfer.config:Config",
        "fsp": "l2t.methods.fsp.config:Config",
        "lwf": "l2t.methods.lwf.config:Config",
        "kd": "l2t.methods.kd.config:Config",
        "factor-transfer": "l2t.methods.factor_transfer.config:Config",
        "l2tww": "l2t.methods.l2tww.config:Config",
        "l2twww": "l2t.methods.l2twww.config:Config",
    },
    listing="l2t methods",
    lacks="l2t.methods.base:lacks",
)

phases: "Registry[type[MethodConfig]]" = Registry(
    "phase",
    {
        "hint": "l2t.methods.fitnets.config:Hint",
        "intermediate": "l2t.methods.finetune.config:Config",
        "paraphraser": "l2t.methods.factor_transfer.config:Paraphraser",
        "teacher": "l2t.methods.finetune.config:Config",
    },
    listing="l2t methods",
    lacks="l2t.methods.base:lacks",
)
"""What makes artefacts, by the name in `ArtefactSpec.phase`: trained as a method is, its weights are the artefact."""
