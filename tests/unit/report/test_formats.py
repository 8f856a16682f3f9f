"""Every format against its golden file, and what a program may rely on.

After a wanted change of layout: `L2T_GOLDEN=write pytest tests/unit/report`, then look at the difference.
"""

import csv
import io
import json
import math
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from l2t.report.build import build
from l2t.report.formats import TEXTS, renderer
from l2t.report.formats.rich import lines
from l2t.report.report import Report
from l2t.stats import PValue
from l2t.store.state import State

GOLDEN = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare with the file, but for hashes (they change with the engine) and the last digits of floats."""
    text = re.sub(r"\d+\.\d{9,}(e-\d+)?", lambda match: f"{float(match[0]):.7g}", text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "HASH", text)
    text = re.sub(r"(?s)(<style>|<script>).*?(</style>|</script>)", r"\1\2", text)  # files of their own
    text = re.sub(r"sha256-[\w+/=]+", "HASH", text)  # of the script
    file = GOLDEN / name
    if os.environ.get("L2T_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def plain(report: Report, width: int | None = None) -> str:
    return "".join(f"{line.plain}\n" for line in lines(report, width))


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_the_golden_one(mixed: Report, name: str) -> None:
    check_golden(f"report.{name}", renderer(name)(mixed))


def test_the_terminal_report_is_the_golden_one(mixed: Report) -> None:
    check_golden("report.txt", plain(mixed))


def test_a_narrow_terminal_gets_blocks_of_columns(mixed: Report) -> None:
    check_golden("report-60.txt", plain(mixed, 60))


def test_no_line_is_longer_than_the_terminal_and_no_number_is_lost(mixed: Report) -> None:
    for width in (60, 80, 100):
        assert all(line.cell_len <= width for line in lines(mixed, width))
        assert Counter(plain(mixed).split()) <= Counter(plain(mixed, width).split())


def test_no_line_ends_in_spaces(mixed: Report) -> None:
    for text in (plain(mixed), renderer("csv")(mixed), renderer("json")(mixed), renderer("latex")(mixed)):
        assert all(line == line.rstrip() for line in text.splitlines())


def test_the_best_is_bold_on_the_terminal(mixed: Report) -> None:
    bold = [
        line.plain[span.start : span.end].strip()
        for line in lines(mixed)
        for span in line.spans
        if span.style == "bold"
    ]
    best = [f"{entry.summary.mean:.1f}" for table in mixed.tables for entry in table.entries if entry.best]
    assert [text for text in bold if text in best] == best


def test_csv_has_a_line_an_entry_with_unrounded_numbers(mixed: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(renderer("csv")(mixed))))
    entries = [entry for table in mixed.tables for entry in table.entries]
    assert len(rows) == len(entries)
    for row, entry in zip(rows, entries, strict=True):
        assert (row["row"], int(row["shots"]), int(row["n"])) == (entry.row, entry.shots, entry.summary.n)
        assert float(row["mean"]) == entry.summary.mean
        if entry.comparison is not None and isinstance(entry.comparison.test, PValue):
            assert (float(row["p"]), float(row["p_adjusted"])) == (entry.comparison.test.p, entry.comparison.adjusted)


def test_json_keys_are_stable(mixed: Report) -> None:
    value = json.loads(renderer("json")(mixed))
    assert list(value) == ["tables", "family", "tests", "sections"]
    table = value["tables"][0]
    assert {"dataset", "target", "source", "training", "metric", "baseline", "rows", "shots", "entries"} <= set(table)
    assert {"row", "method", "shots", "planned", "done", "failed", "seeds", "values", "summary", "best"} <= set(
        table["entries"][0]
    )
    assert {"n", "mean", "median", "sd", "low", "high", "half_width", "confidence"} <= set(
        table["entries"][0]["summary"]
    )


@pytest.mark.parametrize("name", [*TEXTS, "rich"])
def test_an_empty_report_has_no_table_in_any_format(name: str) -> None:
    report = build([], {}, {})
    text = plain(report) if name == "rich" else renderer(name)(report)
    if name == "html":
        assert "<table" not in text
        assert "No run meets the selection." in text
    else:
        assert len(text.splitlines()) <= (1 if name in ("csv", "md", "rich") else 6)


@pytest.mark.parametrize("name", [*TEXTS, "rich"])
def test_hostile_names_and_lone_values_are_drawn_harmlessly(runs, name: str) -> None:
    hostile = "folder:/tmp/a\x1b[31m|&_%\u202e\n\udcff"
    runs.add("scratch", [50.0], dataset=hostile)
    runs.add("ufm", [None], State.FAILED, dataset=hostile)
    report = runs.report()
    text = plain(report) if name == "rich" else renderer(name)(report)
    assert "nan" not in text
    assert not {"\x1b", "\u202e", "\udcff"} & set(text)


def test_markdown_is_two_tables_with_a_cell_for_every_column(runs) -> None:
    runs.add("scratch", [50.0, 60.0], dataset="folder:/tmp/a|b_*c*", options={"a|b": "x|y"})
    html = MarkdownIt("commonmark").enable("table").render(renderer("md")(runs.report(split_by=["method.a|b"])))
    assert html.count("<table>") == 2
    assert html.count("<td") == 2 + 5
    assert "a|b_*c*, VGG-small" in html
    assert "scratch a|b=x|y" in html


@st.composite
def _random_runs(draw: st.DrawFn) -> list[tuple[str, State, int, list[float | None]]]:
    value = st.none() | st.sampled_from([math.nan, math.inf, 90.0]) | st.floats(0, 100).map(lambda v: round(v, 1))
    cells = st.tuples(
        st.sampled_from(["scratch", "ufm", "l2tww", "l2twww"]),
        st.sampled_from(list(State)),
        st.sampled_from([1, 5, 10]),
        st.lists(value, min_size=1, max_size=8),
    )
    return draw(st.lists(cells, max_size=8, unique_by=lambda cell: (cell[0], cell[2])))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_random_runs())
def test_whatever_the_runs_are_every_format_draws_them_without_nan(new_runs, cells) -> None:
    runs = new_runs()
    for method, state, shots, values in cells:
        runs.add(method, values, state, shots=shots)
    report = runs.report()
    texts = [renderer(name)(report) for name in TEXTS] + [plain(report), plain(report, 40)]
    assert not any(re.search(r"\b(nan|inf)\b", text, re.IGNORECASE) for text in texts)
