"""How figures look: widths of a paper's columns, colours of Okabe and Ito, and bytes that are the same every time.

Each row of a report has a colour, a marker and a dash of its own, so that figures can be read in grey, too. Nothing is
drawn through pyplot: there is no window, no state, and no settings of the user's.
"""

import io
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Literal

from l2t import paths
from l2t.printable import printable
from l2t.report.build import row_order
from l2t.report.figures.made import Made
from l2t.report.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Format = Literal["pdf", "svg", "png"]

COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito 2008, without yellow, which is hardly seen on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)), (0, (2.5, 1.2)))
GREY = "#767676"
"""Of what is not data: readable on white."""
MAP = "cividis"
"""Colour map of amounts: its lightness rises evenly, for colour-blind eyes and in grey as well."""

SMALL, NORMAL = 7, 8
"""Points: no text is smaller than SMALL."""

_SETTINGS: Any = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same everywhere
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.labelsize": NORMAL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": NORMAL,
    "figure.titlesize": NORMAL,
    "axes.titlelocation": "left",
    "axes.titlepad": 4,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.6,
    "lines.markeredgewidth": 0.8,
    "legend.frameon": False,
    "legend.handlelength": 2.3,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.2,
    "text.parse_math": False,  # a data set may be called $x$
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "l2t",
    "savefig.dpi": 300,
}
_NO_DATE: Mapping[Format, dict[str, Any]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}
_CAPTION: Mapping[Format, str] = {"pdf": "Subject", "svg": "Description", "png": "Description"}
"""Where a file's metadata have the caption."""


@dataclass(frozen=True)
class Look:
    """Of one row of the report."""

    colour: str
    marker: str
    dash: Any
    """As matplotlib takes line styles."""


def looks(report: Report) -> dict[str, Look]:
    """A look for each row of the report, the same in all its figures."""
    rows = sorted({row for table in report.tables for row in table.rows}, key=row_order)
    found = islice(zip(cycle(COLOURS), cycle(MARKERS), cycle(DASHES)), len(rows))
    return {row: Look(*look) for row, look in zip(rows, found, strict=True)}


def rendered(made: Made, format: Format) -> bytes:
    """The figure as a file's bytes: the same for the same data and version of matplotlib.

    PDF embeds its fonts (Type 42); SVG keeps texts as texts; PNG has 300 pixels an inch. Title and caption are in the
    metadata.
    """
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=made.size, layout="constrained")
        made.draw(figure)
        buffer = io.BytesIO()
        about = {"Title": printable(made.title), _CAPTION[format]: printable(made.caption)}
        figure.savefig(buffer, format=format, metadata=_NO_DATE[format] | about)
    return buffer.getvalue()


@contextmanager
def _style() -> Iterator[None]:
    """Within: our settings and nobody else's, and no warning of a character that the font lacks."""
    _imported()
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def _imported() -> None:
    """Import matplotlib so that its list of fonts lies with our other caches: by default it makes folders in the home
    of the user. MPLCONFIGDIR, where it is set, holds; where the folder cannot be written, it takes a temporary one."""
    before = os.environ.get("MPLCONFIGDIR")
    os.environ.setdefault("MPLCONFIGDIR", str(paths.data() / "matplotlib"))
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        import matplotlib.font_manager  # noqa: F401 - remembers the folder
    finally:
        if before is None:
            del os.environ["MPLCONFIGDIR"]


def short(text: str, width: int) -> str:
    """A text from outside in one line of `width` characters at most."""
    text = printable(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def handle(label: str, look: Look, line: bool = True) -> "Line2D":
    """An entry of a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.dash if line else "none", label=label)


def legend(figure: "Figure", handles: Sequence["Line2D"]) -> None:
    """A legend below all panels, in as few lines as the width allows."""
    inches = 0.55 + 0.072 * max(len(str(each.get_label())) for each in handles)
    fit = max(1, int(figure.get_figwidth() / inches))
    lines = -(-len(handles) // fit)
    figure.legend(handles=handles, loc="outside lower center", ncols=-(-len(handles) // lines))


def legend_height(width: float, labels: Sequence[str]) -> float:
    """Inches that `legend` takes."""
    inches = 0.55 + 0.072 * max(map(len, labels))
    return 0.1 + 0.16 * -(-len(labels) // max(1, int(width / inches)))


def panels(figure: "Figure", number: int, across: int, **options: Any) -> list["Axes"]:
    """So many panels, `across` beside each other."""
    down = -(-number // across)
    grid = figure.subplots(down, across, squeeze=False, **options)
    axes = list(grid.flat)
    for unused in axes[number:]:
        unused.remove()
    return axes[:number]
