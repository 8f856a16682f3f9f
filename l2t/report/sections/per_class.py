"""Accuracy of each class, from the `result.json` of finished runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l2t.errors import L2tError
from l2t.report.report import Entry, Report, Table
from l2t.report.section import Grid, Section
from l2t.report.words import shots_title
from l2t.stats import Summary, summarize
from l2t.store.folder import JobFolder

Shares = tuple[float | None, ...]
"""Accuracy of each class in percent, in the order of classes; None for a class without test images."""


def per_class(home: Path, report: Report, specs: Mapping[str, Mapping[str, Any]]) -> Section:
    """Mean accuracy of each class over the seeds, percent, with standard deviation: a grid for each table and number of
    shots, classes × methods, best of a class in bold.

    specs: specification of each cell, as JSON values. Of the runs that the tables count, after the last epoch, on the
    whole test set. Opens the folder of each; runs whose `result.json` is missing or damaged are left out and counted.
    Two tables of the same runs (accuracy and recall of a rare class) are shown once.
    """
    missing: list[str] = []
    damaged: list[str] = []
    grids: list[Grid] = []
    data: list[dict[str, Any]] = []
    for table in distinct(report.tables):
        for shots in table.shots:
            column = _column(home, table, shots, specs, missing, damaged)
            if column.methods:
                grids.append(_grid(column))
                data.append(_plain(column))
    sentences = tuple(_sentences(bool(grids), missing, damaged))
    grids.append(Grid("", (), (), sentences=sentences))
    return Section(
        "per_class",
        "Accuracy of each class, %",
        grids,
        {"columns": data, "without_result": missing, "damaged_result": damaged},
    )


@dataclass(frozen=True)
class _Column:
    """One number of shots of a table."""

    table: Table
    shots: int
    names: tuple[str, ...]
    """Of the classes; their numbers where the names are not known."""
    rare: frozenset[int]
    """Classes that were cut."""
    methods: Mapping[str, tuple[int, tuple[Summary, ...]]]
    """Row → runs, and each class's accuracy over them; rows without any are left out."""


def distinct(tables: Sequence[Table]) -> Iterator[Table]:
    """The tables without those that are of the same runs as one before."""
    seen = set()
    for table in tables:
        cells = frozenset(entry.cell for entry in table.entries)
        if cells not in seen:
            seen.add(cells)
            yield table


def _column(
    home: Path,
    table: Table,
    shots: int,
    specs: Mapping[str, Mapping[str, Any]],
    missing: list[str],
    damaged: list[str],
) -> _Column:
    entries = [entry for row in table.rows if (entry := table.entry(row, shots)) is not None]
    methods = {}
    for entry in entries:
        found = list(_read(home, entry, int(specs[entry.cell]["classes"]), missing, damaged))
        if found:
            over_runs = [[share for share in shares if share is not None] for shares in zip(*found, strict=True)]
            methods[entry.row] = (len(found), tuple(map(summarize, over_runs)))
    spec = specs[entries[0].cell] if entries else {}
    return _Column(
        table,
        shots,
        _names(table.dataset, spec) if entries else (),
        frozenset(rare for entry in entries if (rare := specs[entry.cell]["data"]["rare_class"]) is not None),
        methods,
    )


def _read(home: Path, entry: Entry, classes: int, missing: list[str], damaged: list[str]) -> Iterator[Shares]:
    for run in entry.runs:
        folder = JobFolder.of(home, "run", run)
        try:
            result = folder.read_result()
        except OSError:
            result = None
        shares = _shares(result or {}, classes)
        if shares is not None:
            yield shares
        else:
            (damaged if folder.result.exists() else missing).append(run)


def _shares(result: Mapping[str, Any], classes: int) -> Shares | None:
    hits, images = result.get("class_hits"), result.get("class_images")
    if not (isinstance(hits, list) and isinstance(images, list) and len(hits) == len(images) == classes):
        return None
    counts = list(zip(hits, images, strict=True))
    if not all(type(hit) is int and type(image) is int and 0 <= hit <= image for hit, image in counts):
        return None
    return tuple(100 * (hit / image) if image else None for hit, image in counts)


def _names(dataset: str, spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the classes, where the prepared data set is the one that the runs had."""
    from l2t.data import catalog

    numbers = tuple(map(str, range(int(spec["classes"]))))
    try:
        info = catalog.info(dataset)
    except (L2tError, ImportError, OSError):
        return numbers
    return info.classes if info and info.checksum == spec["checksum"] and len(info.classes) == len(numbers) else numbers


def _grid(column: _Column) -> Grid:
    rows, bold = [], set()
    for index, name in enumerate(column.names):
        means = [over_runs[index].mean for _, over_runs in column.methods.values()]
        known = [mean for mean in means if mean is not None]
        if len(known) > 1:
            bold |= {(index, 1 + place) for place, mean in enumerate(means) if mean == max(known)}
        rows.append(
            (_label(column, index, name), *(_cell(over_runs[index]) for _, over_runs in column.methods.values()))
        )
    return Grid(
        f"{column.table.heading}, {shots_title(column.shots)}",
        ("class", *column.methods),
        tuple(rows),
        bold=frozenset(bold),
        sentences=(_counted(column),),
    )


def _label(column: _Column, index: int, name: str) -> str:
    """ "8", "3 cat", "3 cat (rare)"."""
    label = name if name == str(index) else f"{index} {name}"
    return f"{label} (rare)" if index in column.rare else label


def _cell(summary: Summary) -> str:
    if summary.mean is None:
        return "–"
    return f"{summary.mean:.1f} ({summary.sd:.1f})" if summary.sd is not None else f"{summary.mean:.1f}"


def _counted(column: _Column) -> str:
    numbers = {row: runs for row, (runs, _) in column.methods.items()}
    if len(set(numbers.values())) == 1:
        return f"n = {next(iter(numbers.values()))}."
    return "n: " + ", ".join(f"{row} {runs}" for row, runs in numbers.items()) + "."


def _sentences(some: bool, missing: Sequence[str], damaged: Sequence[str]) -> Iterator[str]:
    if some:
        yield (
            "Mean over the seeds, after the last epoch, on the whole test set; in brackets the standard deviation."
            " Bold: the best of a class."
        )
    elif not missing and not damaged:
        yield "No finished run here."
    for runs, what in ((missing, "no result.json"), (damaged, "a result.json that tells no classes")):
        if runs:
            have, are = ("runs have", "are") if len(runs) > 1 else ("run has", "is")
            yield f"{len(runs)} finished {have} {what}, and {are} left out."


def _plain(column: _Column) -> dict[str, Any]:
    return {
        "dataset": column.table.dataset,
        "target": column.table.target,
        "source": column.table.source,
        "training": column.table.training,
        "shots": column.shots,
        "classes": list(column.names),
        "rare": sorted(column.rare),
        "rows": [
            {
                "row": row,
                "n": runs,
                "mean": [summary.mean for summary in over_runs],
                "sd": [summary.sd for summary in over_runs],
            }
            for row, (runs, over_runs) in column.methods.items()
        ],
    }
