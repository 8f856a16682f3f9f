"""Published numbers beside ours: each with its difference and a verdict, and printed comparisons beside ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from l2t.errors import UsageError
from l2t.report import words
from l2t.report.cells import settings_of
from l2t.report.published import absent
from l2t.report.published.claims import PAIRS, beside, printed_claims
from l2t.report.published.judge import judge
from l2t.report.published.setup import deviations, unofficial
from l2t.report.published.shipped import THESIS
from l2t.report.published.table import STATUSES, Printed, Published, Reading
from l2t.report.report import LEVEL, Comparison, Entry, Report, Table
from l2t.report.section import Grid, Section
from l2t.report.titles import dataset_title
from l2t.stats import MINIMUM, NoTest, PValue, holm

MARKS = dict(zip(STATUSES, ("", "†", "?"), strict=True))
"""What stands behind a printed number that was derived, or is doubtful."""


def against(
    report: Report,
    specs: Mapping[str, Mapping[str, Any]],
    published: Published,
    reading: Reading = "interval",
    runs: int = 30,
) -> Section:
    """Every published number that the report has an entry for (data set, shots, method): ours, ours minus it, verdict.

    specs: specification of each cell, as JSON values. reading: what "±" is there. runs: behind each printed mean, at
    least 2, else UsageError.

    The verdict is of a two-sided test that both means are one, Holm-corrected over all of this section: "differs" where
    the adjusted p is below 0.05, else "agrees", which is no more than that no difference was found; "too few seeds"
    below five of ours. The test is Welch's, of our runs and a sample with the printed mean, the spread that "±" means
    under the reading (interval: ± · √runs / t(runs − 1)) and so many runs. Where no "±" is printed it is Student's,
    with our spread on both sides. Interim where planned runs of ours are missing. A number of "NAME-imbalanced" is the
    recall of the class that was cut. Tables of a user's own folder match nothing, whatever they are called.
    """
    if runs < 2:
        raise UsageError(f"a published mean of {runs} runs has no spread: give the number of runs behind it, 2 or more")
    judged = _corrected(
        [
            _judged(table, entry, printed, reading, runs)
            for table in report.tables
            for entry, printed in _matched(table, specs, published)
        ]
    )
    tables = [(table, [one for one in judged if one.table is table]) for table in report.tables]
    tables = [(table, members) for table, members in tables if members]
    grids = [_grid(table, members) for table, members in tables]
    cells = [settings_of(specs[one.entry.cell]) for one in judged]
    sentences = tuple(_sentences(judged, cells, published, reading, runs))
    if grids:
        grids[-1] = replace(grids[-1], sentences=(*grids[-1].sentences, *sentences))
    else:
        grids = [Grid("", (), (), sentences=sentences)]
    pairs = []
    for pair in PAIRS:
        matched = [(table, [(one.entry, one.printed) for one in members]) for table, members in tables]
        drawn, data = beside(matched, published, pair, reading, runs)
        grids += drawn
        pairs.append(data)
    data = {
        "published": published.name,
        "plus_minus": reading,
        "published_runs": runs,
        "tests": sum(isinstance(one.found.test, PValue) for one in judged),
        "cells": [_plain(one, reading, runs) for one in judged],
        "pairs": pairs,
        "not_here": [asdict(cell) for cell in _absent(judged, published)],
        "sentences": list(sentences),
    }
    return Section("against", f"Beside {published.title}", grids, data)


@dataclass(frozen=True)
class _Judged:
    table: Table
    entry: Entry
    printed: Printed
    found: Comparison
    """Ours minus the printed number."""

    @property
    def verdict(self) -> str:
        if isinstance(self.found.test, NoTest):
            return "too few seeds" if self.entry.summary.n < MINIMUM else "no test"
        return "differs" if self.found.adjusted is not None and self.found.adjusted < LEVEL else "agrees"


def _matched(
    table: Table, specs: Mapping[str, Mapping[str, Any]], published: Published
) -> Iterator[tuple[Entry, Printed]]:
    """The entries that have a printed number, by shots, then by row."""
    recall = table.metric.startswith("recall of class ")
    known = {(one.dataset, one.rare, one.shots, one.method): one for one in published.cells}
    for entry in sorted(table.entries, key=lambda entry: (entry.shots, table.rows.index(entry.row))):
        cut = specs[entry.cell]["data"]["rare_class"] is not None
        printed = known.get((table.dataset, recall, entry.shots, entry.method))
        if printed is not None and cut is recall:
            yield entry, printed


def _judged(table: Table, entry: Entry, printed: Printed, reading: Reading, runs: int) -> _Judged:
    difference, test = judge(entry.values, printed.accuracy, printed.sd(reading, runs), runs)
    found = Comparison(
        baseline="printed", difference=difference, test=test, adjusted=None, paired=None, interim=entry.missing > 0
    )
    return _Judged(table, entry, printed, found)


def _corrected(judged: Sequence[_Judged]) -> list[_Judged]:
    adjusted = iter(holm([one.found.test.p for one in judged if isinstance(one.found.test, PValue)]))
    return [
        replace(one, found=replace(one.found, adjusted=next(adjusted))) if isinstance(one.found.test, PValue) else one
        for one in judged
    ]


def _absent(judged: Iterable[_Judged], published: Published) -> list[Printed]:
    here = {id(one.printed) for one in judged}
    return [cell for cell in published.cells if id(cell) not in here]


def _grid(table: Table, judged: Sequence[_Judged]) -> Grid:
    rows, bold = [], set()
    for number, one in enumerate(judged):
        printed = f"{one.printed.accuracy:.2f}"
        if one.printed.plus_minus is not None:
            printed += f" ± {one.printed.plus_minus:.2f}"
        verdict = "too few" if one.verdict == "too few seeds" else one.verdict
        tested = isinstance(one.found.test, PValue)
        rows.append(
            (
                str(one.entry.shots),
                one.entry.row,
                f"{printed} {MARKS[one.printed.status]}".rstrip(),
                words.mean(one.entry),
                words.n(one.entry),
                words.difference(one.found),
                words.bracketed(one.found, verdict) if tested else verdict,
                "–" if one.found.adjusted is None else words.bracketed(one.found, words.p_value(one.found.adjusted)),
            )
        )
        if one.verdict == "differs" and not one.found.interim:
            bold.add((number, 6))
    numbers = ", ".join(dict.fromkeys(one.printed.table for one in judged))
    return Grid(
        f"{table.heading}, {table.metric} %: table {numbers}",
        ("shots", "method", "printed", "ours", "n", "ours − printed", "verdict", "p Holm"),
        tuple(rows),
        left=frozenset({0, 1, 6}),
        bold=frozenset(bold),
    )


def _sentences(
    judged: Sequence[_Judged],
    cells: Sequence[Mapping[str, Any]],
    published: Published,
    reading: Reading,
    runs: int,
) -> Iterator[str]:
    if judged:
        yield from _meaning(judged, published, reading, runs)
        yield from _reservations(judged, cells, published)
        if published.claims:
            yield printed_claims(published)
    yield from absent.sentences(_absent(judged, published), published)


def _meaning(judged: Sequence[_Judged], published: Published, reading: Reading, runs: int) -> Iterator[str]:
    tests = sum(isinstance(one.found.test, PValue) for one in judged)
    yield (
        f"differs: p < {LEVEL}, Welch's t, two-sided, of our runs and {runs} runs of the printed mean and spread, Holm"
        f" over {tests} test{'s' * (tests != 1)}. agrees: no difference was found; any in the interval"
        f" (95 %, uncorrected) may be there. too few: fewer than {MINIMUM} seeds."
    )
    if any(one.found.interim for one in judged):
        yield "In brackets: interim, planned runs are missing."
    if any(one.printed.plus_minus is not None for one in judged):
        is_ = "the half-width of a 95 % interval" if reading == "interval" else "a standard deviation"
        other = "sd" if reading == "interval" else "interval"
        why = " The thesis does not say; its p-values fit an interval." if published.name == THESIS else ""
        yield f"± is read as {is_} of {runs} runs (--plus-minus {other} reads it otherwise).{why}"
    if any(one.printed.plus_minus is None for one in judged):
        yield "Where no ± is printed, the printed runs are taken to spread as ours do."
    found = {one.printed.status for one in judged}
    said = {"derived": "† computed from other printed numbers.", "doubtful": "? a digit is doubtful."}
    yield from (text for status, text in said.items() if status in found)


def _reservations(judged: Sequence[_Judged], cells: Sequence[Mapping[str, Any]], published: Published) -> Iterator[str]:
    """In what ours is not the published experiment."""
    known = dict.fromkeys(one.printed.dataset for one in judged)
    unsure = [
        dataset_title(dataset)
        for dataset in known
        if unofficial(dataset, [cell["checksum"] for cell in cells if cell["dataset"] == dataset])
    ]
    if unsure:
        yield (
            f"Images of {words.listed(unsure)} were not read from the official archive: whether they are that data set"
            " is not known."
        )
    if published.name != THESIS:
        yield f"{published.title} does not say in which settings its numbers were made: a difference may be theirs."
        return
    others = [f"{key} {values}" for key, values in deviations(cells).items()]
    others += [metric for metric in dict.fromkeys(one.table.metric for one in judged) if "validation" in metric]
    if others:
        yield f"Not the thesis's settings, which stand in brackets: {'; '.join(others)}."
    if any(one.printed.rare for one in judged):
        yield "Which class it cut, the thesis does not say."
    if any(one.printed.method == "ufm" for one in judged):
        yield (
            "The thesis's ufm was probably a weaker form than all 15 pairs: the published code gives 28.7 to 30.5"
            " (three seeds) on CIFAR-10 at 10 shots, the thesis 20.7. --split-by method.pairs shows forms side by side."
        )


def _plain(one: _Judged, reading: Reading, runs: int) -> dict[str, Any]:
    return {
        **asdict(one.printed),
        "sd": one.printed.sd(reading, runs),
        "target": one.table.target,
        "source": one.table.source,
        "training": one.table.training,
        "metric": one.table.metric,
        "row": one.entry.row,
        "cell": one.entry.cell,
        "n": one.entry.summary.n,
        "planned": one.entry.planned,
        "mean": one.entry.summary.mean,
        "mean_sd": one.entry.summary.sd,
        "difference": None if one.found.difference is None else asdict(one.found.difference),
        "test": asdict(one.found.test),
        "p_adjusted": one.found.adjusted,
        "interim": one.found.interim,
        "verdict": one.verdict,
    }
