"""What the Matrix shows: tables of cells with what is known of each, read and judged outside the screen."""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import l2t
from l2t.errors import StoreError
from l2t.report.judged import Judged, Place
from l2t.report.placed import MatrixTable, placed, written
from l2t.store.database import NAME
from l2t.store.rows import CellRow
from l2t.store.store import Store
from tui.feed import Reader
from tui.judging import key_of
from tui.titles import learn

LAYOUT = "2"
"""Another one when cells are laid out otherwise: what was kept is of no use then."""


@dataclass(frozen=True)
class MatrixData:
    """All tables of a home."""

    tables: tuple[MatrixTable, ...]
    cells: Mapping[str, CellRow]
    """By hash."""
    key: str = ""
    """Another one for other results: what statistics of them are kept under."""


@dataclass(frozen=True)
class MatrixView:
    """Reads all cells, when one has changed."""

    keep: bool = False
    """Whether the store may keep how the tables are laid out, so that the next start need not find out."""
    files: bool = field(default=False, init=False)

    def read(self, reader: Reader) -> MatrixData:
        sign = reader.store.signature()
        known = reader.memory.get("matrix")
        if isinstance(known, tuple) and known[0] == sign:
            data: MatrixData = known[1]
            return data
        cells = {cell.cell: cell for cell in reader.store.cells()}
        before = reader.memory.get("tables")
        if isinstance(before, tuple) and before[0] == cells.keys():
            tables = before[1]
        else:
            tables = self._tables(reader, cells)
            for table in tables:
                learn(table.titles)
            reader.memory["tables"] = (cells.keys(), tables)
        data = MatrixData(tables, cells, key_of(cells.values()))
        reader.memory["matrix"] = (sign, data)
        return data

    def _tables(self, reader: Reader, cells: Mapping[str, CellRow]) -> tuple[MatrixTable, ...]:
        """The tables that the store keeps for these cells, else made now: that takes a third of a second, since every
        method, data set and model is asked for its title."""
        key = _key(cells)
        kept = reader.store.summary(key)
        if kept is not None:
            with suppress(ValueError, TypeError, KeyError):
                return placed(kept)
        from l2t.report.matrix import layout

        tables = layout(cells.values(), reader.store.cell_specs(cells))
        if self.keep and cells:
            threading.Thread(target=_keep, args=(reader.home, key, written(tables)), name="tables", daemon=True).start()
        return tables


def _key(cells: Iterable[str]) -> str:
    """Another text for other cells, or where another version may lay them out otherwise."""
    text = "\n".join([l2t.__version__, LAYOUT, *sorted(cells)])
    return f"tables:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _keep(home: Path, key: str, text: str) -> None:
    """In a thread of its own: the store may be locked for long."""
    with suppress(StoreError):
        if (home / NAME).exists():
            with Store.open(home) as store:
                store.keep_summary(key, text)


def place(table: MatrixTable) -> Place:
    """What judgements call this table."""
    return table.target, table.source, table.training


def best(data: MatrixData, table: MatrixTable) -> frozenset[str]:
    """Hashes of the cells with the best mean of their column, where there is more than one to compare."""
    found: set[str] = set()
    for column in table.columns:
        cells = [
            data.cells[hash]
            for (_, *where), hashes in table.places.items()
            if tuple(where) == column
            for hash in hashes
            if data.cells[hash].mean is not None
        ]
        if len(cells) > 1:
            top = max(cell.mean or 0.0 for cell in cells)
            found |= {cell.cell for cell in cells if cell.mean == top}
    return frozenset(found)


def sign(judged: Judged | None) -> str:
    """▲ better than the baseline, ▼ worse: Holm-corrected p below 0.05; △ and ▽ while planned runs are missing; ◆ the
    baseline itself; · no difference shown."""
    if judged is None:
        return " "
    if judged.baseline:
        return "◆"
    if judged.adjusted is None or judged.difference is None:
        return " "
    if judged.adjusted >= 0.05:
        return "·"
    return ("△▽" if judged.interim else "▲▼")[judged.difference < 0]


def counts(cell: CellRow) -> str:
    """ "7/10 ▶2 ✗1"."""
    parts = [(f"▶{cell.running}", cell.running), (f"‖{cell.paused}", cell.paused), (f"✗{cell.failed}", cell.failed)]
    return " ".join([f"{cell.done}/{cell.planned}", *(text for text, number in parts if number)])
