"""Texts and tables in HTML. Everything from outside goes through `escaped`."""

import re
from collections.abc import Collection, Iterable, Sequence
from html import escape

from l2t.printable import printable

WITH_INTERVAL = re.compile(r"(\S+) (\(.+\))")
""" "−3.9 (−6.1 … −1.7)"."""


def escaped(text: str) -> str:
    """`text` for the content of an element or a quoted attribute."""
    return escape(printable(text))


def sentences(texts: Iterable[str]) -> str:
    """What stands under a table, a line each; empty where there is nothing to say."""
    items = "".join(f"<li>{escaped(text)}</li>\n" for text in texts)
    return f'<ul class="notes">\n{items}</ul>' if items else ""


def table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Collection[int] = (0,),
    head: int = 0,
    kind: str = "list",
    widths: str = "",
    starts: Collection[int] = (),
) -> str:
    """A table that scrolls within itself where it is too wide.

    title: id of the heading that names it. headings: texts. rows: their cells, as HTML. left: columns of words.
    head: the column that names the row and stays in sight. kind: its class. widths: declarations of custom properties.
    starts: rows with a rule above them.
    """

    def kept(index: int) -> str:
        return ' class="l"' if index in left else ""

    titles = "".join(f'<th scope="col"{kept(index)}>{escaped(text)}</th>' for index, text in enumerate(headings))
    lines = []
    for number, cells in enumerate(rows):
        drawn = (
            f'<th scope="row"{kept(index)}>{cell}</th>' if index == head else f"<td{kept(index)}>{cell}</td>"
            for index, cell in enumerate(cells)
        )
        lines.append(f"<tr{' class=start' if number in starts else ''}>{''.join(drawn)}</tr>\n")
    style = f' style="{widths}"' if widths else ""
    return (
        f'<div class="scroll"><table class="{kind}" aria-labelledby="{title}"{style}>\n'
        f"<thead><tr>{titles}</tr></thead>\n<tbody>\n{''.join(lines)}</tbody></table></div>"
    )


def aligned(rows: Sequence[Sequence[str]], left: Collection[int]) -> tuple[list[list[str]], str]:
    """Cells of texts as HTML, numbers so that they stand under each other, and the width that this takes.

    Intervals and stars get room of their own in every cell of a column where one cell has them.
    """
    columns = []
    longest = 0
    for index, column in enumerate(zip(*rows, strict=True)):
        if index in left:
            columns.append([escaped(cell) for cell in column])
            continue
        starred = any(cell.endswith(" *") for cell in column)
        parts = [WITH_INTERVAL.fullmatch(cell) for cell in column]
        longest = max(longest, *(len(found[2]) for found in parts if found), 0)
        cells = []
        for text, found in zip(column, parts, strict=True):
            plain = text.removesuffix(" *")
            cell = f"{escaped(found[1])}<i> {escaped(found[2])}</i>" if found else escaped(plain)
            cell += "<i></i>" if any(parts) and not found and text else ""
            star = "*" if text.endswith(" *") else ""
            cells.append(f"{cell}<sup>{star}</sup>" if starred and text else cell)
        columns.append(cells)
    return [list(cells) for cells in zip(*columns, strict=True)], f"--interval:{0.9 * longest:.1f}ch" if longest else ""
