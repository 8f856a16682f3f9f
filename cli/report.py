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
from cli.working import working
from l2t import paths
from l2t.errors import UsageError
from l2t.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from l2t.report.cells import Cell
    from l2t.report.report import Report
    from l2t.report.section import Section


class Format(StrEnum):
    """How the report is written."""

    RICH = "rich"
    MD = "md"
    CSV = "csv"
    JSON = "json"
    LATEX = "latex"
    HTML = "html"


class Family(StrEnum):
    """Which tests Holm's correction runs over."""

    ALL = "all"
    DATASET = "dataset"


class MetricName(StrEnum):
    """What the tables are of."""

    LAST = "last"
    BEST_VAL = "best-val"
    RARE_CLASS = "rare-class"


class Reading(StrEnum):
    """What a published ± is."""

    INTERVAL = "interval"
    SD = "sd"


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
        bool,
        typer.Option(
            "--brief", rich_help_panel=PARTS, help="Without bootstrap intervals, effect sizes and provenance: quick."
        ),
    ] = False
    against: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=PARTS,
            metavar="NAME",
            help="Published numbers beside ours: thesis, or a CSV file with its columns.",
        ),
    ] = None
    plus_minus: Annotated[
        Reading, typer.Option(rich_help_panel=PARTS, help="What the published ± is: half a 95 % interval, or an sd.")
    ] = Reading.INTERVAL
    published_n: Annotated[
        int, typer.Option(rich_help_panel=PARTS, min=2, help="Runs behind each published number.")
    ] = 30
    all_tests: Annotated[
        bool,
        typer.Option(
            "--all-tests",
            rich_help_panel=PARTS,
            help="Kruskal-Wallis, Friedman, ranks, IQM, improvement, permutation, equivalence, Bayes.",
        ),
    ] = False
    rope: Annotated[
        float,
        typer.Option(rich_help_panel=PARTS, metavar="POINTS", help="Differences up to this are practically none."),
    ] = 1.0
    power: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=PARTS,
            metavar="POINTS",
            help="What these seeds can find, how many find POINTS, and the commands that add them.",
        ),
    ] = None
    per_class: Annotated[bool, typer.Option("--per-class", rich_help_panel=PARTS, help="Accuracy of each class.")] = (
        False
    )
    costs: Annotated[
        bool, typer.Option("--costs", rich_help_panel=PARTS, help="Time, parameters and peak memory of each method.")
    ] = False
    provenance: Annotated[
        bool,
        typer.Option(
            "--provenance", rich_help_panel=PARTS, help="Code, machines, data and source networks, each with its runs."
        ),
    ] = False

    @property
    def asked(self) -> list[str]:
        """The options for sections that are given."""
        given = {
            "--against": self.against is not None,
            "--all-tests": self.all_tests,
            "--power": self.power is not None,
            "--per-class": self.per_class,
            "--costs": self.costs,
            "--provenance": self.provenance,
        }
        return [option for option, is_given in given.items() if is_given]

    def sections(self, made: "Report", chosen: Chosen, selection: str) -> "Iterator[Section]":
        """The sections that are asked for, in the order in which they stand."""
        home = paths.home()
        if self.against is not None:
            from l2t.report.published.shipped import published
            from l2t.report.sections.published import against

            yield against(made, chosen.specs, published(self.against), self.plus_minus.value, self.published_n)
        if self.all_tests:
            from l2t.report.sections.all_tests import all_tests

            with working("tests") as progress:
                yield all_tests(made, self.rope, lambda done, total, what: progress(what, done, total))
        if self.power is not None:
            from l2t.report.sections.power import power

            with Store.read(home) as store:  # all of them: seeds that the selection leaves out are taken, too
                everything = store.runs()
            yield power(made, chosen.specs, everything, self.power)
        if self.per_class:
            from l2t.report.sections.per_class import per_class

            yield per_class(home, made, chosen.specs)
        if self.costs:
            from l2t.report.sections.costs import costs

            yield costs(home, made, chosen.rows)
        if not self.brief or self.provenance:
            from l2t.report.sections.provenance import provenance

            origin = provenance(home, chosen.rows, chosen.specs, selection)
            yield origin if self.provenance else replace(origin, grids=origin.grids[:1])


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
    if format is Format.CSV and (asked := ["--explain"] * explain + parts.asked):
        raise UsageError(f"csv has the entries of the tables only: {asked[0]} needs json, md, html, latex or rich")
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
    if not parts.brief:
        from l2t.report.detail import detailed

        made = detailed(made)
    return replace(made, sections=tuple(parts.sections(made, chosen, selection.text))) if chosen.rows else made


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
