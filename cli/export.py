"""`l2t export`: runs and metrics as tidy tables, for other programs."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.diagnostics import say
from cli.selecting import Chosen, Selection, choose
from cli.spread import spread
from l2t import paths
from l2t.errors import UsageError

if TYPE_CHECKING:
    from l2t.report.export import Tidy

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Runs and their metrics as tidy tables, for other programs."
)


class Format(StrEnum):
    """What is written."""

    CSV = "csv"
    PARQUET = "parquet"


AsFormat = Annotated[
    Format | None,
    typer.Option(help="Default: as the file's name ends, else csv. Parquet: pip install 'l2t\\[parquet]'."),
]
Out = Annotated[
    Path | None,
    typer.Option(help="File to write, whole or not at all. Default: standard output.", metavar="FILE", dir_okay=False),
]


@app.command()
@spread
def runs(selection: Selection, format: AsFormat = None, out: Out = None) -> None:
    """A row a run: every field of l2t ls --json, then every setting (method.beta, train.lr, data.size, …).

    Accuracies are in percent, times in seconds (since 1970, UTC), memory in bytes. Empty: not known, or not a \
setting of this method. Texts that a spreadsheet would compute (a note that begins with =, +, - or @) get an \
apostrophe in front in CSV; Parquet has them as they are.

    Examples:
      l2t export runs > runs.csv
      l2t export runs state=done dataset=cifar10 --out cifar10.parquet
    """
    from l2t.report.export import runs_table

    chosen = _ready(selection, format, out)
    _write(runs_table(chosen.rows, chosen.specs), len(chosen.rows), format, out)


@app.command()
@spread
def metrics(selection: Selection, format: AsFormat = None, out: Out = None) -> None:
    """A row for each number that a run recorded in an epoch.

    Columns: run, method, dataset, shots, seed, state, epoch, step, metric, value. Long, because methods measure \
different things, and not all in every epoch; pandas makes a column of each metric with \
table.pivot(index=["run", "epoch"], columns="metric", values="value").

    Unfinished and failed runs have what they recorded: state=done leaves them out.

    Examples:
      l2t export metrics method=l2tww shots=5 > curves.csv
      l2t export metrics state=done --out metrics.parquet
    """
    from cli.working import working
    from l2t.report.export import metrics_table

    chosen = _ready(selection, format, out)
    number = len(chosen.rows)
    with working("export") if out is not None else nullcontext() as progress:
        tell: Callable[[int], None] = (lambda done: progress("runs", done, number)) if progress else lambda done: None
        _write(metrics_table(paths.home(), chosen.rows, tell), number, format, out)


def _ready(selection: Selection, format: Format | None, out: Path | None) -> Chosen:
    """The runs, once it is known that they can be written."""
    from l2t.report.export import check_parquet

    if _chosen(format, out) is Format.PARQUET:
        if out is None:
            raise UsageError("Parquet is no text: name a file with --out runs.parquet")
        check_parquet()
    return choose(selection)


def _chosen(format: Format | None, out: Path | None) -> Format:
    named = Format.PARQUET if out is not None and out.suffix == ".parquet" else Format.CSV
    return format or named


def _write(table: "Tidy", number: int, format: Format | None, out: Path | None) -> None:
    from l2t.report.export import replacing, write_csv, write_parquet

    if out is None:
        write_csv(table, sys.stdout)
        return
    with replacing(out) as file:
        if _chosen(format, out) is Format.PARQUET:
            write_parquet(table, file)
        else:
            text = TextIOWrapper(file, encoding="utf-8", newline="")
            write_csv(table, text)
            text.detach()
    say(f"{number:,} runs are in {out}")
