"""The runs behind every number: a closed list for each entry, which the numbers link to."""

from collections.abc import Iterator

from l2t.report import words
from l2t.report.formats.html.markup import escaped, table
from l2t.report.report import Entry, Report, Table
from l2t.words import percent

INTRODUCTION = (
    "<code>l2t show RUN</code> tells everything about one, <code>l2t report --explain cell=CELL</code> lists those of"
    " an entry that are not in its number, too."
)


def anchor(number: int, one: Table, entry: Entry) -> str:
    """Id of the list of `entry`, in the table `one`, the report's `number`th."""
    return f"r{number}-{one.rows.index(entry.row)}-{entry.shots}"


def section(report: Report) -> str:
    """All lists under one heading."""
    parts = ['<section class="runs">', '<h2 id="runs">Runs behind the numbers</h2>', f"<p>{INTRODUCTION}</p>"]
    for number, one in enumerate(report.tables, start=1):
        parts.append(f"<h3>{escaped(f'{one.heading}, {one.metric}')}</h3>")
        parts += [_list(number, one, entry) for entry in one.entries]
    return "\n".join([*parts, "</section>"])


def _list(number: int, one: Table, entry: Entry) -> str:
    id = anchor(number, one, entry)
    lines = zip(entry.seeds, entry.values, entry.runs, strict=True)
    rows = [[str(seed), percent(value), f"<code>l2t show {escaped(run)}</code>"] for seed, value, run in lines]
    parts = [
        f'<details id="{id}"><summary>{escaped(entry.row)} at {words.shots_title(entry.shots)}'
        f" <small>{escaped(', '.join(_counts(entry)))}</small></summary>",
        f"<p>{escaped(_numbers(entry))}<code>l2t report --explain cell={escaped(entry.cell)}</code>"
        f' <a href="#t{number}">To the table</a></p>',
    ]
    parts += [table(id, ["seed", f"{one.metric} %", "run"], rows, {2})] if rows else []
    return "\n".join([*parts, "</details>"])


def _counts(entry: Entry) -> Iterator[str]:
    yield f"{entry.summary.n} of {entry.planned} planned runs"
    if entry.failed:
        yield f"{entry.failed} failed ({', '.join(reason.replace('_', ' ') for reason in entry.reasons)})"
    if unmeasured := entry.done - entry.summary.n:
        yield f"{unmeasured} without a finite number"
    if entry.missing:
        yield f"{entry.missing} missing"


def _numbers(entry: Entry) -> str:
    if entry.summary.mean is None:
        return ""
    half = words.half_width(entry)
    mean = words.mean(entry) + (f" ± {half}" if half else "")
    return f"Mean {mean}, sd {words.number(entry.summary.sd)}, median {words.number(entry.summary.median)}. "
