"""The page: its head, its contents, and its parts in order."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from string import Template
from urllib.parse import quote

from l2t.report.formats.html import runs, tables
from l2t.report.formats.html.markup import aligned, escaped, sentences, table
from l2t.report.report import Entry, Report
from l2t.report.section import Section

Figure = tuple[str, str, str]
"""Title, caption, and the figure as a text of SVG."""


def render(report: Report, figures: Sequence[Figure] = ()) -> str:
    """The report as one file: tables, figures, sections, and the runs behind every number.

    It asks for nothing from outside, and its policy forbids it: styles, one script and figures are in it. The script
    sorts tables and opens lists of runs; without it both are there as they are. 4,050 runs are about 0.5 MB.
    """
    style, script, page = (_data(name) for name in ("style.css", "sort.js", "page.html"))
    parts = [_data("reading.html")] if report.tables else []
    parts += [tables.section(report, number) for number in range(1, len(report.tables) + 1)]
    parts += _figures(figures)
    parts += [_section(section) for section in report.sections]
    parts += [runs.section(report)] if report.tables else []
    return Template(page).substitute(
        title=escaped(_title(report)),
        lead=f'<p class="lead">{escaped(_lead(report))}</p>',
        style=style,
        script=script,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        contents=_contents(report, figures),
        parts="\n".join(parts),
    )


def _data(name: str) -> str:
    return files("l2t.report.formats.html").joinpath(name).read_text("utf-8")


def _title(report: Report) -> str:
    names = list(dict.fromkeys(table.title for table in report.tables))
    if not names:
        return report.sections[0].title if report.sections else "Nothing to report"
    return f"Methods compared on {', '.join(names[:-1])}{' and ' * (len(names) > 1)}{names[-1]}"


def _lead(report: Report) -> str:
    """How many runs the report is of, each cell counted once."""
    if not report.tables:
        return "" if report.sections else "No run meets the selection."
    cells: dict[str, Entry] = {entry.cell: entry for table in report.tables for entry in table.entries}
    planned, done, failed, missing = (
        sum(getattr(entry, name) for entry in cells.values()) for name in ("planned", "done", "failed", "missing")
    )
    rows = {row for table in report.tables for row in table.rows}
    methods = f"{len(rows)} method{'s' * (len(rows) != 1)}"
    return f"{methods}; of {planned:,} planned runs {done:,} are done, {failed:,} failed, {missing:,} missing."


def _contents(report: Report, figures: Sequence[Figure]) -> str:
    several = len({one.metric for one in report.tables}) > 1
    places = [
        (f"t{number}", one.heading, one.metric if several else "") for number, one in enumerate(report.tables, start=1)
    ]
    places += [("figures", "Figures", "")] if figures else []
    places += [(f"s-{section.name}", section.title, "") for section in report.sections]
    places += [("runs", "Runs behind the numbers", "")] if report.tables else []
    if len(places) < 2:
        return ""
    items = (
        f'<li><a href="#{escaped(id)}">{escaped(title)}</a>{f" <small>{escaped(note)}</small>" if note else ""}</li>\n'
        for id, title, note in places
    )
    return f'<nav aria-label="Contents">\n<ol>\n{"".join(items)}</ol>\n</nav>'


def _figures(figures: Sequence[Figure]) -> Iterator[str]:
    """Each is a document of its own: its ids are not the page's, and no script in it ever runs."""
    if not figures:
        return
    yield '<section class="figures">\n<h2 id="figures">Figures</h2>'
    for title, caption, svg in figures:
        source = escaped(f"data:image/svg+xml,{quote(svg[max(0, svg.find('<svg')) :], safe=UNQUOTED)}")
        about = f"<figcaption><b>{escaped(title)}</b> {escaped(caption)}</figcaption>"
        yield f'<figure><img src="{source}" alt="{escaped(title)}">{about}</figure>'
    yield "</section>"


UNQUOTED = " !$'()*+,-./:;=?@[]^_`{|}~"
"""What a data URL may hold as it is: all but the characters that end it or stand for others."""


def _section(section: Section) -> str:
    id = f"s-{escaped(section.name)}"
    parts = [f'<section class="part">\n<h2 id="{id}">{escaped(section.title)}</h2>']
    for number, grid in enumerate(section.grids, start=1):
        own = f"{id}-{number}" if grid.title else id
        parts += [f'<h3 id="{own}">{escaped(grid.title)}</h3>'] if grid.title else []
        if grid.rows:
            rows, widths = aligned(grid.rows, grid.left)
            for row, column in grid.bold:
                rows[row][column] = f"<b>{rows[row][column]}</b>"
            parts.append(table(own, grid.headings, rows, grid.left, widths=widths))
        parts += [sentences(grid.sentences)] if grid.sentences else []
    return "\n".join([*parts, "</section>"])
