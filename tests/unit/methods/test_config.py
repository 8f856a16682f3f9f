"""What methods say of their options and weights without torch."""

import pytest
from setups import make_setup

from l2t.methods.base import MethodConfig
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.registry import load_object

PARTS = [{"parts": ("where",)}, {"parts": ("which",)}, {"parts": ("what", "which"), "which_input": "gap"}]
CONFIGS = [methods.get(name)(**options) for name, _ in methods.items() for options in ({}, {"pairs": "one-to-one"})
           if options.keys() <= methods.get(name).model_fields.keys()]  # fmt: skip


@pytest.mark.parametrize("config", [*CONFIGS, *(methods.get("l2twww")(**options) for options in PARTS)], ids=str)
def test_the_weights_that_are_announced_are_those_observed(config: MethodConfig) -> None:
    setup = make_setup(config)
    method = load_object(config.implementation)(setup)
    announced = config.observed(models.get("resnet8"), setup.target_info)
    assert announced == {key: tuple(value.shape[1:]) for key, value in method.observe().items()}


def test_options_without_effect_are_at_their_defaults() -> None:
    l2twww = methods.get("l2twww")
    plain = l2twww(parts=("what", "where")).effective()
    assert l2twww(parts=("where", "what", "where"), which_input="gap", scale="mean-one").effective() == plain
    assert l2twww(parts=("what", "where"), softplus="after", which_start="default").effective() == plain
    assert l2twww(which_input="gap").effective() == l2twww(which_input="gap").model_dump(mode="json")
