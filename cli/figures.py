"""`l2t report figures`: figures for a paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.completion_runs import complete_filter
from cli.diagnostics import say
from cli.report_options import MetricName
from cli.selecting import Selection, choose
from cli.spread import spread
from cli.working import working
from l2t import paths
from l2t.errors import UsageError, unknown
from l2t.printable import printable

if TYPE_CHECKING:
    from l2t.report.figures.made import Columns, Made

OUTPUT = "Output"


class FigureFormat(StrEnum):
    """Files that are written."""

    PDF = "pdf"
    SVG = "svg"
    PNG = "png"


def complete_figures(incomplete: str) -> list[str]:
    """Names of figures, and words of the filter language."""
    from l2t.report.figures import FIGURES

    return [*(name for name in (*FIGURES, "all") if name.startswith(incomplete)), *complete_filter(incomplete)]


@dataclass(frozen=True)
class Asked(Selection):
    """Which figures, and of which runs. What has no sign of a comparison is a figure's name."""

    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Figures (default: all), then which runs: shots gamma dataset=stl10 shots=10.",
            metavar="[FIGURE…] [FILTER…]",
            autocompletion=complete_figures,
        ),
    ] = None

    def split(self) -> tuple[tuple[str, ...], Selection]:
        """Names of figures, each once, and the selection without them. UsageError for a name there is not."""
        from l2t.report.figures import FIGURES

        words = self.words or []
        names = dict.fromkeys(word for word in words if not set(word) & set("=<>"))
        for name in names:
            if name not in (*FIGURES, "all"):
                raise unknown("figure", name, (*FIGURES, "all"), "l2t report figures --help")
        chosen = tuple(FIGURES) if not names or "all" in names else tuple(names)
        return chosen, replace(self, words=[word for word in words if word not in names])


@spread
def figures(
    asked: Asked,
    out: Annotated[
        Path, typer.Option(rich_help_panel=OUTPUT, metavar="FOLDER", help="Where files are written.")
    ] = Path("figures"),
    format: Annotated[
        list[FigureFormat] | None,
        typer.Option(rich_help_panel=OUTPUT, help="Repeatable. Default: pdf.", show_default=False),
    ] = None,
    columns: Annotated[
        int, typer.Option(rich_help_panel=OUTPUT, min=1, max=2, help="Columns of the paper: 3.4 or 7 inches wide.")
    ] = 1,
    metric: Annotated[
        MetricName, typer.Option(help="Accuracy after the last epoch or at the one best on validation, or a recall.")
    ] = MetricName.LAST,
    split_by: Annotated[
        list[str] | None,
        typer.Option(metavar="SETTING", help="Give runs that differ in this setting (method.beta) rows of their own."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Figures, files, captions and the runs behind them.")] = False,
) -> None:
    """Draw figures for a paper: PDF with embedded fonts, SVG or PNG; the same data give the same bytes.

    shots (accuracy against shots), distribution (every run), learning (curves by epoch), critical (average ranks and \
critical difference), weights (traced numbers), gamma (γ by epoch and as maps), lambda (λ as heat map), channels (w of \
each channel), settling (when traced values settle). What cannot be made is said, with what would give it.

    They are about the finished runs that the selection means. Paths of the files are on stdout; captions, which say n \
and what an interval is, with --json.

    Examples:
      l2t report figures
      l2t report figures shots critical --columns 2 --format pdf --format svg
      l2t report figures gamma weights dataset=stl10 shots=10 seed=0 --out paper/figures
    """
    names, selection = asked.split()
    kinds = list(dict.fromkeys(format or [FigureFormat.PDF]))
    chosen = choose(selection)
    if not chosen.rows:
        raise typer.Exit(2)  # `choose` has said why
    from l2t.report.build import build

    report = build(chosen.rows, chosen.specs, chosen.planned, None, "all", split_by or (), metric.value)
    with working("figures") as progress:
        from l2t.report.figures import made
        from l2t.report.figures.made import Made

        found: list[Made] = []
        files: dict[str, list[Path]] = {}
        missing: dict[tuple[str, str], list[str]] = {}
        wide: Columns = 2 if columns == 2 else 1
        for each in made(paths.home(), report, names, wide, lambda text: progress("made", len(found), 0)):
            if isinstance(each, Made):
                files[each.name] = list(_written(each, out, kinds))
                found.append(each)
                progress("made", len(found), 0)
            else:
                missing.setdefault((each.figure, each.reason), []).append(each.where)
    for (name, reason), where in missing.items():
        more = f" and {len(where) - 1} more" if len(where) > 1 else ""
        say(f"no figure {name}: {reason}" + (f" ({where[0]}{more})" if where[0] else ""))
    if not found:
        raise UsageError("no figure could be made of these runs; the lines above say what each would need")
    if json:
        output.write_json([_plain(each, file) for each in found for file in files[each.name]])
    else:
        output.write("\n".join(printable(str(file)) for each in found for file in files[each.name]))


def _written(figure: "Made", folder: Path, kinds: Sequence[FigureFormat]) -> Iterator[Path]:
    """Write the figure in each format; UsageError where that cannot be."""
    from l2t.report.export import replacing
    from l2t.report.figures.style import rendered

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"no folder can be made at {folder}: {error.strerror}. --out names another") from error
    for kind in kinds:
        file = folder / f"{figure.name}.{kind.value}"
        with replacing(file) as stream:
            stream.write(rendered(figure, kind.value))
        yield file


def _plain(figure: "Made", file: Path) -> dict[str, object]:
    return {
        "figure": figure.figure,
        "file": str(file),
        "title": figure.title,
        "caption": figure.caption,
        "runs": list(figure.runs),
    }
