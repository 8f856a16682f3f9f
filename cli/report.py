"""`l2t report`: compare methods over seeds."""

from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cli import output
from cli.diagnostics import say
from cli.figures import figures
from cli.report_options import Layout, Parts
from cli.selecting import Chosen, Selection, choose
from cli.spread import spread
from cli.working import working
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
    HTML = "html"


OUTPUT = "Output"
ENDINGS = {".md": Format.MD, ".csv": Format.CSV, ".json": Format.JSON, ".tex": Format.LATEX, ".html": Format.HTML}
"""Formats by the ending of a file's name; any other is written as on the terminal, without colours."""


BIASED = (
    "The selection chose runs by their accuracy: means, intervals and tests of such runs say nothing of the methods."
)


class ReportCommands(TyperGroup):
    """`l2t report` is the tables, unless what follows is the name of another command: `l2t report figures`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named else ["tables", *args])


app = typer.Typer(cls=ReportCommands, add_completion=False)


@app.callback()
def group() -> None:
    """Compare methods over seeds."""


app.command("figures")(figures)


@app.command("tables")
@spread
def report(
    selection: Selection,
    layout: Layout,
    parts: Parts,
    format: Annotated[
        Format | None,
        typer.Option(rich_help_panel=OUTPUT, help="How to write it. Default: as the file's name ends, else rich."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=OUTPUT,
            metavar="FILE",
            dir_okay=False,
            help="Write to this file, whole or not at all: report.html, tables.tex, report.md.",
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=OUTPUT,
            metavar="COLUMNS",
            min=20,
            max=1000,
            help="Break lines of rich at this width. Default: the terminal's; in a file or pipe, none.",
        ),
    ] = None,
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
    form = format or (ENDINGS.get(out.suffix, Format.RICH) if out else Format.RICH)
    if form is Format.CSV and (asked := ["--explain"] * explain + parts.asked):
        raise UsageError(f"csv has the entries of the tables only: {asked[0]} needs json, md, html, latex or rich")
    if weights and (form not in (Format.RICH, Format.JSON) or out is not None):
        raise UsageError("--weights is shown as rich or json on standard output, not otherwise")
    chosen = choose(selection)
    if weights:
        from l2t.report.cells import gather

        cells = gather(chosen.rows, chosen.specs, chosen.planned)
        _write_weights(cells, tuple(layout.split_by or ()), form)
        return
    if explain:
        from l2t.report.explain import explain as explained
        from l2t.report.report import Report

        section = explained(paths.home(), chosen.rows, chosen.specs, chosen.planned, layout.metric.value)
        _write(Report((), layout.family.value, {}, (section,)), form, out, width)
        return
    _write(_made(selection, layout, parts, chosen), form, out, width, figures=not parts.brief)


def _made(selection: Selection, layout: Layout, parts: Parts, chosen: Chosen) -> "Report":
    """Tables and the sections that are asked for."""
    from l2t.report.near_best import marked

    made = marked(layout.tables(chosen))
    if selection.by_result:
        made = replace(made, tables=tuple(replace(table, notes=(*table.notes, BIASED)) for table in made.tables))
    if chosen.rows and not made.tables:
        say("no run here has a rare class: l2t run --set data.rare_class=8 makes some")
    if not parts.brief:
        from l2t.report.detail import detailed

        made = detailed(made)
    return replace(made, sections=tuple(parts.sections(made, chosen, selection.text))) if chosen.rows else made


def _page(made: "Report") -> str:
    """The report as HTML, with the figures that its runs allow."""
    from l2t.report.figures import FIGURES, svg
    from l2t.report.figures import made as drawn
    from l2t.report.figures.made import Made
    from l2t.report.formats.html import render

    figures = []
    with working("figures") as progress:
        for number, name in enumerate(FIGURES):
            progress(name, number, len(FIGURES))
            found = drawn(paths.home(), made, [name], columns=2)
            figures += [(each.title, each.caption, svg(each)) for each in found if isinstance(each, Made)]
    return render(made, figures)


def _write(made: "Report", format: Format, out: Path | None, width: int | None, figures: bool = False) -> None:
    from l2t.report.formats import renderer, rich

    if out is None and format is Format.RICH:
        output.write_styled(rich.lines(made, width or output.terminal_width()))
        return
    if format is Format.RICH:
        text = "".join(f"{line.plain}\n" for line in rich.lines(made, width))
    elif format is Format.HTML and figures:
        text = _page(made)
    else:
        text = renderer(format.value)(made)
    if out is None:
        output.write(text)
        return
    from l2t.report.export import replacing

    with replacing(out) as file:
        file.write(text.encode())
    say(f"the report is in {out}")


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
