"""Reading recipes: what is wrong with one is said with file, line and key."""

import json
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from l2t.errors import DataError, UsageError, unknown
from l2t.methods.base import MethodConfig
from l2t.methods.registry import methods
from l2t.spec.base import Model
from l2t.spec.recipe import Recipe, SourceTable, SweepTable, Table
from l2t.spec.settings import DataSettings, TrainSettings
from l2t.spec.toml_lines import line_of
from l2t.spec.values import known_key, read_toml_values

BUILTIN = ("thesis", "ablation", "demo")

Place = tuple[int | str, ...]
"""Where a value stands in a recipe: names of tables and keys, after an array of tables the index of one."""


def read_recipe(name: str) -> Recipe:
    """The built-in recipe `name`, or that of the file it names.

    Raises UsageError naming the file, key and line of what is wrong; DataError where the file cannot be read.
    """
    if name in BUILTIN:
        return parse_recipe(files("l2t.recipes").joinpath(f"{name}.toml").read_text("utf-8"), name, f"recipe {name}")
    path = Path(name).expanduser()
    if path.suffix != ".toml":
        raise unknown("recipe", name, BUILTIN, "your own recipe is a file whose name ends in .toml; l2t run --help")
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise DataError(f"recipe {path} cannot be read: {reason}") from None
    return parse_recipe(text, path.stem, str(path))


def parse_recipe(text: str, name: str, where: str) -> Recipe:
    """The recipe in the TOML `text`. `where` names the file in errors."""
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{where}: nested too deeply to be a recipe") from None
    except ValueError as error:  # syntax errors, and numbers of thousands of digits
        raise UsageError(f"{where}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if "name" in tables:
        raise _wrong(where, text, ("name",), "unknown key: a recipe is named after its file, `title` says what it is")
    try:
        # Strict, so that "5" is no count; as JSON, because a strict tuple takes a JSON array but no Python list.
        recipe = Recipe.model_validate_json(json.dumps(tables | {"name": name}, default=str), strict=True)
    except ValidationError as error:
        raise _invalid(error, text, where) from None
    blocks: list[tuple[Recipe | SweepTable, Place]] = [(recipe, ())]
    blocks += [(block, ("sweep", index)) for index, block in enumerate(recipe.sweep)]
    settings = [entry for block, path in blocks for entry in _settings_of(block.train, block.data, path)]
    if isinstance(recipe.source, SourceTable):
        settings += _settings_of(recipe.source.train, recipe.source.data, ("source",))
    try:
        for block, path in blocks:
            here: Place = (*path, "methods")
            for method in block.methods or ():
                methods.get(method)
            for key, value in block.method.items():
                here = (*path, "method", key)
                if isinstance(value, dict):
                    settings += [(methods.get(key), (*here, option), entry) for option, entry in value.items()]
                else:
                    settings += [
                        (config, here, value)
                        for config in having_option(key, tuple(name for name, _ in methods.items()))
                    ]
        for model, here, value in settings:
            known_key(model, str(here[-2]), str(here[-1]))
            if len(read_toml_values(model, str(here[-1]), value)) > 1 and here[0] == "source":
                raise ValueError("a source network is trained once: one value")
    except (UsageError, ValueError) as error:
        raise _wrong(where, text, here, str(error)) from None
    return recipe


def _settings_of(train: Table, data: Table, path: Place) -> Iterator[tuple[type[Model], Place, Any]]:
    """The fields of the [train] and [data] tables below `path`: settings model, place, value."""
    for key, value in train.items():
        yield TrainSettings, (*path, "train", key), value
    for key, value in data.items():
        yield DataSettings, (*path, "data", key), value


def _invalid(error: ValidationError, text: str, where: str) -> UsageError:
    """The line for the first thing that pydantic has against a recipe, unknown keys before wrong values."""
    details = error.errors(include_url=False, include_context=False)
    detail = min(details, key=lambda item: item["type"] != "extra_forbidden")
    path = detail["loc"]
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        below: dict[str, type[Model]] = {"source": SourceTable, "sweep": SweepTable}
        model = below[str(path[0])] if len(path) > 1 else Recipe
        known = [key for key in model.model_fields if (model, key) != (Recipe, "name")]
        message = f"unknown key. Known are {', '.join(known)}"
    if path[0] == "source":
        path = path[:1] + path[2:]  # without the discriminator's tag
    return _wrong(where, text, path, message[:1].lower() + message[1:])


def _wrong(where: str, text: str, path: Place, message: str) -> UsageError:
    """The error for one key of a recipe: file, line, key, what is wrong."""
    key = ".".join(str(part) for part in path if isinstance(part, str))
    return UsageError(f"{where}, line {line_of(text, path)}: {key}: {message}")


def having_option(option: str, among: tuple[str, ...]) -> list[type[MethodConfig]]:
    """The configs of those methods `among` that have the option; UsageError with the nearest match where none has."""
    configs = [methods.get(method) for method in among]
    having = [config for config in configs if option in config.model_fields]
    others = [name for name, config in methods.items() if option in config.model_fields]
    if not having and others:
        none = f"{', '.join(among)} {'has' if len(among) == 1 else 'have'} no method.{option}"
        raise UsageError(f"{none}: it is an option of {', '.join(others)} (l2t methods show NAME)")
    if not having:
        known = {f"method.{name}" for config in configs for name in config.model_fields}
        raise unknown("option", f"method.{option}", sorted(known), "l2t methods show NAME")
    return having
