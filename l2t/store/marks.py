"""Tags and notes of runs, in the database and, for the day it is lost, in `HOME/marks.jsonl`."""

import json
import re
import time
from collections.abc import Iterable

from l2t.errors import StoreError, UsageError
from l2t.printable import printable
from l2t.store.database import Database
from l2t.store.files import LineWriter
from l2t.store.filter import Filter
from l2t.store.rows import Changed

NAME = "marks.jsonl"

LONGEST_NOTE = 10_000
"""Characters of a note, its escapes written out."""

_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:/@-]{0,63}")


def checked_tag(text: str) -> str:
    """The tag. UsageError where it is none."""
    if not _TAG.fullmatch(text):
        shown = repr(text if len(text) <= 80 else f"{text[:80]}…")
        raise UsageError(f"tag {shown}: take up to 64 letters, digits and . _ + : / @ -, a letter or digit first")
    return text


def _checked_note(text: str) -> str:
    """The note, what could steer a terminal escaped. UsageError where it is too long."""
    note = printable(text)
    if len(note) > LONGEST_NOTE:
        raise UsageError(
            f"a note of {len(note):,} characters is too long: at most {LONGEST_NOTE:,}. Nothing was changed"
        )
    return note


class Marks(Database):
    """The part of the store that knows tags and notes."""

    def tag(self, filter: Filter, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Changed:
        """Give runs tags, and take others away. UsageError for what is no tag."""
        with self._transaction(durable=True):
            ids = self._ids(filter)
            self._mark(ids, add, remove, None)
        return Changed(len(ids))

    def annotate(self, filter: Filter, note: str | None) -> Changed:
        """Give runs a note, one line, in place of what they have; None takes it away."""
        with self._transaction(durable=True):
            ids = self._ids(filter)
            self._mark(ids, (), (), note or "")
        return Changed(len(ids))

    def _ids(self, filter: Filter) -> list[str]:
        rows = self._all(f"SELECT jobs.id FROM runs JOIN jobs USING (number) WHERE {filter.where}", filter.parameters)
        return [id for (id,) in rows]

    def _mark(self, ids: Iterable[str], add: Iterable[str], remove: Iterable[str], note: str | None) -> None:
        """note: None leaves it as it is, "" takes it away. Inside a transaction: the file is written before its end."""
        add, remove = [checked_tag(tag) for tag in add], [checked_tag(tag) for tag in remove]
        ids = list(ids)
        if not ids or not (add or remove or note is not None):
            return
        line = {"at": time.time(), "ids": ids, "add": add, "remove": remove}
        if note is not None:
            note = _checked_note(note) or None
            line["note"] = note
            self._all("UPDATE jobs SET note = ? WHERE id IN (SELECT value FROM json_each(?))", [note, json.dumps(ids)])
        if add or remove:
            rows = self._all(
                "SELECT number, tags FROM jobs WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
            )
            changed = []
            for number, text in rows:
                kept = [tag for tag in dict.fromkeys([*text.split(), *add]) if tag not in remove]
                changed.append((f" {' '.join(kept)} " if kept else "", number))
            self._many("UPDATE jobs SET tags = ? WHERE number = ?", changed)
        path = self.home / NAME
        try:
            with LineWriter(path) as writer:
                writer.append(line)
                writer.sync()
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}. Nothing was changed") from error
