"""What is asked for: a recipe and what replaces its values. The command line and a form both build it."""

from dataclasses import dataclass

from l2t.spec.recipe import Recipe
from l2t.spec.recipe_file import read_recipe
from l2t.spec.values import Setting

PROTOCOL = "protocol"
"""Name of the recipe that stands for the defaults of all settings."""


@dataclass(frozen=True)
class SweepRequest:
    """A recipe and what replaces its values; an empty tuple: the recipe's.

    methods, datasets and shots *select* among the recipe's cells where each value that is given occurs in one of the
    cells that are left. Values that the recipe does not have replace those that it has for all its blocks; where blocks
    have their own, they form a sweep of their own, with the recipe's settings and, for an axis that is not given, the
    values of those blocks of the recipe that have the given ones (of all blocks where none has).
    seeds, sources, targets, settings and trace replace the recipe's in every cell.
    """

    recipe: Recipe
    methods: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    shots: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    trace: tuple[str, ...] = ()


def default_recipe(datasets: tuple[str, ...]) -> Recipe:
    """The recipe of a request that names none.

    The demo's where its data set is asked for, or none. For other data the demo's settings mean nothing: the
    protocol's defaults then (200 epochs, 32×32, VGG-9, …), with the demo's methods, shots, seeds and source.
    """
    demo = read_recipe("demo")
    if set(datasets) <= set(demo.datasets):
        return demo
    kept = {"methods": demo.methods, "shots": demo.shots, "seeds": demo.seeds, "source": demo.source}
    return Recipe.model_validate({"name": PROTOCOL, "title": "the defaults of the protocol", **kept})
