"""`l2t report`: compare methods over seeds."""

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cli import output
from cli.diagnostics import say
from cli.selecting import Selection, choose
from cli.spread import spread
from l2t import paths
from l2t.errors import UsageError

if TYPE_CHECKING:
    from l2t.report.cells import Cell


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


class ReportCommands(TyperGroup):
    """`l2t report` is the tables, unless what follows is the name of another command: `l2t report figures`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named else ["tables", *args])


app = typer.Typer(cls=ReportCommands, add_completion=False)


@app.callback()
def group() -> None:
    """Compare methods over seeds."""


@app.command("tables")
@spread
def report(
    selection: Selection,
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
    weights: Annotated[
        bool, typer.Option("--weights", help="How far λ, w and γ moved, instead of accuracies (rich or json).")
    ] = False,
) -> None:
    """Compare methods: a table per data set, target, source and length of training.

    Mean ± 95 % interval of the accuracy in percent, number of runs, standard deviation, median, and a Mann–Whitney U
    test of each method against a baseline, Holm-corrected. Missing and failed runs are counted. A star needs p < 0.05
    and all planned runs; with fewer than five runs a side there is no test.
    """
    if weights and format not in (Format.RICH, Format.JSON):
        raise UsageError(f"--weights is shown as rich or json, not as {format.value}")
    chosen = choose(selection)
    if weights:
        from l2t.report.cells import gather

        _write_weights(gather(chosen.rows, chosen.specs, chosen.planned), tuple(split_by or ()), format)
        return

    from l2t.report.build import build

    made = build(chosen.rows, chosen.specs, chosen.planned, baseline, family.value, split_by or ())
    if format is Format.RICH:
        from l2t.report.formats import rich

        output.write_styled(rich.lines(made, output.terminal_width()))
    else:
        from l2t.report.formats import renderer

        output.write(renderer(format.value)(made))


def _write_weights(cells: "list[Cell]", split_by: tuple[str, ...], format: Format) -> None:
    from l2t.report.cells import check_split
    from l2t.report.weights import WORDS, moved

    check_split(cells, split_by)
    found = moved(paths.home(), cells, split_by)
    if format is Format.JSON:
        output.write_json([asdict(entry) for entry in found])
        return
    if not found:
        say("no finished run here has meta-weights: l2tww and l2twww learn some")
        return
    titles = ["λ moved", "w moved", "γ moved", "min", "median", "max", "< 0.001"]
    columns = [output.Column("data set", cut=True), output.Column("method", cut=True)]
    columns += [output.Column(title, right=True) for title in ("shots", "runs", *titles)]
    lines = []
    for entry in found:
        values = [f"{entry.values[name]:.3g}" if name in entry.values else "–" for name in WORDS]
        lines.append([entry.dataset, entry.method, str(entry.shots), str(entry.n), *values])
    output.write_table(columns, lines)
    output.write_paragraph(
        "Mean over the finished runs, after the last epoch, on the probe (8 images): mean distance from the start; of "
        "γ minimum, median, maximum and share below 0.001."
    )
