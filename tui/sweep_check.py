"""What is wrong with the fields of a new sweep, and what empty ones stand for: by the functions that `l2t run` asks.

Imports pydantic: for threads of a form that is open.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from l2t.data.registry import canonical
from l2t.errors import L2tError, UsageError
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.spec.blocks import choose_blocks
from l2t.spec.recipe import Recipe, SourceTable
from l2t.spec.recipe_file import having_option, read_recipe
from l2t.spec.request import PROTOCOL, SweepRequest, default_recipe
from l2t.spec.settings import DataSettings, TrainSettings
from l2t.spec.values import Setting, read_counts, read_seeds, read_setting, split, write_seeds
from l2t.spec.variants import read_overrides
from l2t.store.marks import checked_tag
from tui.sweep_choices import swept


@dataclass
class Checked:
    """What the fields say."""

    recipe: Recipe
    methods: tuple[str, ...] = ()
    """Those that would be run."""
    standing: dict[str, str] = field(default_factory=dict)
    """What an empty field stands for, by field."""
    problems: dict[str, str] = field(default_factory=dict)
    """What is wrong with a field, by field: the sentence of `l2t run`."""


def check(values: Mapping[str, str]) -> Checked:
    """Read every field. What needs the data or the store is left to a dry run."""
    texts = {option: text.strip() for option, text in values.items()}
    problems: dict[str, str] = {}

    @contextmanager
    def saying(option: str) -> Iterator[None]:
        try:
            yield
        except L2tError as error:
            problems[option] = str(error)

    def names(option: str, known: Callable[[str], object]) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        if texts.get(option):
            with saying(option):
                found = split(texts[option], f"--{option}")
                for name in found:
                    known(name)
        return () if option in problems else found

    asked, datasets = names("method", methods.get), names("dataset", canonical)
    names("target", models.get)
    names("source", lambda name: None)
    names("tag", checked_tag)
    shots: tuple[int, ...] = ()
    recipe = default_recipe(datasets)
    if texts.get("recipe"):
        with saying("recipe"):
            recipe = read_recipe(texts["recipe"])
    if texts.get("shots"):
        with saying("shots"):
            shots = read_counts(texts["shots"], "--shots")
    if texts.get("seeds"):
        with saying("seeds"):
            read_seeds(texts["seeds"])
    blocks = choose_blocks(SweepRequest(recipe, asked, datasets, shots))
    checked = Checked(recipe, tuple(dict.fromkeys(method for block in blocks for method in block.methods)))
    epochs = (Setting("train", "epochs", texts["epochs"]),) if texts.get("epochs") else ()
    with saying("epochs"):
        read_overrides(epochs, ())
    with saying("set"):
        read_overrides((*_settings(texts.get("set", "")), *(() if "epochs" in problems else epochs)), checked.methods)
    checked.problems = problems
    columns = [column for block in blocks for column in block.columns()]
    checked.standing = {
        "recipe": "the protocol's defaults" if recipe.name == PROTOCOL else recipe.name,
        "method": ",".join(checked.methods),
        "dataset": ",".join(dict.fromkeys(name for name, _ in columns)),
        "shots": ",".join(dict.fromkeys(str(number) for _, number in columns)),
        "seeds": write_seeds(recipe.seeds) if recipe.seeds else "",
        "source": recipe.source.name if isinstance(recipe.source, SourceTable) else recipe.source or "",
        "target": recipe.target,
        "epochs": swept(TrainSettings, "epochs", recipe.train.get("epochs", TrainSettings().epochs)),
        "set": " ".join(_given(recipe)),
        "priority": "0",
    }
    return checked


def _settings(text: str) -> tuple[Setting, ...]:
    try:
        words = shlex.split(text)
    except ValueError:
        raise UsageError(f"{text}: a quotation mark is open") from None
    return tuple(map(read_setting, words))


def _given(recipe: Recipe) -> Iterator[str]:
    """The settings that the recipe gives to all its runs."""
    for key, value in recipe.method.items():
        if not isinstance(value, dict):
            yield f"method.{key}={swept(having_option(key, tuple(name for name, _ in methods.items()))[0], key, value)}"
    for key, value in recipe.train.items():
        if key != "epochs":
            yield f"train.{key}={swept(TrainSettings, key, value)}"
    for key, value in recipe.data.items():
        yield f"data.{key}={swept(DataSettings, key, value)}"
