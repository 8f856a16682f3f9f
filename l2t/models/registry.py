"""The architectures, by name."""

from l2t.models.base import ModelInfo
from l2t.registry import Registry

models: Registry[ModelInfo] = Registry(
    "model",
    {
        "vgg9": "l2t.models.vgg.config:VGG9",
        "vgg11": "l2t.models.vgg.config:VGG11",
        "vgg16": "l2t.models.vgg.config:VGG16",
        "vgg9-plain": "l2t.models.vgg.config:VGG9_PLAIN",
        "vgg11-plain": "l2t.models.vgg.config:VGG11_PLAIN",
        "vgg16-plain": "l2t.models.vgg.config:VGG16_PLAIN",
        "vgg-small": "l2t.models.vgg.config:VGG_SMALL",
        "resnet8": "l2t.models.resnet.config:RESNET8",
        "resnet14": "l2t.models.resnet.config:RESNET14",
        "resnet20": "l2t.models.resnet.config:RESNET20",
        "resnet26": "l2t.models.resnet.config:RESNET26",
        "resnet32": "l2t.models.resnet.config:RESNET32",
        "resnet38": "l2t.models.resnet.config:RESNET38",
        "resnet44": "l2t.models.resnet.config:RESNET44",
        "resnet56": "l2t.models.resnet.config:RESNET56",
        "lenet5": "l2t.models.lenet.config:LENET5",
        "alexnet": "l2t.models.alexnet.config:ALEXNET",
        "vit-tiny": "l2t.models.vit.config:VIT_TINY",
        "vit-small": "l2t.models.vit.config:VIT_SMALL",
        "imagenet-resnet18": "l2t.models.imagenet.config:RESNET18",
        "imagenet-resnet34": "l2t.models.imagenet.config:RESNET34",
        "imagenet-resnet50": "l2t.models.imagenet.config:RESNET50",
        "imagenet-resnet152": "l2t.models.imagenet.config:RESNET152",
        "imagenet-vgg16": "l2t.models.imagenet.config:VGG16",
        "imagenet-vit-b16": "l2t.models.vit.config:VIT_B16",
    },
    listing="l2t models",
    lacks="l2t.models.base:lacks",
)
