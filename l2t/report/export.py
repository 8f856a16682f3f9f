"""Runs and their metrics as tidy tables for other programs: one row an observation, one column a variable.

Runs are wide: a column for each field and each setting. Metrics are long (run, epoch, metric, value): methods measure
different things, and not all in every epoch, so that a column for each metric would be mostly empty, and which columns
there are would be known only after all runs were read. Rows are made as they are written; nothing is held.
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.report.cells import settings_of
from l2t.store.files import sync_folder, temporary_for
from l2t.store.folder import JobFolder
from l2t.store.rows import RUN_COLUMNS, RunRow

Kind = Literal["text", "integer", "number", "truth"]

FORMULA = ("=", "+", "-", "@")
"""With these a cell begins that spreadsheets compute."""

TWICE = (*RUN_COLUMNS, "source.hash")
"""Settings that a run's fields have, too."""

GROUP = 50_000
"""Rows that a Parquet file keeps together, and that are in memory at a time."""


@dataclass(frozen=True)
class Tidy:
    """A table whose rows are made while it is written, once."""

    columns: Mapping[str, Kind]
    """Kind of the values of each column. Any may be missing (None)."""
    rows: Iterable[tuple[Any, ...]]


def runs_table(rows: Sequence[RunRow], specs: Mapping[str, Mapping[str, Any]]) -> Tidy:
    """A row a run: all fields of RunRow, then all settings under the names of `l2t run --set` ("method.beta").

    specs: specification of each cell, as JSON values. Times are seconds since 1970 (UTC), memory is in bytes,
    accuracies are in percent. Tags are separated by blanks, the entries of a setting that is a list by +.
    """
    settings = {
        cell: {key: _joined(value) for key, value in settings_of(spec).items() if key not in TWICE}
        for cell, spec in specs.items()
    }
    names = dict.fromkeys(name for values in settings.values() for name in values)
    kinds: dict[str, Kind] = {name: _kind([values.get(name) for values in settings.values()]) for name in names}
    own: dict[str, Kind] = {
        field.name: _KINDS.get(str(field.type).partition(" ")[0], "text") for field in fields(RunRow)
    }

    def lines() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            plain = (_joined(getattr(row, name), " ") for name in own)
            values = settings[row.cell]
            yield (*plain, *(_of(kind, values.get(name)) for name, kind in kinds.items()))

    return Tidy(own | kinds, lines())


def metrics_table(home: Path, rows: Sequence[RunRow], read: Callable[[int], None] = lambda runs: None) -> Tidy:
    """A row for each number that a run recorded in an epoch; a run that recorded none has no row.

    read: told how many runs were read. Values that are no numbers are left out.
    """
    place: dict[str, Kind] = {"run": "text", "method": "text", "dataset": "text", "shots": "integer", "seed": "integer"}
    measured: dict[str, Kind] = {"epoch": "integer", "step": "integer", "metric": "text", "value": "number"}

    def lines() -> Iterator[tuple[Any, ...]]:
        for number, row in enumerate(rows, start=1):
            of = (row.id, row.method, row.dataset, row.shots, row.seed, row.state.value)
            for line in JobFolder.of(home, "run", row.id).read_metrics():
                at = (*of, line["epoch"], line.get("step"))
                for name, value in line.items():
                    if name not in ("epoch", "step") and isinstance(value, int | float):
                        yield (*at, name, float(value))
            read(number)

    return Tidy(place | {"state": "text"} | measured, lines())


def write_csv(table: Tidy, stream: IO[str]) -> None:
    """A header and the rows, numbers as they are: not rounded. Empty: there is none.

    Texts are on one line, what could steer a terminal escaped. One that a spreadsheet would compute (a note "=1+1")
    gets an apostrophe in front; Parquet has it as it is.
    """
    cells = _Cells()
    texts = [index for index, kind in enumerate(table.columns.values()) if kind == "text"]
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([cells[name] for name in table.columns])
    for row in table.rows:
        line = list(row)
        for index in texts:
            line[index] = cells[line[index]]
        writer.writerow(line)


def write_parquet(table: Tidy, stream: IO[bytes]) -> None:
    """A Parquet file with a type for each column. Raises UsageError as `check_parquet`."""
    check_parquet()
    import pyarrow
    from pyarrow import parquet

    types = {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "truth": pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, types[kind]) for name, kind in table.columns.items()])
    rows = iter(table.rows)
    with parquet.ParquetWriter(stream, schema) as writer:
        while group := list(islice(rows, GROUP)):
            columns = [
                pyarrow.array(values, field.type)
                for values, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))


def check_parquet() -> None:
    """UsageError, with what to install, where Parquet cannot be written here."""
    if find_spec("pyarrow") is None:
        raise UsageError("Parquet needs the package pyarrow: pip install 'l2t[parquet]'. CSV needs nothing")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Within: a file to write, which takes the place of `path` at the end, whole, or is removed after an error.

    A link stays, and the file that it names is replaced. UsageError where there can be no such file, and for what is
    there and is no file: root could replace a device of the machine.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder: give the name of a file")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is a device or a pipe: give the name of a file, or nothing for standard output")
    place = Path(os.path.realpath(path))
    temporary = temporary_for(place)
    try:
        file = temporary.open("xb")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)


_KINDS: Mapping[str, Kind] = {"int": "integer", "float": "number"}
"""By the annotations of RunRow's fields, without `| None`; all others are texts."""


class _Cells(dict[str | None, str]):
    """Texts → what stands for them in CSV. Each is made once: most stand in thousands of rows."""

    def __missing__(self, text: str | None) -> str:
        cell = "" if text is None else printable(text)
        self[text] = cell = f"'{cell}" if cell.startswith(FORMULA) else cell
        return cell


def _joined(value: Any, by: str = "+") -> Any:
    return by.join(map(str, value)) if isinstance(value, list | tuple) else value


def _kind(values: Sequence[Any]) -> Kind:
    """The narrowest kind that holds all of them."""
    types = {type(value) for value in values if value is not None}
    if types == {bool}:
        return "truth"
    if types == {int}:
        return "integer"
    return "number" if types and types <= {int, float} else "text"


def _of(kind: Kind, value: Any) -> Any:
    return str(value) if kind == "text" and value is not None else value
