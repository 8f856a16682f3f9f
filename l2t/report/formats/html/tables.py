"""A comparison table in HTML: the matrix, what it means, and the numbers behind it, a line an entry."""

from collections.abc import Iterable, Iterator, Sequence

from l2t.report import words
from l2t.report.formats import details, effects
from l2t.report.formats.html.markup import aligned, escaped, sentences, table
from l2t.report.formats.html.runs import anchor
from l2t.report.report import Entry, Report, Table

DIGIT = "\u2007"
"""A space as wide as a digit."""


def section(report: Report, number: int) -> str:
    """The report's `number`th table under a heading `t1`, `t2`, …, with all its parts."""
    one = report.tables[number - 1]
    unit = words.title(one).removeprefix(one.heading).removeprefix(", ")
    parts = [
        f'<section>\n<h2 id="t{number}">{escaped(one.heading)}</h2>\n<p class="unit">{escaped(unit)}</p>',
        _matrix(number, one),
        sentences(words.meaning(report, one)),
        *_details(number, one),
        *_effects(number, one),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _matrix(number: int, one: Table) -> str:
    counted = words.common_n(one) is None
    mean, half, marks, n = (
        max(len(text(entry)) for entry in one.entries) for text in (words.mean, words.half_width, words.marks, words.n)
    )

    def cell(entry: Entry | None) -> str:
        if entry is None:
            return '<span class="none">–</span>'
        text, width = words.mean(entry), words.half_width(entry).rjust(half, DIGIT)
        room = DIGIT * (mean - len(text))
        text = f"<b>{text}</b>" if entry.best else text
        if half and entry.summary.mean is not None:
            text += f"<i> ± {width}</i>" if width.strip(DIGIT) else f"<i> {width}</i>"
        text = f'{room}<a href="#{anchor(number, one, entry)}">{text}</a>'
        text += f" <sup>{words.marks(entry)}</sup>" if marks else ""
        return f"{text} <small>({words.n(entry)})</small>" if counted else text

    rows = [[escaped(row), *(cell(one.entry(row, shots)) for shots in one.shots)] for row in one.rows]
    headings = ["method", *map(words.shots_title, one.shots)]
    widths = f"--half:{half + 2}ch;--marks:{marks}ch;--n:{n + 1}ch"
    return table(f"t{number}", headings, rows, kind="matrix", widths=widths)


def _details(number: int, one: Table) -> Iterator[str]:
    headings = details.headings(one)
    yield f'<h3 id="t{number}-details">{"Differences and tests" if "p" in headings else "Spread"}</h3>'
    yield _lines(f"t{number}-details", number, one, headings, details.lines(one))
    yield sentences(words.how_tested(one))


def _effects(number: int, one: Table) -> Iterator[str]:
    if headings := effects.headings(one):
        yield f'<h3 id="t{number}-effects">Bootstrap intervals and effect sizes</h3>'
        yield _lines(f"t{number}-effects", number, one, headings, effects.lines(one))
        yield sentences(words.effects_meaning(one))


def _lines(
    title: str, number: int, one: Table, headings: Sequence[str], lines: Iterable[tuple[Entry, Sequence[str]]]
) -> str:
    entries, texts = zip(*lines, strict=True)
    left = {index for index, heading in enumerate(headings) if heading in details.LEFT}
    rows, widths = aligned(texts, left)
    name = headings.index("method")
    for entry, cells in zip(entries, rows, strict=True):
        cells[name] = f'<a href="#{anchor(number, one, entry)}">{cells[name]}</a>'
    starts = {index for index, entry in enumerate(entries) if index and entry.shots != entries[index - 1].shots}
    return table(title, headings, rows, left, head=name, widths=widths, starts=starts)
