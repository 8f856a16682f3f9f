"""The filter language: `method=l2tww shots=5,10 seed=0-9 accuracy>50`.

Words are joined by "and"; a comma joins values by "or"; `a-b` is a range of whole numbers; `*` in a text stands for any
characters; `source=none` are the runs without a source. Faces pass what the user typed, the store gets SQL with
parameters: no value ever becomes part of a statement.
"""

import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from l2t.errors import UsageError, unknown
from l2t.printable import printable
from l2t.store.state import Reason, State

_TEXT = {"id": "jobs.id", "source": "source", "target": "target", "recipe": "recipe", "cell": "cell"} | {
    "method": "method",
    "dataset": "dataset",
    "sweep": "sweep",
    "note": "note",
    "tag": "tags",
}
_WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "state": ("jobs.state", tuple(State)),
    "reason": ("jobs.reason", tuple(Reason)),
    "device": ("jobs.device", ("cpu", "cuda")),
}
_NUMBERS = {"shots": "shots", "seed": "seed", "epoch": "epoch", "epochs": "epochs", "attempts": "attempts"} | {
    "priority": "priority",
    "accuracy": "accuracy",
    "seconds": "seconds",
    "steps": "steps",
    "parameters": "parameters",
}

KEYS = (*_WORDS, *_TEXT, *_NUMBERS)
"""All keys of the language."""

HELP = "method=l2tww shots=5,10 seed=0-9 state=failed accuracy>50"
"""A filter that shows the language, for help texts."""

_WORD = re.compile(r"([A-Za-z_.]+)(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
_RANGE = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class Filter:
    """A condition on runs. `where` is SQL over the tables jobs and runs, its values are in `parameters`, in order."""

    where: str = "1"
    parameters: tuple[Any, ...] = field(default=())


ALL = Filter()
"""All runs."""

MOST_VALUES = 500
"""Values in one filter line: SQLite refuses deep conditions."""


def ids(found: Iterable[str]) -> Filter:
    """The runs of these whole ids, however many."""
    return Filter("jobs.id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(found)),))


def split(line: str) -> list[str]:
    """The words of one line of the language; quotes as in a shell. UsageError where a quote is not closed."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"filter {line!r}: a quote is not closed") from error


def is_filter(line: str) -> bool:
    """Whether a line that was kept is one of the language, and can be shown as it is."""
    try:
        parse(split(line))
    except UsageError:
        return False
    return line.isprintable()


def parse(words: Iterable[str]) -> Filter:
    """The filter that `words` describe; all runs where there are none.

    Raises UsageError for an unknown key, state or reason (with the nearest match) and for what is no number.
    """
    conditions: list[str] = []
    parameters: list[Any] = []
    for word in words:
        match = _WORD.fullmatch(word)
        if match is None:
            raise UsageError(f"filter {word!r} is no KEY=VALUE. Example: {HELP}")
        key, sign, text = match.groups()
        condition, values = _condition(word, key, sign, text)
        conditions.append(f"({condition})")
        parameters += values
        if len(parameters) > MOST_VALUES:
            raise UsageError(f"the filter has more than {MOST_VALUES} values. Use ranges (seed=0-999), * or a tag")
    return Filter(" AND ".join(conditions) or "1", tuple(parameters))


def _condition(word: str, key: str, sign: str, text: str) -> tuple[str, list[Any]]:
    if "." in key:
        raise UsageError(f"runs are not filtered by settings: l2t report --split-by {key} tells those of {key} apart")
    if key not in KEYS:
        raise unknown("filter key", key, KEYS, "l2t ls --help")
    if sign in ("=", "!="):
        alternatives = [_equal(word, key, value) for value in text.split(",")]
        condition = " OR ".join(condition for condition, _ in alternatives)
        values = [value for _, some in alternatives for value in some]
        return (condition if sign == "=" else f"NOT ({condition})"), values
    if key not in _NUMBERS:
        raise UsageError(f"filter {word!r}: {key} is no number; use = or !=")
    return f"{_NUMBERS[key]} {sign} ?", [_number(word, text)]


def _equal(word: str, key: str, value: str) -> tuple[str, list[Any]]:
    if key in _WORDS:
        column, known = _WORDS[key]
        if value not in known:
            raise unknown(key, value, known, "l2t ls --help")
        return f"{column} IS ?", [value]
    if key in _NUMBERS:
        span = _RANGE.fullmatch(value)
        if span is not None:
            return f"{_NUMBERS[key]} BETWEEN ? AND ?", [_number(word, bound) for bound in span.groups()]
        return f"{_NUMBERS[key]} IS ?", [_number(word, value)]
    if not value:
        raise UsageError(f"filter {word!r}: a value is missing")
    if key == "note":
        value = printable(value)  # as it was stored
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "0", []  # bytes of a command line that are no text: nothing stored has them
    if key == "sweep":
        return "jobs.number IN (SELECT number FROM sweep_jobs WHERE sweep = ?)", [value]
    if key == "tag":
        return _tagged(value)
    if key == "source" and value == "none":
        return "source IS NULL", []
    if key == "id":
        return "substr(jobs.id, 1, ?) = ?", [len(value), value]
    if "*" in value:
        # IFNULL: what has no source matches no pattern, so that != keeps it.
        return f"ifnull({_TEXT[key]} GLOB ?, 0)", [_pattern(value)]
    return f"{_TEXT[key]} IS ?", [value]


def _tagged(value: str) -> tuple[str, list[Any]]:
    """The runs of which one tag is the value. The column holds tags with a blank before, between and behind."""
    if " " in value:
        return "0", []
    if "*" not in value:
        return "instr(tags, ?) > 0", [f" {value} "]
    # Each tag alone: a pattern must not begin in one and end in the next. No tag has a quote.
    each = """json_each('["' || replace(trim(tags), ' ', '","') || '"]')"""
    return f"tags <> '' AND EXISTS (SELECT 1 FROM {each} WHERE value GLOB ?)", [_pattern(value)]


def _pattern(value: str) -> str:
    """GLOB's pattern in which only * is special."""
    return value.replace("[", "[[]").replace("?", "[?]")


def _number(word: str, text: str) -> float:
    """A finite number that SQLite can hold."""
    try:
        number = int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < float("inf"):
        raise UsageError(f"filter {word!r}: {text!r} is no number")
    return number
