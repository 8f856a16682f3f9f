"""How a report is drawn, one file a format. `rich` gives lines for a terminal, every other a text for a file."""

from collections.abc import Callable

from l2t.registry import load_object
from l2t.report.report import Report

TEXTS = {
    "md": "l2t.report.formats.markdown:render",
    "csv": "l2t.report.formats.csv:render",
    "json": "l2t.report.formats.json:render",
    "latex": "l2t.report.formats.latex:render",
    "html": "l2t.report.formats.html:render",
}
"""Formats that are one text, by name."""


def renderer(name: str) -> Callable[[Report], str]:
    """The function that draws a report in the format `name`, a key of TEXTS."""
    render: Callable[[Report], str] = load_object(TEXTS[name])
    return render
