"""What the Matrix shows: tables of cells with what is known of each, read and judged outside the screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from l2t.report.judged import Judged
from l2t.report.matrix import MatrixTable, layout
from l2t.store.rows import CellRow
from tui.feed import Reader
from tui.judging import key_of


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

    files: bool = field(default=False, init=False)

    def read(self, reader: Reader) -> MatrixData:
        sign = reader.store.signature()
        known = reader.memory.get("matrix")
        if isinstance(known, tuple) and known[0] == sign:
            data: MatrixData = known[1]
            return data
        cells = {cell.cell: cell for cell in reader.store.cells()}
        before = reader.memory.get("layout")
        if isinstance(before, tuple) and before[0] == cells.keys():
            tables = before[1]
        else:
            tables = layout(cells.values(), reader.store.cell_specs(cells))
            reader.memory["layout"] = (cells.keys(), tables)
        data = MatrixData(tables, cells, key_of(cells.values()))
        reader.memory["matrix"] = (sign, data)
        return data


def best(data: MatrixData, table: MatrixTable) -> frozenset[str]:
    """Hashes of the cells with the best mean of their column, where there is more than one to compare."""
    found: set[str] = set()
    for column in table.columns:
        cells = [
            data.cells[hash]
            for (_, *place), hashes in table.places.items()
            if tuple(place) == column
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
