"""All combinations of settings that one method of a block is run with."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from l2t.errors import UsageError
from l2t.methods.registry import methods
from l2t.spec.base import Model
from l2t.spec.recipe import Recipe, SweepTable, Table
from l2t.spec.recipe_file import having_option
from l2t.spec.settings import DataSettings, TrainSettings
from l2t.spec.values import Setting, read_toml_values, read_values

S = TypeVar("S", bound=Model)
Values = dict[str, tuple[Any, ...]]
"""Settings of one section with their sweep values."""


@dataclass(frozen=True)
class Overrides:
    """The `--set` settings, read: train and data for all methods, options for each method asked for."""

    train: Values
    data: Values
    options: Mapping[str, Values]


@dataclass(frozen=True)
class Variant:
    """One combination of settings of a method."""

    options: dict[str, Any]
    """All options of the method."""
    train: TrainSettings
    data: DataSettings
    key: str
    """Equal where all settings are equal."""


def read_overrides(settings: tuple[Setting, ...], asked: tuple[str, ...]) -> Overrides:
    """Read the `--set`s for the methods `asked` for.

    Raises UsageError for one that is given twice, that no method has, or that takes no such value.
    """
    overrides = Overrides({}, {}, {method: {} for method in asked})
    seen: set[str] = set()
    for setting in settings:
        if setting.name in seen:
            raise UsageError(f"{setting.name} is set twice. Several values are one sweep: --set {setting.name}=A,B")
        seen.add(setting.name)
        if setting.section == "train":
            overrides.train[setting.key] = read_values(TrainSettings, setting)
        elif setting.section == "data":
            overrides.data[setting.key] = read_values(DataSettings, setting)
        else:
            having = having_option(setting.key, asked)
            for method in asked:
                if methods.get(method) in having:
                    overrides.options[method][setting.key] = read_values(methods.get(method), setting)
    return overrides


def variants(method: str, recipe: Recipe, block: SweepTable, overrides: Overrides) -> list[Variant]:
    """The combinations of the sweep values of recipe, block and overrides, the later replacing the earlier; what none
    of them says is the method's own default."""
    config = methods.get(method)
    options: Values = {}
    train: Values = {key: (value,) for key, value in config.train.items()}
    data: Values = {}
    for level in (recipe, block):
        train |= _values(TrainSettings, level.train)
        data |= _values(DataSettings, level.data)
        common = {key: value for key, value in level.method.items() if key in config.model_fields}
        options |= _values(config, common | level.method.get(method, {}))
    result = []
    for chosen in _combinations(options | overrides.options[method]):
        for training in _combinations(train | overrides.train):
            for images in _combinations(data | overrides.data):
                settings = build(TrainSettings, "training", training), build(DataSettings, "data", images)
                full = build(config, f"method {method}", config.defaults(settings[1].size) | chosen).effective()
                key = json.dumps([full, *(part.model_dump(mode="json") for part in settings)], sort_keys=True)
                result.append(Variant(full, *settings, key))
    return result


def _values(model: type[Model], table: Table) -> Values:
    return {key: read_toml_values(model, key, value) for key, value in table.items()}


def _combinations(values: Values) -> Iterator[dict[str, Any]]:
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def build(model: type[S], what: str, settings: Mapping[str, Any]) -> S:
    """The settings model with these fields; UsageError where they do not go together."""
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        message = error.errors(include_url=False, include_context=False)[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"{what}: {message}") from None
