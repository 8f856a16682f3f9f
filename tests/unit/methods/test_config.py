"""What methods say of their options and weights without torch."""

import pytest
from setups import make_setup

from l2t.methods.base import MethodConfig
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.registry import load_object

PARTS = [{"parts": ("where",)}, {"parts": ("which",)}, {"parts": ("what", "which"), "which_input": "gap"}]
CONFIGS = [methods.get(name)(**options) for name, _ in methods.items() for options in ({}, {"pairs": "2-1"})
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
    assert l2twww(which_input="gap").effective()["which_input"] == "gap"
    l2tww = methods.get("l2tww")
    assert l2tww(virtual_steps=0, hypergradient="first-order").effective() == l2tww(virtual_steps=0).effective()
    assert l2tww(virtual_steps=0, virtual="thesis").effective() == l2tww(virtual_steps=0).effective()
    even = l2twww(fixed=("which",)).effective()
    assert l2twww(fixed=("which",), scale="mean-one").effective() == even
    assert l2twww(fixed=("which",), which_start="default", scale="mean-one").effective()["scale"] == "mean-one"
    assert l2tww(fixed=("which",)).effective() == l2tww().effective()
    still = l2tww(fixed=("what", "where")).effective()
    for option in ({"virtual_steps": 5}, {"virtual": "thesis"}, {"hypergradient": "first-order"}, {"meta_lr": 1.0}):
        assert l2tww(fixed=("what", "where"), **option).effective() == still != l2tww(**option).effective()
    kept = l2twww(fixed=("which", "where", "which"), parts=("where", "which", "what")).effective()
    assert kept["fixed"] == ["where", "which"]
    assert "fixed" not in l2twww(fixed=("where",), parts=("what",)).effective()


@pytest.mark.parametrize("name", ["ufm", "l2tww", "l2twww"])
def test_options_that_came_later_leave_the_identity_of_runs_without_them(name: str) -> None:
    config = methods.get(name)
    assert config.later <= config.model_fields.keys()
    assert config().effective().keys() == config.model_fields.keys() - config.later
    for option, value in {"hypergradient": "first-order", "fixed": ("where",)}.items():
        if option in config.later:
            found = config(**{option: value}).effective()
            assert found.keys() == config().effective().keys() | {option}
            assert config.model_validate(found) == config(**{option: value})


META = {
    "beta": 0.5,
    "pairs": "all",
    "virtual_steps": 2,
    "virtual": "optimiser",
    "hypergradient": "exact",
    "meta_lr": 1e-4,
    "meta_weight_decay": 1e-4,
    "statistics_updates": 1,
    "fixed": [],
}
DEFAULTS = {
    "scratch": {},
    "finetune": {"backbone": "tuned", "train.lr": 0.01},
    "intermediate": {"backbone": "tuned", "through": "auto", "through_lr": 0.01, "train.lr": 0.01},
    "spottune": {
        "temperature": 5.0,
        "policy_lr": 0.01,
        "policy_weight_decay": 1e-3,
        "train.lr": 0.01,
        "frozen_statistics": "kept",
        "at_test": "argmax",
    },
    "ufm": {"beta": 0.5, "pairs": "all"},
    "fitnets": {"pairs": "single", "hint_epochs": 0, "hint_lr": None},
    "attention-transfer": {"weight": 1000.0, "pairs": "one-to-one", "reduction": "mean"},
    "fsp": {"weight": 1.0},
    "lwf": {"temperature": 2.0, "weight": 1.0, "t_squared": False},
    "kd": {"temperature": 4.0, "alpha": 0.9, "teacher_lr": 0.01, "train.lr": 0.01},
    "factor-transfer": {"weight": 500.0, "share": 0.5, "reconstruction": "l1", "paraphraser_epochs": 6},
    "l2tww": META,
    "l2twww": META
    | {
        "parts": ["what", "where", "which"],
        "which_input": "map",
        "which_start": "one",
        "softplus": "before",
        "scale": "free",
    },
}
"""As METHODS.md has them."""


@pytest.mark.parametrize("name", list(methods))
def test_defaults_are_the_published_ones(name: str) -> None:
    config = methods.get(name)
    found = config().model_dump(mode="json") | {f"train.{key}": value for key, value in config.train.items()}
    assert DEFAULTS[name].items() <= found.items()
