"""`l2t report`: compare methods over seeds."""

import json
from collections import Counter
from enum import StrEnum
from typing import Annotated

import typer

from cli import output
from cli.diagnostics import say
from l2t import paths
from l2t.store.filter import HELP, parse
from l2t.store.store import Store


class Format(StrEnum):
    """How the report is written."""

    RICH = "rich"
    MD = "md"
    CSV = "csv"
    JSON = "json"
    LATEX = "latex"


class Family(StrEnum):
    """Which tests Holm's correction runs over."""

    ALL = "all"
    DATASET = "dataset"


def report(
    filter: Annotated[list[str] | None, typer.Argument(help=f"Which runs: {HELP}.", metavar="[FILTER]...")] = None,
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.RICH,
    baseline: Annotated[
        str | None, typer.Option(help="Row to compare with. Default: l2tww, else scratch.", metavar="METHOD")
    ] = None,
    family: Annotated[
        Family, typer.Option(help="Correct p-values over all tests of the report, or over each data set's.")
    ] = Family.ALL,
    split_by: Annotated[
        list[str] | None,
        typer.Option(
            help="Give runs that differ in this setting (method.beta, train.lr, device) rows of their own.",
            metavar="SETTING",
        ),
    ] = None,
) -> None:
    """Compare methods: a table per data set, target, source and length of training.

    Mean ± 95 % interval of the accuracy in percent, number of runs, standard deviation, median, and a Mann–Whitney U
    test of each method against a baseline, Holm-corrected. Missing and failed runs are counted. A star needs p < 0.05
    and all planned runs; with fewer than five runs a side there is no test.
    """
    condition = parse(filter or ())
    with Store.read(paths.home()) as store:
        rows = store.runs(condition)
        planned = Counter(row.cell for row in (store.runs() if filter else rows))
        texts = store.specs(condition) if rows else {}
    if not rows:
        say("no run meets this filter" if filter else "no runs yet: l2t run starts some, l2t doctor says what is there")
    firsts = {row.cell: row.id for row in rows}
    specs = {cell: json.loads(texts[id]) for cell, id in firsts.items()}

    from l2t.report import build

    made = build(rows, specs, planned, baseline, family.value, split_by or ())
    if format is Format.RICH:
        from l2t.report.formats import rich

        output.write_styled(rich.lines(made, output.terminal_width()))
    else:
        from l2t.report.formats import renderer

        output.write(renderer(format.value)(made))
