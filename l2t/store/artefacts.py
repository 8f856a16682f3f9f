"""Finished products that runs share, by name or hash."""

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.database import Database
from l2t.store.rows import ARTEFACT_COLUMNS, ArtefactRow

_COLUMNS = ", ".join(ARTEFACT_COLUMNS)


class Artefacts(Database):
    """The part of the store that knows artefacts."""

    def artefacts(self) -> list[ArtefactRow]:
        """All finished artefacts, the newest first."""
        rows = self._all(f"SELECT {_COLUMNS} FROM artefacts ORDER BY created DESC, hash")
        return [ArtefactRow(*row) for row in rows]

    def artefact(self, name_or_hash: str) -> ArtefactRow | None:
        """The newest artefact of this name, else the only one whose hash begins so; None where there is none.

        Raises UsageError where more than one hash begins so.
        """
        name_or_hash = printable(name_or_hash)  # a text that is no UTF-8 would be an error of sqlite
        found = self._all(
            f"SELECT {_COLUMNS} FROM artefacts WHERE name = ? ORDER BY created DESC, hash LIMIT 1",
            [name_or_hash],
        ) or self._all(
            f"SELECT {_COLUMNS} FROM artefacts WHERE substr(hash, 1, ?) = ? ORDER BY hash LIMIT 6",
            [len(name_or_hash), name_or_hash],
        )
        if not found or not name_or_hash:
            return None
        if len(found) > 1:
            some = ", ".join(row[0] for row in found[:5])
            raise UsageError(f"{name_or_hash!r} begins the hash of more than one artefact: {some}. Give more digits")
        return ArtefactRow(*found[0])

    def add_artefact(self, artefact: ArtefactRow) -> None:
        """Record an artefact that no job made (an imported one). Its folder, with `result.json`, is there already.

        One of the same hash is replaced: it has the same weights.
        """
        values = [getattr(artefact, name) for name in ARTEFACT_COLUMNS]
        self._all(f"INSERT OR REPLACE INTO artefacts VALUES ({', '.join('?' * len(values))})", values)
