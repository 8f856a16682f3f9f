"""A report as LaTeX: a `table` with booktabs rules for each table, what it means in the caption.

The document it is included in needs `\\usepackage{booktabs}`.
"""

from collections.abc import Iterator, Sequence

from l2t.printable import printable
from l2t.report import words
from l2t.report.formats import details
from l2t.report.report import Entry, Report, Table
from l2t.report.section import Grid, Section

SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "←": r"$\leftarrow$",
    "×": r"$\times$",
    "−": "$-$",
    "≥": r"$\geq$",
    "<": "$<$",
    ">": "$>$",
    "–": "--",
    "…": r"\ldots{}",
}


def render(report: Report) -> str:
    """A `table` environment a table, and one for each table of a section, for a document that loads booktabs."""
    parts = [_environment(report, table) for table in report.tables]
    parts += [_grid(section, grid) for section in report.sections for grid in section.grids if grid.rows]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _environment(report: Report, table: Table) -> list[str]:
    counted = words.common_n(table) is None
    matrix = [["", *(escaped(words.shots_title(shots)) for shots in table.shots)]]
    for row in table.rows:
        matrix.append([escaped(row), *(_cell(table.entry(row, shots), counted) for shots in table.shots)])
    listed = [details.headings(table), *(cells for _, cells in details.lines(table))]
    alignment = "".join("l" if heading in details.LEFT else "r" for heading in listed[0])
    sentences = [f"{words.title(table)}.", "Best in bold.", *words.meaning(report, table), *words.how_tested(table)]
    return [
        "% needs \\usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escaped(' '.join(sentences))}}}",
        *_tabular("l" + "r" * len(table.shots), matrix),
        r"",
        r"  \medskip",
        *_tabular(alignment, [[escaped(cell) for cell in row] for row in listed]),
        r"\end{table}",
    ]


def _grid(section: Section, grid: Grid) -> list[str]:
    rows = [
        [
            rf"\textbf{{{escaped(cell)}}}" if (row, column) in grid.bold else escaped(cell)
            for column, cell in enumerate(cells)
        ]
        for row, cells in enumerate(grid.rows)
    ]
    alignment = "".join("l" if index in grid.left else "r" for index in range(len(grid.headings)))
    title = f"{section.title}: {grid.title}" if grid.title else section.title
    return [
        "% needs \\usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escaped(' '.join([f'{title}.', *grid.sentences]))}}}",
        *_tabular(alignment, [[escaped(heading) for heading in grid.headings], *rows]),
        r"\end{table}",
    ]


def _tabular(alignment: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield rf"  \begin{{tabular}}{{{alignment}}}"
    yield r"    \toprule"
    for number, row in enumerate(rows):
        yield f"    {' & '.join(row).strip()} \\\\"
        if number == 0:
            yield r"    \midrule"
    yield r"    \bottomrule"
    yield r"  \end{tabular}"


def _cell(entry: Entry | None, counted: bool) -> str:
    if entry is None or entry.summary.mean is None:
        return "--" if entry is None else f"-- ({words.n(entry)})"
    half = words.half_width(entry)
    number = rf"{words.mean(entry)} \pm {half}" if half else words.mean(entry)
    number = rf"\mathbf{{{number}}}" if entry.best else number
    mark = "^{*}" if words.star(entry) else r"\phantom{^{*}}"
    return f"${number}{mark}$" + (f" ({words.n(entry)})" if counted else "")


def escaped(text: str) -> str:
    """`text` for LaTeX's text mode."""
    return "".join(SPECIAL.get(character, character) for character in printable(text))
