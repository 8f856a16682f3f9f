"""Tables of cells without their numbers: where each cell stands, and how things are called.

Plain, so that it can be kept: making it needs every registry, showing it none.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class MatrixTable:
    """Methods × (data set, shots) of one target, source and training."""

    target: str
    source: str | None
    """None where no method of the table uses one."""
    training: str
    rows: tuple[str, ...]
    columns: tuple[tuple[str, int], ...]
    """Data set, as the store names it, and shots."""
    places: Mapping[tuple[str, str, int], tuple[str, ...]]
    """Hashes of the cells by row, data set and shots; more than one only where their settings are alike."""
    titles: Mapping[str, str]
    """What the data sets are called."""


def written(tables: Iterable[MatrixTable]) -> str:
    """The tables as JSON."""
    return json.dumps([asdict(table) | {"places": list(table.places.items())} for table in tables])


def placed(text: str) -> tuple[MatrixTable, ...]:
    """The tables that were `written`. Raises ValueError, TypeError or KeyError for any other text."""
    tables = json.loads(text)
    if not isinstance(tables, list):
        raise ValueError("no list of tables")
    return tuple(
        MatrixTable(
            target=found["target"],
            source=found["source"],
            training=found["training"],
            rows=tuple(found["rows"]),
            columns=tuple((dataset, shots) for dataset, shots in found["columns"]),
            places={(row, dataset, shots): tuple(cells) for (row, dataset, shots), cells in found["places"]},
            titles=found["titles"],
        )
        for found in tables
    )
