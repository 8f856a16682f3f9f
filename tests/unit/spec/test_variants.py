"""The settings of a method's runs: its own defaults below recipe, block and what the user sets."""

import pytest

from l2t.spec.recipe_file import parse_recipe
from l2t.spec.request import SweepRequest
from l2t.spec.sweep import Point, expand
from l2t.spec.values import Setting

HEAD = 'methods = ["scratch", "finetune", "l2twww"]\ndatasets = ["digits"]\nshots = [1]\nseeds = 1\nsource = "s"\n'


def points(*settings: Setting, recipe: str = "") -> list[Point]:
    return list(expand(SweepRequest(parse_recipe(HEAD + recipe, "r", "r"), settings=settings)))


def inputs(*settings: Setting, recipe: str = "") -> list[tuple[int, str]]:
    found = [point for point in points(*settings, recipe=recipe) if point.method == "l2twww"]
    return [(point.settings.data.size, point.settings.options["which_input"]) for point in found]


def test_an_option_whose_default_depends_on_the_image_size_follows_it() -> None:
    sizes = Setting("data", "size", "16,32,33,96")
    assert inputs(sizes) == [(16, "map"), (32, "map"), (33, "pool3"), (96, "pool3")]
    assert inputs(recipe="[data]\nsize = 64") == [(64, "pool3")]


def test_what_a_recipe_or_the_user_sets_goes_before_the_default_of_a_size() -> None:
    large = Setting("data", "size", "64")
    assert inputs(large, Setting("method", "which_input", "map")) == [(64, "map")]
    assert inputs(large, recipe='[method]\nwhich_input = "gap"') == [(64, "gap")]
    assert inputs(large, recipe='[method.l2twww]\nwhich_input = "map"') == [(64, "map")]
    assert inputs(large, recipe='[[sweep]]\nmethod = { which_input = "gap" }') == [(64, "gap")]


@pytest.mark.parametrize(
    ("settings", "recipe", "rates"),
    [
        ((), "", {"scratch": 0.1, "finetune": 0.01}),
        ((), "[train]\nlr = 0.2", {"scratch": 0.2, "finetune": 0.2}),
        ((), "[[sweep]]\ntrain = { lr = 0.3 }", {"scratch": 0.3, "finetune": 0.3}),
        ((Setting("train", "lr", "0.4"),), "[train]\nlr = 0.2", {"scratch": 0.4, "finetune": 0.4}),
    ],
    ids=["method", "recipe", "block", "user"],
)
def test_a_methods_own_training_settings_are_below_all_others(
    settings: tuple[Setting, ...], recipe: str, rates: dict[str, float]
) -> None:
    found = {point.method: point.settings.train.lr for point in points(*settings, recipe=recipe)}
    assert {method: found[method] for method in rates} == rates
