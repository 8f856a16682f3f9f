"""Registries of methods, models and data sets: names and import strings, nothing loaded until asked for.

Third parties add entries through the entry-point groups `l2t.methods`, `l2t.models` and `l2t.datasets`; a broken
plug-in is reported once and skipped.
"""

import importlib
import warnings
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from l2t.errors import UsageError, unknown

T = TypeVar("T")


def load_object(reference: str) -> Any:
    """The object that `package.module:name` names."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


class Registry(Generic[T]):
    """A mapping from names to lazily imported objects of one kind.

    kind: the field's word for an entry ("method"); builtin: name → import string; listing: the command that lists all.
    """

    def __init__(self, kind: str, builtin: dict[str, str], listing: str) -> None:
        self.kind = kind
        self.listing = listing
        self._builtin = builtin

    @cached_property
    def _references(self) -> dict[str, str]:
        extra = {entry.name: entry.value for entry in entry_points(group=f"l2t.{self.kind.replace(' ', '')}s")}
        return self._builtin | {name: value for name, value in extra.items() if name not in self._builtin}

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __contains__(self, name: str) -> bool:
        return name in self._references

    def get(self, name: str) -> T:
        """The entry called `name`; UsageError with the nearest match where there is none, or for a plug-in that does
        not load."""
        if name not in self._references:
            raise unknown(self.kind, name, self._references, self.listing)
        try:
            entry: T = load_object(self._references[name])
        except Exception as error:  # a plug-in fails in as many ways as there are authors
            if name in self._builtin:
                raise
            raise UsageError(f"{self.kind} plug-in {name} does not load: {error}") from error
        return entry

    def items(self) -> Iterator[tuple[str, T]]:
        """All entries that load; a plug-in that does not is warned about and left out."""
        for name in self:
            try:
                yield name, self.get(name)
            except UsageError as error:
                warnings.warn(f"{error}. It is left out", stacklevel=2)
