"""`l2t report`: compare methods over seeds."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cli import output
from cli.diagnostics import say
from cli.selecting import Chosen, Selection, choose
from cli.spread import spread
from l2t import paths
from l2t.errors import UsageError

if TYPE_CHECKING:
    from l2t.report.cells import Cell
    from l2t.report.report import Report


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


class MetricName(StrEnum):
    """What the tables are of."""

    LAST = "last"
    BEST_VAL = "best-val"
    RARE_CLASS = "rare-class"


TABLES, PARTS, OUTPUT = "Tables", "Beside the tables", "Output"


class ReportCommands(TyperGroup):
    """`l2t report` is the tables, unless what follows is the name of another command: `l2t report figures`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named else ["tables", *args])


app = typer.Typer(cls=ReportCommands, add_completion=False)


@app.callback()
def group() -> None:
    """Compare methods over seeds."""


@dataclass(frozen=True)
class Layout:
    """What the tables are of and what is compared, as options say it."""

    metric: Annotated[
        MetricName,
        typer.Option(
            rich_help_panel=TABLES,
            help="Accuracy after the last epoch or at the one best on validation, or the rare class's recall.",
        ),
    ] = MetricName.LAST
    baseline: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=TABLES, metavar="METHOD", help="Row to compare with. Default: l2tww, else scratch."
        ),
    ] = None
    family: Annotated[
        Family,
        typer.Option(
            rich_help_panel=TABLES, help="Correct p-values over all tests of the report, or over each data set's."
        ),
    ] = Family.ALL
    split_by: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=TABLES,
            help="Give runs that differ in this setting (method.beta, train.lr, device) rows of their own.",
            metavar="SETTING",
        ),
    ] = None

    def tables(self, chosen: Chosen) -> "Report":
        """The report of the chosen runs, without sections."""
        from l2t.report.build import build

        return build(
            chosen.rows,
            chosen.specs,
            chosen.planned,
            self.baseline,
            self.family.value,
            self.split_by or (),
            self.metric.value,
        )


@dataclass(frozen=True)
class Parts:
    """What stands beside the tables, as options say it."""

    brief: Annotated[
        bool, typer.Option("--brief", rich_help_panel=PARTS, help="Only the tables and what they mean: quick.")
    ] = False
    provenance: Annotated[
        bool,
        typer.Option(
            "--provenance", rich_help_panel=PARTS, help="Code, machines, data and source networks, each with its runs."
        ),
    ] = False


@app.command("tables")
@spread
def report(
    selection: Selection,
    layout: Layout,
    parts: Parts,
    format: Annotated[Format, typer.Option(rich_help_panel=OUTPUT, help="How to write it.")] = Format.RICH,
    explain: Annotated[
        bool,
        typer.Option("--explain", rich_help_panel=OUTPUT, help="The runs of one cell, and why each counts or not."),
    ] = False,
    weights: Annotated[
        bool,
        typer.Option(
            "--weights",
            rich_help_panel=OUTPUT,
            help="How far λ, w and γ moved, instead of accuracies (rich or json).",
        ),
    ] = False,
) -> None:
    """Compare methods: a table per data set, target, source and length of training.

    Mean ± 95 % interval in percent (best bold, ≈ not significantly different from it), number of runs, standard
    deviation, median, and a Mann–Whitney U test of each method against a baseline, Holm-corrected; bootstrap intervals
    and effect sizes below. Missing and failed runs are counted. A star needs p < 0.05 and all planned runs; with fewer
    than five runs a side there is no test. See also: l2t report figures --help.
    """
    if weights and format not in (Format.RICH, Format.JSON):
        raise UsageError(f"--weights is shown as rich or json, not as {format.value}")
    chosen = choose(selection)
    if weights:
        from l2t.report.cells import gather

        cells = gather(chosen.rows, chosen.specs, chosen.planned)
        _write_weights(cells, tuple(layout.split_by or ()), format)
        return
    if explain:
        from l2t.report.explain import explain as explained
        from l2t.report.report import Report

        section = explained(paths.home(), chosen.rows, chosen.specs, chosen.planned, layout.metric.value)
        _write(Report((), layout.family.value, {}, (section,)), format)
        return
    _write(_made(selection, layout, parts, chosen), format)


def _made(selection: Selection, layout: Layout, parts: Parts, chosen: Chosen) -> "Report":
    """Tables and the sections that are asked for."""
    from l2t.report.near_best import marked

    made = marked(layout.tables(chosen))
    if chosen.rows and not made.tables:
        say("no run here has a rare class: l2t run --set data.rare_class=8 makes some")
    if parts.brief:
        return made
    from l2t.report.detail import detailed
    from l2t.report.sections.provenance import provenance

    made = detailed(made)
    sections = []
    if chosen.rows:
        origin = provenance(paths.home(), chosen.rows, chosen.specs, selection.text)
        sections.append(origin if parts.provenance else replace(origin, grids=origin.grids[:1]))
    return replace(made, sections=tuple(sections))


def _write(made: "Report", format: Format) -> None:
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
