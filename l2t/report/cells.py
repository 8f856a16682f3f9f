"""From rows of the store to cells: runs that differ only in their seed, and what the cells of a table differ in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l2t.errors import unknown
from l2t.store.rows import CellRow, RunRow

IGNORED = ("seed", "recipe", "trace", "source.name")
"""Fields of a specification that no result depends on, or that tell runs of one cell apart."""


@dataclass(frozen=True)
class Cell:
    """Runs of one cell and the specification that they share."""

    hash: str
    settings: Mapping[str, Any]
    """Their specification, flat, under the names of `l2t run --set`: "method.beta", "train.lr", "source.hash"; of what
    a phase makes the hash that all runs of the cell share: "phase.teacher"."""
    rows: Sequence[RunRow]
    """Empty where only their counts are known."""
    planned: int
    counted: CellRow | None = None
    made_once: tuple[str, ...] = ()
    """Phases whose artefact is one for all seeds."""

    @property
    def first(self) -> RunRow | CellRow:
        return self.counted or self.rows[0]


def gather(rows: Iterable[RunRow], specs: Mapping[str, Mapping[str, Any]], planned: Mapping[str, int]) -> list[Cell]:
    """The cells of `rows`. specs: specification by cell, as JSON values; planned: number of runs asked for, by cell."""
    by_cell: dict[str, list[RunRow]] = {}
    for row in rows:
        by_cell.setdefault(row.cell, []).append(row)
    return [
        Cell(
            hash=cell,
            settings=settings_of(specs[cell]),
            rows=sorted(members, key=lambda row: row.seed),
            planned=max(planned.get(cell, 0), len(members)),
            made_once=tuple(
                made["phase"] for made in specs[cell].get("artefacts", ()) if made["hash"] == made["shared"]
            ),
        )
        for cell, members in by_cell.items()
    ]


def ambiguous_sources(cells: Iterable[Cell]) -> frozenset[str]:
    """Names that more than one source network of these cells has."""
    versions: dict[str, set[str]] = {}
    for cell in cells:
        if cell.first.source is not None:
            versions.setdefault(cell.first.source, set()).add(cell.settings["source.hash"])
    return frozenset(name for name, hashes in versions.items() if len(hashes) > 1)


def settings_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A specification, flat, without what tells runs of one cell apart."""
    return {key: value for key, value in _flat(spec) if key not in IGNORED}


def _flat(spec: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in spec.items():
        name = prefix + ("method" if key == "options" and not prefix else key)
        if key == "artefacts":
            yield from ((f"phase.{made['phase']}", made["shared"]) for made in value)
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def differing(cells: Sequence[Cell]) -> dict[str, dict[str, int]]:
    """Settings in which the cells differ: for each, how many runs have which value. "–": has no such setting."""
    keys = dict.fromkeys(key for cell in cells for key in cell.settings)
    found: dict[str, dict[str, int]] = {}
    for key in keys:
        values: dict[str, int] = {}
        for cell in cells:
            text = str(cell.settings.get(key, "–"))
            values[text] = values.get(text, 0) + (cell.planned if cell.counted else len(cell.rows))
        if len(values) > 1:
            found[key] = values
    return found


def label(cell: Cell, split_by: Sequence[str]) -> str:
    """Name of the cell's row: its method, and its value of every setting of `split_by` that it has."""
    parts = [f"{key.rpartition('.')[2]}={cell.settings[key]}" for key in split_by if key in cell.settings]
    return " ".join([cell.first.method, *parts])


def check_split(cells: Sequence[Cell], split_by: Sequence[str]) -> None:
    """UsageError where a setting of `split_by` exists in no cell."""
    known = sorted({key for cell in cells for key in cell.settings})
    for key in split_by:
        if cells and key not in known:
            raise unknown("setting", key, known, "l2t show RUN")
