"""Where each cell stands on the Matrix screen: the tables of the report, their data sets side by side.

Reads counted cells, no runs, and never imports scipy: the numbers that need it come from elsewhere.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from l2t.report.build import by_table, row_order
from l2t.report.cells import Cell, ambiguous_sources, check_split, differing, label, settings_of
from l2t.report.placed import MatrixTable
from l2t.report.titles import dataset_title, model_title, source_title, training_title
from l2t.store.rows import CellRow


def layout(
    cells: Iterable[CellRow], specs: Mapping[str, Mapping[str, Any]], split_by: Sequence[str] = ()
) -> tuple[MatrixTable, ...]:
    """The tables that these cells make, by the rules of the report.

    specs: specification of each cell, as JSON values. Cells that would meet in one place get rows of their own, told
    apart by the settings in which they differ. Raises UsageError where a setting of `split_by` exists in no cell.
    """
    known = [Cell(cell.cell, settings_of(specs[cell.cell]), (), cell.planned, cell) for cell in cells]
    check_split(known, split_by)
    tables: dict[tuple[Any, ...], list[Cell]] = {}
    for (_, *key), members in by_table(known).items():
        tables.setdefault(tuple(key), []).extend(members)
    ambiguous = ambiguous_sources(known)
    return tuple(_table(members, split_by, ambiguous) for members in tables.values())


def _table(cells: Sequence[Cell], split_by: Sequence[str], ambiguous: Collection[str]) -> MatrixTable:
    settings = cells[0].settings
    sourced = next((cell for cell in cells if cell.first.source is not None), None)
    rows = _rows(cells, split_by)
    places: dict[tuple[str, str, int], tuple[str, ...]] = {}
    for cell in cells:
        place = (rows[cell.hash], cell.first.dataset, cell.first.shots)
        places[place] = (*places.get(place, ()), cell.hash)
    return MatrixTable(
        target=model_title(cells[0].first.target),
        source=source_title(sourced.settings, str(sourced.first.source), ambiguous) if sourced else None,
        training=training_title(settings),
        rows=tuple(sorted(dict.fromkeys(rows.values()), key=row_order)),
        columns=tuple(sorted({(cell.first.dataset, cell.first.shots) for cell in cells})),
        places=places,
        titles={name: dataset_title(name) for name in sorted({cell.first.dataset for cell in cells})},
    )


def _rows(cells: Sequence[Cell], split_by: Sequence[str]) -> dict[str, str]:
    """Row of each cell: that of the report, split further where cells meet."""
    meeting: dict[tuple[str, str, int], list[Cell]] = {}
    for cell in cells:
        meeting.setdefault((label(cell, split_by), cell.first.dataset, cell.first.shots), []).append(cell)
    splits: dict[str, dict[str, None]] = {}
    for (row, _, _), members in meeting.items():
        splits.setdefault(row, {}).update(dict.fromkeys(differing(members)))
    return {cell.hash: label(cell, (*split_by, *splits[label(cell, split_by)])) for cell in cells}


def splits(cells: Iterable[CellRow], specs: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The settings by which rows have to be told apart so that no two cells meet in one place."""
    known = [Cell(cell.cell, settings_of(specs[cell.cell]), (), cell.planned, cell) for cell in cells]
    meeting: dict[tuple[Any, ...], list[Cell]] = {}
    for key, members in by_table(known).items():
        for cell in members:
            meeting.setdefault((key, cell.first.method, cell.first.shots), []).append(cell)
    return tuple(dict.fromkeys(key for members in meeting.values() for key in differing(members)))
