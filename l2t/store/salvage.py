"""Specifications out of a damaged database: its rows as far as SQLite reads them, else the texts in its bytes.

A specification proves itself: its content hash is the id of its job. So it does not matter where it was found.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from l2t.store.database import NAME
from l2t.store.found import read_spec_text
from l2t.store.plain import RefusedError

if TYPE_CHECKING:
    from l2t.store.found import Spec

_BEGINNING = re.compile(rb'\{"(method|name|phase)":')
"""How the text of a specification begins, as pydantic writes it."""
_LONGEST = 1 << 14
"""Bytes of such a text that are looked at."""


def salvage(home: Path, wanted: Collection[str]) -> dict[str, Spec]:
    """Specifications of the wanted jobs, by id, from the database of a home; where it cannot be read to its end, also
    from its bytes and from those of the ones that were set aside before."""
    found: dict[str, Spec] = {}
    if not wanted or _take(_rows(home / NAME), wanted, found):
        return found
    for path in sorted(home.glob(f"{NAME}*")):
        if not path.name.endswith("-shm"):
            _take(_texts(path), wanted, found)
    return found


def _take(texts: Iterator[tuple[str, str, str]], wanted: Collection[str], found: dict[str, Spec]) -> bool:
    """Keep what is wanted; returns whether all texts could be read and are what they should be."""
    whole = True
    try:
        for kind, text, id in texts:
            try:
                spec = read_spec_text(kind, text)
            except RefusedError:
                whole = False
                continue
            whole = whole and spec.id == id
            if spec.id in wanted:
                found.setdefault(spec.id, spec)
    except (sqlite3.Error, UnicodeDecodeError):  # the latter where SQLite quotes a damaged name
        return False
    return whole


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """Kind, text and id of all specifications in the tables. sqlite3.Error where one cannot be read."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        yield from database.execute("SELECT kind, spec, id FROM jobs JOIN specs USING (number)")


def _texts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Kinds and texts, with no id, of all that looks like a specification in the bytes of a file."""
    decoder = json.JSONDecoder()
    data = path.read_bytes()
    for match in _BEGINNING.finditer(data):
        text = data[match.start() : match.start() + _LONGEST].decode(errors="replace")
        with suppress(ValueError, RecursionError):
            _, end = decoder.raw_decode(text)
            yield "run" if match[1] == b"method" else "", text[:end], ""
