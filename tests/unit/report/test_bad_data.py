"""Bad data: a sentence, never a traceback or a bare "nan", in every format and every section."""

import math
import re
from dataclasses import replace

import pytest

from l2t.report.detail import detailed
from l2t.report.formats import TEXTS, renderer
from l2t.report.formats.rich import lines
from l2t.report.near_best import marked
from l2t.report.published.shipped import published
from l2t.report.report import Report
from l2t.report.sections.all_tests import all_tests
from l2t.report.sections.power import power
from l2t.report.sections.published import against
from l2t.store.state import State

NO_NUMBER = re.compile(r"(?<![\w-])[+−-]?(nan|NaN|inf|Infinity)\b|\bNone\b(?! differs)")


def everything(runs) -> tuple[Report, str]:
    """The report with all sections that need no folder, and all its formats as one text."""
    report = marked(detailed(runs.report()))
    sections = [
        all_tests(report),
        power(report, runs.specs, runs.rows),
        against(report, runs.specs, published("thesis")),
    ]
    report = replace(report, sections=tuple(sections))
    drawn = [line.plain for width in (None, 80) for line in lines(report, width)]
    return report, "\n".join([*drawn, *(renderer(name)(report) for name in TEXTS)])


def said(runs) -> str:
    """All that is said of these runs, with nothing in it that is no number."""
    text = everything(runs)[1]
    found = NO_NUMBER.search(text)
    assert found is None, text[max(0, found.start() - 80) : found.end() + 20] if found else ""
    return text


WELL = [50.1, 52.3, 49.8, 51.0, 50.6, 53.2]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_runs(runs, n: int) -> None:
    runs.add("l2tww", WELL)
    runs.add("ufm", WELL[:n])
    runs.add("ufm", [None] * (6 - n), State.QUEUED, seeds=range(n, 6))
    text = said(runs)
    assert f"fewer than 5 a side ({n} and 6)" in text
    assert f"Runs still missing: {6 - n} waiting." in text


def test_only_one_run_in_all(runs) -> None:
    runs.add("ufm", [50.0])
    assert "Nothing to compare, with one method" in said(runs)


def test_only_failures(runs) -> None:
    for method in ("ufm", "l2tww"):
        runs.add(method, [None] * 6, State.FAILED)
    text = said(runs)
    assert "12 further runs failed (diverged)." in text
    assert "fewer than 5 a side (0 and 0)" in text


@pytest.mark.parametrize("same", [True, False])
def test_all_values_equal(runs, same: bool) -> None:
    runs.add("l2tww", [50.0] * 6)
    runs.add("ufm", [50.0 if same else 60.0] * 6)
    text = said(runs)
    assert "all 6 values are equal" in text
    assert ("No test against l2tww: all values are equal." in text) == same


def test_values_that_are_no_numbers(runs) -> None:
    runs.add("l2tww", WELL)
    runs.add("ufm", [*WELL[:4], math.nan, math.inf])
    assert "2 further runs ended without a finite accuracy, which is left out." in said(runs)


def test_a_method_missing_in_one_data_set(runs) -> None:
    for dataset in ("digits", "cifar10"):
        runs.add("l2tww", WELL, dataset=dataset)
        runs.add("scratch", [value - 3 for value in WELL], dataset=dataset)
    runs.add("ufm", WELL, dataset="digits")
    report, _ = everything(runs)
    assert [table.rows for table in report.tables] == [("scratch", "l2tww"), ("scratch", "ufm", "l2tww")]
    assert "Left out: " in said(runs)


@pytest.mark.slow
def test_ten_thousand_runs_and_thousands_of_ties(runs) -> None:
    for number, method in enumerate(("scratch", "ufm", "l2tww", "l2twww")):
        runs.add(method, [50.0 + (seed * 7 + number) % 5 for seed in range(2500)])
    text = said(runs)
    assert "asymptotic, corrected for ties and continuity" in text
    assert "n = 2500" in text
