"""A report as LaTeX: a `table` with booktabs rules for each table of numbers, what it means in the caption.

The document it is included in needs `\\usepackage{booktabs}` and `\\usepackage{siunitx}`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from l2t.printable import printable
from l2t.report import words
from l2t.report.formats import details, effects
from l2t.report.report import Entry, Report, Table
from l2t.report.section import Grid, Section

NEEDS = (r"% needs \usepackage{booktabs}", r"% needs \usepackage{siunitx}")

NUMBER = re.compile(r"([−-])?(\d+)(?:\.(\d+))?")

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
    "≈": r"$\approx$",
    "δ": r"$\delta$",
    "χ": r"$\chi$",
    "²": "$^2$",
    "≥": r"$\geq$",
    "<": "$<$",
    ">": "$>$",
    "–": "--",
    "…": r"\ldots{}",
}


def render(report: Report) -> str:
    """A `table` environment a table, and one for each table of a section, for a document that loads both packages.

    What a section says without a table is a paragraph.
    """
    parts = [_environment(report, table) for table in report.tables]
    parts += [_grid(section, grid) for section in report.sections for grid in section.grids]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _environment(report: Report, table: Table) -> list[str]:
    counted = words.common_n(table) is None
    matrix = [["", *(escaped(words.shots_title(shots)) for shots in table.shots)]]
    for row in table.rows:
        matrix.append([escaped(row), *(_cell(table.entry(row, shots), counted) for shots in table.shots)])
    about = [f"{words.title(table)}.", "Best in bold.", *words.meaning(report, table)]
    lines = _float(about, _tabular(["l", *["r"] * len(table.shots)], matrix))
    for part, name, sentences in (
        (details, "spread and tests", words.how_tested(table)),
        (effects, "bootstrap intervals and effect sizes", words.effects_meaning(table)),
    ):
        if headings := part.headings(table):
            left = {index for index, heading in enumerate(headings) if heading in details.LEFT}
            rows = _listed(headings, [cells for _, cells in part.lines(table)], left)
            lines += ["", *_float([f"{table.heading}, {table.metric} %: {name}.", *sentences], rows, narrow=True)]
    return lines


def _float(sentences: Sequence[str], tabular: Iterable[str], narrow: bool = False) -> list[str]:
    """A `table` with the sentences as its caption. narrow: with less room between columns, in small type."""
    return [
        *NEEDS,
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escaped(' '.join(sentences))}}}",
        *[r"  \footnotesize\setlength{\tabcolsep}{3pt}"] * narrow,
        *tabular,
        r"\end{table}",
    ]


def _listed(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Collection[int],
    bold: Collection[tuple[int, int]] = (),
) -> Iterator[str]:
    """A table of texts. Columns of plain numbers are aligned at the decimal point by siunitx."""
    kinds = []
    for index, column in enumerate(zip(*rows, strict=True)):
        numbers = [NUMBER.fullmatch(cell) for cell in column]
        plain = (
            index not in left
            and any(numbers)
            and all(bool(match) or cell in ("", "–") for match, cell in zip(numbers, column, strict=True))
        )
        if plain and not any(place == index for _, place in bold):
            whole, part = (max(len(match[group] or "") for match in numbers if match) for group in (2, 3))
            sign = "-" if any(match and match[1] for match in numbers) else ""
            kinds.append(f"S[table-format={sign}{whole}.{part}]")
        else:
            kinds.append("l" if index in left else "r")

    def drawn(row: int, column: int, cell: str) -> str:
        if kinds[column].startswith("S"):
            return cell.replace("−", "-") if NUMBER.fullmatch(cell) else f"{{{escaped(cell)}}}" if cell else ""
        return rf"\textbf{{{escaped(cell)}}}" if (row, column) in bold else escaped(cell)

    titles = [
        f"{{{escaped(title)}}}" if kind.startswith("S") else escaped(title)
        for title, kind in zip(headings, kinds, strict=True)
    ]
    cells = [[drawn(row, column, cell) for column, cell in enumerate(texts)] for row, texts in enumerate(rows)]
    return _tabular(kinds, [titles, *cells])


def _grid(section: Section, grid: Grid) -> list[str]:
    title = f"{section.title}: {grid.title}" if grid.title else section.title
    if not grid.rows:
        return [rf"\paragraph{{{escaped(title)}}} {escaped(' '.join(grid.sentences))}"]
    rows = _listed(grid.headings, grid.rows, grid.left, grid.bold)
    return _float([f"{title}.", *grid.sentences], rows, narrow=True)


def _tabular(kinds: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield rf"  \begin{{tabular}}{{{''.join(kinds)}}}"
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
    mark = words.marks(entry).replace("≈", r"\approx")
    mark = f"^{{{mark}}}" if mark else r"\phantom{^{*}}"
    return f"${number}{mark}$" + (f" ({words.n(entry)})" if counted else "")


def escaped(text: str) -> str:
    """`text` for LaTeX's text mode; two hyphens stay two."""
    shown = printable(text)
    return "".join(
        "-{}" if shown[at : at + 2] == "--" else SPECIAL.get(character, character) for at, character in enumerate(shown)
    )
