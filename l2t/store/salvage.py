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
    """Specifications of the wanted jobs, by id, from the database of a home and from those set aside before."""
    found: dict[str, Spec] = {}
    for path in sorted(home.glob(f"{NAME}*")):
        if not path.name.endswith("-shm"):
            for kind, text in (*_rows(path), *_texts(path)):
                if len(found) == len(wanted):
                    return found
                with suppress(RefusedError):
                    spec = read_spec_text(kind, text)
                    if spec.id in wanted:
                        found.setdefault(spec.id, spec)
    return found


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    """Kinds and texts of the table of specifications, until the first that cannot be read."""
    if path.name.endswith("-wal"):
        return
    # What was set aside is not opened as a living database: that would leave files beside it.
    uri = f"{path.absolute().as_uri()}?{'mode=ro' if path.name == NAME else 'immutable=1'}"
    with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True)) as database:
        for (text,) in database.execute("SELECT spec FROM specs"):
            if isinstance(text, str):
                yield "run" if text.startswith('{"method"') else "", text


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Kinds and texts of all that looks like a specification in the bytes of a file."""
    decoder = json.JSONDecoder()
    data = path.read_bytes()
    for match in _BEGINNING.finditer(data):
        text = data[match.start() : match.start() + _LONGEST].decode(errors="replace")
        with suppress(ValueError, RecursionError):
            _, end = decoder.raw_decode(text)
            yield "run" if match[1] == b"method" else "", text[:end]
