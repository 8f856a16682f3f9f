"""Tags and notes of runs from `marks.jsonl`, read without trust: the last word on each."""

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.marks import LONGEST_NOTE, NAME, checked_tag
from l2t.store.plain import opened_file

LARGEST = 256 << 20
"""Bytes above which the file is not read."""


@dataclass(slots=True)
class Mark:
    """Tags and note of a run."""

    tags: dict[str, None] = field(default_factory=dict)
    """As an ordered set."""
    note: str | None = None


def read_marks(home: Path, wanted: Collection[str]) -> dict[str, Mark]:
    """Marks of the wanted jobs, by id, as the lines of a home's file left them; what is no mark is skipped.

    Raises RefusedError where the file is no plain one, or too large.
    """
    marks: dict[str, Mark] = {}
    for line in _lines(home / NAME):
        for id in _texts(line.get("ids")):
            if id not in wanted:
                continue
            mark = marks.setdefault(id, Mark())
            mark.tags |= dict.fromkeys(tag for tag in _texts(line.get("add")) if _is_tag(tag))
            for tag in _texts(line.get("remove")):
                mark.tags.pop(tag, None)
            note = line.get("note", mark.note)
            if note is None or isinstance(note, str):
                mark.note = None if note is None else printable(note)[:LONGEST_NOTE]
    return {id: mark for id, mark in marks.items() if mark.tags or mark.note is not None}


def _is_tag(text: str) -> bool:
    try:
        return checked_tag(text) == text
    except UsageError:
        return False


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with opened_file(path, None, LARGEST) as descriptor:
        if descriptor is None:
            return
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            for line in file:
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict):
                    yield value


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
