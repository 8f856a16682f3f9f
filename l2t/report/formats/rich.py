"""A report for the terminal: aligned lines of styled text. For `l2t report`; the terminal app can draw the same."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from l2t.printable import printable
from l2t.report import words
from l2t.report.formats import details, effects
from l2t.report.report import Entry, Report, Table
from l2t.report.section import Grid, Section


def lines(report: Report, width: int | None = None) -> Iterator[Text]:
    """The report, line by line. width: columns of the terminal, None where lines may be as long as they want.

    A table that is wider is broken into blocks of columns, sentences at words; no number is ever cut.
    """
    for number, table in enumerate(report.tables):
        if number:
            yield Text()
        yield from _wrapped(words.title(table), width, "bold")
        yield from _matrix(table, width)
        for sentence in words.meaning(report, table):
            yield from _wrapped(sentence, width, "")
        yield Text()
        yield from _listed(details.headings(table), details.lines(table), width)
        for sentence in words.how_tested(table):
            yield from _wrapped(sentence, width, "dim")
        if headings := effects.headings(table):
            yield Text()
            yield from _listed(headings, effects.lines(table), width)
            for sentence in words.effects_meaning(table):
                yield from _wrapped(sentence, width, "dim")
    for section in report.sections:
        yield Text()
        yield from _section(section, width)


def _section(section: Section, width: int | None) -> Iterator[Text]:
    yield from _wrapped(section.title, width, "bold")
    for number, grid in enumerate(section.grids):
        if number:
            yield Text()
        if grid.title:
            yield from _wrapped(grid.title, width, "")
        if grid.rows:
            columns = [_grid_column(grid, index) for index in range(len(grid.headings))]
            labels = next((index for index in range(len(columns)) if index not in grid.left), len(columns) - 1)
            yield from _grid(columns[:labels], columns[labels:], "  ", width)
        for sentence in grid.sentences:
            yield from _wrapped(sentence, width, "dim")


def _grid_column(grid: Grid, index: int) -> list[Text]:
    texts = [printable(text) for text in (grid.headings[index], *(row[index] for row in grid.rows))]
    size = max(map(cell_len, texts))
    cells = []
    for number, text in enumerate(texts):
        space = " " * (size - cell_len(text))
        style = "dim" if number == 0 else "bold" if (number - 1, index) in grid.bold else ""
        cells.append(Text(text + space if index in grid.left else space + text, style))
    return cells


def _wrapped(sentence: str, width: int | None, style: str) -> Iterator[Text]:
    text = printable(sentence)
    for line in textwrap.wrap(text, width - 1, break_long_words=False, break_on_hyphens=False) if width else [text]:
        yield Text(f" {line}", style)


def _matrix(table: Table, width: int | None) -> Iterator[Text]:
    labels = [Text(""), *(Text(printable(row)) for row in table.rows)]
    return _grid([labels], [_column(table, shots) for shots in table.shots], "   ", width)


def _column(table: Table, shots: int) -> list[Text]:
    entries = [table.entry(row, shots) for row in table.rows]
    counted = words.common_n(table) is None
    parts = [_parts(entry, counted) for entry in entries if entry is not None]
    widths = [max(map(len, part)) for part in zip(*parts, strict=True)]
    cells = [Text("–", "dim") if entry is None else _cell(entry, counted, widths) for entry in entries]
    return [Text(words.shots_title(shots)), *cells]


def _parts(entry: Entry, counted: bool) -> tuple[str, str, str, str]:
    half, star = words.half_width(entry), words.marks(entry)
    return (
        words.mean(entry),
        f" ± {half}" if half else "",
        f" {star}" if star else "",
        f" ({words.n(entry)})" if counted else "",
    )


def _cell(entry: Entry, counted: bool, widths: Sequence[int]) -> Text:
    mean, half, star, n = _parts(entry, counted)
    return Text.assemble(
        (mean.rjust(widths[0]), "bold" if entry.best else ""),
        (half.ljust(widths[1]), "bold" if entry.best else "dim"),
        (star.ljust(widths[2]), "green"),
        (n.ljust(widths[3]), "dim"),
    )


def _listed(headings: list[str], lines: Iterable[tuple[Entry, list[str]]], width: int | None) -> Iterator[Text]:
    rows = [headings]
    last = None
    for entry, cells in lines:
        rows.append(["", *cells[1:]] if entry.shots == last else cells)
        last = entry.shots
    columns = [_details_column(column) for column in zip(*rows, strict=True)]
    return _grid(columns[:2], columns[2:], "  ", width)


def _details_column(texts: Sequence[str]) -> list[Text]:
    heading, *cells = texts
    if any(cell.endswith("*") for cell in cells):  # numbers stay aligned beside numbers with a star
        cells = [cell if cell.endswith("*") else f"{cell}  " for cell in cells]
    size = max(map(len, texts))
    aligned = [cell.ljust(size) if heading in details.LEFT else cell.rjust(size) for cell in [heading, *cells]]
    return [Text(printable(cell), "" if number else "dim") for number, cell in enumerate(aligned)]


def _grid(labels: Sequence[list[Text]], columns: Sequence[list[Text]], gap: str, width: int | None) -> Iterator[Text]:
    """Columns beside the labels; where they do not all fit, in blocks below each other, each with the labels."""
    sizes = [max(map(_length, column)) for column in columns]
    room = None if width is None else width - 1 - sum(max(map(_length, column)) + len(gap) for column in labels)
    for number, block in enumerate(_blocks(sizes, len(gap), room)):
        if number:
            yield Text()
        chosen = [*labels, *(columns[index] for index in block)]
        widths = [max(map(_length, column)) for column in chosen]
        for cells in zip(*chosen, strict=True):
            line = Text(" ")
            for cell, size in zip(cells, widths, strict=True):
                line.append_text(cell).append(" " * (size - cell.cell_len) + gap)
            line.rstrip()
            yield line


def _length(text: Text) -> int:
    return text.cell_len


def _blocks(sizes: Sequence[int], gap: int, room: int | None) -> Iterator[list[int]]:
    """Indices of the columns, so many at a time as there is room for."""
    block: list[int] = []
    used = 0
    for index, size in enumerate(sizes):
        if block and room is not None and used + size > room:
            yield block
            block, used = [], 0
        block.append(index)
        used += size + gap
    yield block
