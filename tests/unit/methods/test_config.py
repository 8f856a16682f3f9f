"""What methods say of their options and weights without torch."""

import pytest
import torch

from l2t.methods.base import MethodConfig
from l2t.methods.method import Setup
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.registry import load_object
from l2t.spec.settings import TrainSettings
from l2t.streams import Streams

PARTS = [{"parts": ("where",)}, {"parts": ("which",)}, {"parts": ("what", "which"), "which_input": "gap"}]
CONFIGS = [methods.get(name)(**options) for name, _ in methods.items() for options in ({}, {"pairs": "one-to-one"})
           if options.keys() <= methods.get(name).model_fields.keys()]  # fmt: skip


@pytest.mark.parametrize("config", [*CONFIGS, *(methods.get("l2twww")(**options) for options in PARTS)], ids=str)
def test_the_weights_that_are_announced_are_those_observed(config: MethodConfig) -> None:
    source, target = models.get("resnet8"), models.get("vgg-small")
    generator = torch.Generator()
    method = load_object(config.implementation)(
        Setup(
            target=load_object(target.build)(target, 3, generator),
            target_info=target,
            source=load_object(source.build)(source, 5, generator).eval() if config.needs_source else None,
            source_info=source if config.needs_source else None,
            config=config,
            train=TrainSettings(),
            size=16,
            streams=Streams(0),
            probe=torch.zeros(8, 3, 16, 16),
        )
    )
    assert config.observed(source, target) == {key: tuple(v.shape[1:]) for key, v in method.observe().items()}


def test_options_without_effect_are_at_their_defaults() -> None:
    l2twww = methods.get("l2twww")
    plain = l2twww(parts=("what", "where")).effective()
    assert l2twww(parts=("where", "what", "where"), which_input="gap", scale="mean-one").effective() == plain
    assert l2twww(parts=("what", "where"), softplus="after", which_start="default").effective() == plain
    assert l2twww(which_input="gap").effective() == l2twww(which_input="gap").model_dump(mode="json")
