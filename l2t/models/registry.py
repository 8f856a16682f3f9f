"""The architectures, by name."""

from l2t.models.base import ModelInfo
from l2t.registry import Registry

models: Registry[ModelInfo] = Registry(
    "model",
    {
        "vgg9": "l2t.models.vgg.config:VGG9",
        "vgg-small": "l2t.models.vgg.config:VGG_SMALL",
        "resnet8": "l2t.models.resnet.config:RESNET8",
        "resnet20": "l2t.models.resnet.config:RESNET20",
        "resnet32": "l2t.models.resnet.config:RESNET32",
    },
    listing="l2t models",
)
