"""Settings models in words: for `l2t methods`, forms and documentation, from the one text under each field."""

import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from annotated_types import DocInfo, Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo

from l2t.spec.base import Model


@dataclass(frozen=True)
class Option:
    """One setting."""

    name: str
    type: str
    """Its values in words: "number ≥ 0", "all | single", "yes or no"."""
    default: Any
    """As a JSON value; None where it has none or the default is none."""
    help: str


def describe(model: type[Model]) -> list[Option]:
    """The settings of `model`, in the order of its fields."""
    return [
        Option(
            name=name,
            type=_type(field),
            default=_default(field),
            help=" ".join((field.description or "").split()),
        )
        for name, field in model.model_fields.items()
    ]


def _type(field: FieldInfo) -> str:
    said = [item.documentation for item in field.metadata if isinstance(item, DocInfo)]
    return said[0] if said else (_words(field.annotation) + _signs(field.metadata)).removesuffix(",")


def _default(field: FieldInfo) -> Any:
    if field.is_required():
        return None
    return list(field.default) if isinstance(field.default, tuple) else field.default


NAMES = {int: "whole number", float: "number", str: "text", bool: "yes or no", types.NoneType: "none"}
SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt"), MinLen: ("at least", "min_length")}


def _words(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _words(arguments[0]) + _signs(arguments[1:])
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_words, arguments))
    if origin is tuple:
        return f"list of {_words(arguments[0])},"
    return NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _signs(metadata: Iterable[Any]) -> str:
    found = [
        f"{sign} {getattr(item, name)}"
        for item in metadata
        for kind, (sign, name) in SIGNS.items()
        if type(item) is kind
    ]
    return f" {' and '.join(found)}" if found else ""
