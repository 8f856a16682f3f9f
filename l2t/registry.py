"""Registries of methods, models and data sets: names and import strings, nothing loaded until asked for.

Third parties add entries through the entry-point groups `l2t.methods`, `l2t.models` and `l2t.datasets`; a broken
plug-in is reported once and skipped.
"""

import importlib
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Any, Generic, TypeVar

from l2t.errors import UsageError, unknown

T = TypeVar("T")


def load_object(reference: str) -> Any:
    """The object that `package.module:name` names."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


class Registry(Generic[T]):
    """A mapping from names to lazily imported objects of one kind.

    kind: the field's word for an entry ("method"); builtin: name → import string; listing: the command that lists all;
    lacks: import string of what says why an object is none of the kind, "" where it is.
    """

    def __init__(self, kind: str, builtin: dict[str, str], listing: str, lacks: str) -> None:
        self.kind = kind
        self.listing = listing
        self._builtin = builtin
        self._lacks = lacks
        self._told: set[str] = set()

    @cached_property
    def _extra(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=f"l2t.{self.kind.replace(' ', '')}s")}

    @cached_property
    def _references(self) -> dict[str, str]:
        return self._builtin | {name: entry.value for name, entry in self._extra.items() if name not in self._builtin}

    def package(self, name: str) -> dict[str, str]:
        """Name and version of the third party's package that the entry is from; empty where l2t has it itself."""
        found = self._extra[name].dist if name in self._extra.keys() - self._builtin.keys() else None
        return {} if found is None else {found.name: found.version}

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
        except (Exception, SystemExit) as error:  # a plug-in fails in as many ways as there are authors
            if name in self._builtin:
                raise
            why = f"it ends the program ({error})" if isinstance(error, SystemExit) else error
            raise UsageError(f"{self.kind} plug-in {name} does not load: {why}") from error
        if name not in self._builtin and (why := load_object(self._lacks)(entry)):
            raise UsageError(f"{self.kind} plug-in {name} is none: {self._references[name]} {why}")
        return entry

    def items(self) -> Iterator[tuple[str, T]]:
        """All entries that load; a plug-in that does not, or has the name of one of l2t's, is warned about and left
        out."""
        for name in self._extra.keys() & self._builtin.keys():
            self._tell(name, f"{self.kind} plug-in {name} has a name of l2t's own")
        for name in self:
            try:
                yield name, self.get(name)
            except UsageError as error:
                self._tell(name, str(error))

    def _tell(self, name: str, why: str) -> None:
        if name not in self._told:
            self._told.add(name)
            warnings.warn(f"{why}. It is left out", stacklevel=3)


def check_packages(asked: Mapping[str, str]) -> None:
    """UsageError where one of these packages, name → version, is not installed in that version."""
    for name, wanted in asked.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            raise UsageError(f"the package {name} {wanted}, which it needs, is not installed any more") from None
        if found != wanted:
            raise UsageError(f"it was asked for with {name} {wanted}, and {found} is installed: ask for it again")
