"""A report as Markdown (GitHub's tables), aligned so that it reads as plain text too."""

from collections.abc import Iterable, Sequence

from l2t.printable import printable
from l2t.report import words
from l2t.report.formats import details, effects
from l2t.report.report import Entry, Report, Table
from l2t.report.section import Section


def render(report: Report) -> str:
    """A heading a table: the matrix, its meaning, the details; then the sections of the report."""
    parts = [*(_table_of(report, table) for table in report.tables), *map(_section, report.sections)]
    return "\n".join("\n".join(part).rstrip() + "\n" for part in parts)


def _table_of(report: Report, table: Table) -> list[str]:
    counted = words.common_n(table) is None
    matrix = [["", *map(words.shots_title, table.shots)]]
    for row in table.rows:
        matrix.append([row, *(_cell(table.entry(row, shots), counted) for shots in table.shots)])
    return [
        f"### {_escaped(words.title(table))}",
        "",
        *_table(matrix, {0}),
        "",
        *(f"{_escaped(sentence)}  " for sentence in words.meaning(report, table)),
        "",
        *_listed(details.headings(table), details.lines(table)),
        *(f"{_escaped(sentence)}  " for sentence in words.how_tested(table)),
        "",
        *_listed(effects.headings(table), effects.lines(table)),
        *(f"{_escaped(sentence)}  " for sentence in words.effects_meaning(table)),
    ]


def _listed(headings: Sequence[str], lines: Iterable[tuple[Entry, Sequence[str]]]) -> list[str]:
    if not headings:
        return []
    left = {index for index, heading in enumerate(headings) if heading in details.LEFT}
    return [*_table([headings, *(cells for _, cells in lines)], left), ""]


def _section(section: Section) -> list[str]:
    lines = [f"### {_escaped(section.title)}", ""]
    for grid in section.grids:
        lines += [_escaped(grid.title), ""] if grid.title else []
        if grid.rows:
            bold = [
                [f"**{cell}**" if (row, column) in grid.bold else cell for column, cell in enumerate(cells)]
                for row, cells in enumerate(grid.rows)
            ]
            lines += [*_table([grid.headings, *bold], set(grid.left)), ""]
        lines += [*(f"{_escaped(sentence)}  " for sentence in grid.sentences), ""]
    return lines


def _cell(entry: Entry | None, counted: bool) -> str:
    if entry is None:
        return "–"
    half = words.half_width(entry)
    number = words.mean(entry) + (f" ± {half}" if half else "")
    number = f"**{number}**" if entry.best else number
    return " ".join(part for part in (number, words.marks(entry), f"({words.n(entry)})" if counted else "") if part)


def _table(rows: Sequence[Sequence[str]], left: set[int]) -> list[str]:
    texts = [[_bold_kept(cell) for cell in row] for row in rows]
    widths = [max(3, *map(len, column)) for column in zip(*texts, strict=True)]
    lines = []
    for number, row in enumerate(texts):
        cells = (
            text.ljust(size) if index in left else text.rjust(size)
            for index, (text, size) in enumerate(zip(row, widths, strict=True))
        )
        lines.append(f"| {' | '.join(cells)} |")
        if number == 0:
            rules = ("-" * size if index in left else "-" * (size - 1) + ":" for index, size in enumerate(widths))
            lines.append(f"| {' | '.join(rules)} |")
    return lines


def _bold_kept(cell: str) -> str:
    """The cell escaped, but for the ** that this module put around the best."""
    if cell.startswith("**"):
        inner, _, rest = cell[2:].partition("**")
        return f"**{_escaped(inner)}**{_escaped(rest)}"
    return _escaped(cell)


def _escaped(text: str) -> str:
    for character in "\\|*_`<[":
        text = text.replace(character, f"\\{character}")
    return printable(text)
