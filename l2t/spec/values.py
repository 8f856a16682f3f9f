"""How lists, seeds and settings are written: on the command line as text, in recipes as TOML values.

Nothing is guessed: what cannot be read is a UsageError that says what is wrong and what is allowed.
"""

import json
import re
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from l2t.errors import UsageError, unknown
from l2t.spec.base import Model

LARGEST = 1_000_000_000
"""A larger number in a setting is taken for a slip of the hand: nothing here is counted or weighed in more."""

MOST_SEEDS = 100_000
"""More seeds than this in one request are taken for a slip of the hand."""


def split(text: str, option: str) -> tuple[str, ...]:
    """The entries of a comma-separated list, in order, each once. Commas inside brackets do not separate.

    `option` is named in the UsageError for an empty entry.
    """
    entries = [entry.strip() for entry in re.split(r",(?![^\[]*\])", text)]
    if not all(entries):
        raise UsageError(f'{option} "{text}" has an empty entry. Write a list as a,b,c')
    return tuple(dict.fromkeys(entries))


def read_counts(text: str, option: str) -> tuple[int, ...]:
    """Positive whole numbers, `5` or `5,10,30`: shots."""
    entries = split(text, option)
    for entry in entries:
        if not re.fullmatch(r"[0-9]{1,9}", entry) or int(entry) == 0:
            raise UsageError(f'{option} "{entry}" is not a number of at least 1. Write {option} 5 or {option} 5,10,30')
    return tuple(dict.fromkeys(int(entry) for entry in entries))


def read_seeds(text: str) -> tuple[int, ...]:
    """Seeds: `30` is a count (0 … 29); `0-29`, `7-7`, `3,7` and `0-4,9` are explicit. In the order given, each once."""
    shapes = "Write a count (30: seeds 0 to 29), a range (0-29; one seed: 7-7) or a list (3,7,10-19)"
    entries = split(text, "--seeds")
    seeds: dict[int, None] = {}
    for entry in entries:
        shape = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", entry)
        if shape is None:
            raise UsageError(f'--seeds "{entry}" cannot be read. {shapes}')
        first = int(shape[1])
        last = first if shape[2] is None else int(shape[2])
        if len(entries) == 1 and shape[2] is None:
            if first == 0:
                raise UsageError(f"--seeds 0 asks for no run. {shapes}")
            first, last = 0, first - 1
        if last < first:
            raise UsageError(f"--seeds {entry} runs backwards. {shapes}")
        if last - first >= MOST_SEEDS:
            raise UsageError(f"--seeds {entry} asks for more than {MOST_SEEDS:,} seeds")
        seeds |= dict.fromkeys(range(first, last + 1))
    return tuple(seeds)


def write_seeds(seeds: Sequence[int]) -> str:
    """The shortest text that `read_seeds` reads as these seeds, in this order: `30`, `7-7`, `0-4,9`."""
    if list(seeds) == list(range(len(seeds))):
        return str(len(seeds))
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][1] + 1:
            runs[-1][1] = seed
        else:
            runs.append([seed, seed])
    if len(runs) == 1:
        return f"{runs[0][0]}-{runs[0][1]}"
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


@dataclass(frozen=True)
class Setting:
    """One `--set SECTION.KEY=VALUES`, not yet read as values of a settings model."""

    section: str
    """method, train or data."""
    key: str
    text: str
    """Comma-separated sweep values; `+` joins the entries of a value that is a list, `none` is one without entries."""

    @property
    def name(self) -> str:
        return f"{self.section}.{self.key}"


def read_setting(text: str) -> Setting:
    """`method.beta=0.5,1` as a Setting."""
    shape = re.fullmatch(r"\s*(\w+)\.(\w+)\s*=(.*)", text, flags=re.DOTALL)
    if shape is None:
        raise UsageError(f'--set "{text}" cannot be read. Write --set method.beta=0.5 or --set train.lr=0.1,0.01')
    section, key, values = shape.groups()
    if section not in ("method", "train", "data"):
        raise unknown("section", section, ("method", "train", "data"), "l2t run --help")
    return Setting(section, key, values.strip())


def known_key(model: type[Model], section: str, key: str) -> None:
    """UsageError with the nearest match where `model` has no field `key`."""
    if key not in model.model_fields:
        known = (f"{section}.{name}" for name in model.model_fields)
        raise unknown("setting", f"{section}.{key}", known, "l2t run --help")


def takes_list(model: type[Model], key: str) -> bool:
    """Whether a value of the field is itself a list."""

    def is_list(annotation: Any) -> bool:
        origin = typing.get_origin(annotation)
        if origin in (typing.Union, types.UnionType, typing.Annotated):
            return any(is_list(argument) for argument in typing.get_args(annotation))
        return (origin or annotation) in (list, tuple, set, frozenset)

    return is_list(model.model_fields[key].annotation)


def complaint(model: type[Model], key: str, value: Any) -> str | None:
    """What the field `key` of `model` has against `value`, None where it takes it.

    Strict, so that `true` is no number and `"5"` no count; other fields keep their defaults.
    """
    try:
        # As JSON, because a strict tuple takes a JSON array but no Python list.
        model.model_validate_json(json.dumps({key: value}), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            if detail["loc"][:1] == (key,) or detail["type"] == "json_invalid":
                message = detail["msg"].removeprefix("Value error, ")
                return message[:1].lower() + message[1:]
    except (TypeError, ValueError):
        return "input should be a number, a word, true or false"
    numbers = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, (int, float))]
    return f"input should be at most {LARGEST:,}" if any(abs(number) > LARGEST for number in numbers) else None


def _readings(text: str) -> Iterable[Any]:
    """The values that `text` may stand for, the likeliest first."""
    if text.lower() in ("none", "true", "false"):
        yield {"none": None, "true": True, "false": False}[text.lower()]
    for number in (int, float):
        try:
            yield number(text)
        except ValueError:
            continue
    yield text


def read_values(model: type[Model], setting: Setting) -> tuple[Any, ...]:
    """The sweep values of a `--set`, as plain JSON values that the field takes, each once.

    Raises UsageError naming the setting, the value and what is allowed.
    """
    known_key(model, setting.section, setting.key)
    values: list[Any] = []
    for entry in split(setting.text, f"--set {setting.name}"):
        if takes_list(model, setting.key):
            items = [list(_readings(item)) for item in entry.split("+")]
            empty: list[Any] = [None, []] if entry.lower() == "none" else []
            readings = [*empty, [item[0] for item in items], [item[-1] for item in items]]
        else:
            readings = list(_readings(entry))
        problems = [complaint(model, setting.key, reading) for reading in readings]
        if None not in problems:
            raise UsageError(f"{setting.name}={entry}: {problems[0]}")
        value = readings[problems.index(None)]
        if value not in values:
            values.append(value)
    return tuple(values)


def read_toml_values(model: type[Model], key: str, value: Any) -> tuple[Any, ...]:
    """The sweep values of a TOML value: a list means several, for a field that takes lists a list of lists.

    Raises ValueError saying what is allowed.
    """
    several = isinstance(value, list) and (not takes_list(model, key) or any(isinstance(item, list) for item in value))
    values = value if several else [value]
    if not values:
        raise ValueError("the list is empty")
    for entry in values:
        problem = complaint(model, key, entry)
        if problem is not None:
            raise ValueError(f"{json.dumps(entry, default=str)}: {problem}")
    return tuple(values)
