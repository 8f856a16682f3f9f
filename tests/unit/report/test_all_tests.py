"""`--all-tests`: what is computed of which values, what is corrected over what, what is said where nothing can be."""

import json
import random
from dataclasses import asdict, replace
from typing import Any

import pytest

from l2t.errors import UsageError
from l2t.report.formats import latex, rich
from l2t.report.report import Report
from l2t.report.section import Section
from l2t.report.sections.all_tests import all_tests
from l2t.spec import SourceRef, TrainSettings
from l2t.stats import bayes, friedman, holm, improvement, iqm, kruskal, permutation, tost
from l2t.store.state import State

METHODS = ("scratch", "ufm", "l2tww")


def sample(mean: float, n: int = 8, seed: int = 0) -> list[float]:
    rng = random.Random(f"{mean} {seed}")
    return [round(rng.gauss(mean, 2.0), 1) for _ in range(n)]


@pytest.fixture
def three(runs) -> dict[tuple[str, str, int], list[float]]:
    """Three methods in six columns; by data set, method and shots."""
    values = {}
    for dataset in ("digits", "cifar10"):
        for shots in (5, 10, 30):
            for method, mean in zip(METHODS, (60.0, 61.0, 64.0), strict=True):
                values[dataset, method, shots] = sample(mean + shots, seed=len(values))
                runs.add(method, values[dataset, method, shots], shots=shots, dataset=dataset)
    return values


def said(section: Section) -> str:
    return " ".join(sentence for grid in section.grids for sentence in grid.sentences)


def texts(section: Section) -> list[str]:
    """All that a reader sees, and what a program does; numbers that are none raise."""
    cells = [cell for grid in section.grids for row in grid.rows for cell in row]
    return [*cells, said(section), json.dumps(section.data, allow_nan=False, ensure_ascii=False)]


def comparisons(section: Section) -> list[dict[str, Any]]:
    return [comparison for table in section.data["tables"] for comparison in table["comparisons"]]


def test_each_column_is_tested_over_its_methods(runs, three):
    [table, _] = all_tests(runs.report()).data["tables"]
    assert table["dataset"] == "cifar10"
    for column in table["columns"]:
        groups = [three["cifar10", method, column["shots"]] for method in METHODS]
        assert column["kruskal_wallis"] == asdict(kruskal(groups))
        assert (column["rows"], column["left_out"]) == (list(METHODS), [])


def test_each_comparison_is_asked_in_three_more_ways(runs, three):
    section = all_tests(runs.report(), rope=1.5)
    for table in section.data["tables"]:
        for found in table["comparisons"]:
            ours = three[table["dataset"], found["row"], found["shots"]]
            base = three[table["dataset"], "l2tww", found["shots"]]
            assert found["permutation"].items() >= asdict(permutation(ours, base)).items()
            assert found["equivalence"].items() >= asdict(tost(ours, base, 1.5)).items()
            assert found["bayes"] == asdict(bayes(ours, base, 1.5))
    assert len(comparisons(section)) == 12
    assert "±1.5 p: equivalence within ±1.5, Welch's TOST, Student's t (6)." in said(section)
    assert "perm. p: permutation test of means, two-sided, exact, 12,870 permutations (6)." in said(section)


@pytest.mark.parametrize(("family", "size"), [("all", 12), ("dataset", 6)])
def test_holm_runs_over_the_tests_of_a_kind_in_the_family_of_the_report(runs, three, family, size):
    found = comparisons(all_tests(runs.report(family=family)))
    for kind in ("permutation", "equivalence"):
        for start in range(0, 12, size):
            tests = [comparison[kind] for comparison in found[start : start + size]]
            assert [test["p_holm"] for test in tests] == list(holm([test["p"] for test in tests]))


def test_over_all_columns_are_ranks_and_bars_of_a_diagram_and_bootstraps_over_tasks(runs, three):
    [found] = all_tests(runs.report()).data["over_columns"]
    blocks = [(block["dataset"], block["shots"]) for block in found["blocks"]]
    assert sorted(blocks) == sorted({(dataset, shots) for dataset, _, shots in three})
    tasks = {method: [three[dataset, method, shots] for dataset, shots in blocks] for method in METHODS}
    means = [[sum(tasks[method][index]) / 8 for method in METHODS] for index in range(6)]
    expected = friedman(means)
    assert found["friedman"] == asdict(expected.test)
    assert found["average_ranks"] == dict(zip(METHODS, expected.ranks, strict=True))
    assert found["critical_difference"] == expected.critical
    assert found["not_apart"] == [[METHODS[index] for index in bar] for bar in expected.alike] != []
    assert found["interquartile_mean"] == {method: asdict(iqm(tasks[method])) for method in METHODS}
    assert found["improvement"] == {
        method: asdict(improvement(tasks[method], tasks["l2tww"])) for method in ("scratch", "ufm")
    }


def test_omnibus_tests_are_said_to_be_no_part_of_the_family(runs, three):
    section = all_tests(runs.report())
    text = said(section)
    assert "omnibus tests: they say that some method differs, not which. They are no part of a Holm family" in text
    assert "Friedman: χ² = " in text
    assert "this p and the distance of ranks below are lower bounds" in text
    bars = section.data["over_columns"][0]["not_apart"]
    assert f"Not apart: {'; '.join(', '.join(bar) for bar in bars)}." in text


def test_progress_is_told_after_every_step_and_ends_at_the_total(runs, three):
    told: list[tuple[int, int, str]] = []
    all_tests(runs.report(), progress=lambda *step: told.append(step))
    # 6 columns, 12 comparisons, 3 methods twice over all columns
    assert [done for done, _, _ in told] == list(range(1, 25))
    assert {total for _, total, _ in told} == {24}


def test_every_line_fits_80_columns(runs, three):
    report = runs.report()
    drawn = replace(report, tables=(), sections=(all_tests(report),))
    assert max(line.cell_len for line in rich.lines(drawn, 80)) <= 80


def test_latex_has_every_sentence_and_no_character_that_it_lacks(runs, three):
    report = runs.report()
    section = all_tests(report)
    drawn = latex.render(replace(report, tables=(), sections=(section,)))
    assert drawn.isascii()
    assert all(latex.escaped(sentence) in drawn for grid in section.grids for sentence in grid.sentences)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_runs_are_not_tested_and_the_reason_is_a_sentence(runs, n):
    runs.add("ufm", sample(60.0, n) or [None] * 3, State.DONE if n else State.FAILED)
    runs.add("l2tww", sample(64.0))
    section = all_tests(runs.report())
    assert not [text for text in texts(section) if "nan" in text.lower()]
    reason = f"fewer than 5 a side ({n} and 8)"
    assert f"No permutation test and no equivalence test for ufm at 5 shots: {reason}." in said(section)
    assert f"No Bayesian answer for ufm at 5 shots: fewer than 5 a side ({n} and {n})." in said(section)
    assert f"No test at 5 shots: fewer than 5 values of ufm ({n})." in said(section)


def test_equal_values_everywhere(runs):
    runs.add("ufm", [90.0] * 6)
    runs.add("l2tww", [90.0] * 6)
    section = all_tests(runs.report())
    assert not [text for text in texts(section) if "nan" in text.lower()]
    assert "No test at 5 shots: all values are equal." in said(section)
    assert "No permutation test for ufm at 5 shots: all values are equal." in said(section)
    assert "No equivalence test for ufm at 5 shots: neither side has any spread." in said(section)
    assert "No Bayesian answer for ufm at 5 shots: all differences are 0." in said(section)
    [over] = section.data["over_columns"]
    assert over["improvement"]["ufm"]["value"] == 0.5


def test_thousands_of_ties(runs):
    runs.add("ufm", [70.0, 71.0] * 600)
    runs.add("l2tww", [71.0, 70.0] * 600)
    [found] = comparisons(all_tests(runs.report()))
    assert (found["permutation"]["p"], found["equivalence"]["p"] < 0.001) == (1, True)
    assert found["bayes"]["equivalent"] == pytest.approx(1)


def test_a_method_missing_in_one_data_set_leaves_out_what_has_the_most_gaps(runs, three):
    runs.add("l2twww", sample(70.0), shots=5)
    runs.add("scratch", sample(50.0), shots=100)
    section = all_tests(runs.report())
    [found] = section.data["over_columns"]
    assert [gone["what"] for gone in found["left_out"]] == ["l2twww", "Digits at 100 shots"]
    assert list(found["average_ranks"]) == list(METHODS)
    assert len(found["blocks"]) == 6
    assert "Left out: l2twww (no result in 6 of 7 blocks)." in said(section)
    assert "Left out: Digits at 100 shots (no result of ufm, l2tww)." in said(section)


def test_a_single_method_has_nothing_to_be_compared_with(runs):
    runs.add("ufm", sample(60.0))
    section = all_tests(runs.report())
    assert (section.data["tables"], section.data["over_columns"]) == ([], [])
    assert "Nothing to compare, with one method: Digits" in said(section)
    assert "omnibus" not in said(section)


def test_nothing_at_all():
    section = all_tests(Report((), "all", {}))
    assert section.data["tables"] == []
    assert said(section) == "Nothing was compared with a baseline: no table has one with other methods beside it."


def test_without_a_baseline_there_are_omnibus_tests_and_ranks(runs):
    for shots in (5, 10):
        runs.add("ufm", sample(60.0), shots=shots)
        runs.add("l2twww", sample(70.0), shots=shots)
    section = all_tests(runs.report())
    assert comparisons(section) == []
    [over] = section.data["over_columns"]
    assert (over["improvement"], over["average_ranks"]) == ({}, {"ufm": 2.0, "l2twww": 1.0})
    assert "No probability of improvement: the tables have no baseline in common." in said(section)
    assert "No Friedman test: fewer than three treatments (2)." in said(section)


def test_a_baseline_with_gaps_is_left_out_like_any_method(runs):
    for shots in (5, 10, 30):
        runs.add("scratch", sample(60.0), shots=shots)
        runs.add("ufm", sample(60.0), shots=shots)
    runs.add("l2tww", sample(60.0), shots=5)
    assert "No probability of improvement: l2tww is left out." in said(all_tests(runs.report()))


def test_tables_of_other_training_are_ranked_apart(runs, three):
    for method in METHODS:
        runs.add(method, sample(60.0), train=TrainSettings(epochs=9))
    assert [len(found["blocks"]) for found in all_tests(runs.report()).data["over_columns"]] == [6, 1]


def test_source_networks_of_one_name_are_ranked_apart(runs):
    for digit in "ab":
        source = SourceRef(hash=digit * 16, name="glyphs", model="resnet8", outputs=62)
        for method in ("ufm", "l2tww"):
            runs.add(method, sample(60.0), source=source)
    report = runs.report()
    assert [table.source for table in report.tables] == [f"ResNet-8 (glyphs {digit * 8})" for digit in "ab"]
    assert [len(found["blocks"]) for found in all_tests(report).data["over_columns"]] == [1, 1]


def test_independent_seeds_have_no_bayesian_answer(runs):
    independent = TrainSettings(epochs=4, pairing="independent")
    runs.add("ufm", sample(60.0), train=independent)
    runs.add("l2tww", sample(64.0), train=independent)
    section = all_tests(runs.report())
    assert "No Bayesian answer for ufm at 5 shots: seeds share neither subset nor start." in said(section)
    assert "takes them as pairs" not in said(section)


def test_before_the_planned_n_everything_is_interim_and_nothing_bold(runs):
    for number, method in enumerate(METHODS):
        runs.add(method, sample(50.0 + 10 * number))
    finished = all_tests(runs.report()).grids
    runs.add("l2tww", [None], State.QUEUED, seeds=[8])
    section = all_tests(runs.report())
    assert [bool(grid.bold) for grid in finished[:2]] == [False, True]
    assert [cell for cell in finished[0].rows[0] if cell.startswith("(")] == []
    omnibus, against, _ = section.grids
    assert not against.bold
    assert omnibus.rows[0][-1].startswith("(")
    assert all(cell.startswith("(") for row in against.rows for cell in row[2:6])
    assert "All of this is interim: planned runs are missing." in said(section)


@pytest.mark.parametrize("rope", [0.0, -1.0, float("inf"), float("nan")])
def test_a_region_of_no_width_is_refused(runs, rope):
    with pytest.raises(UsageError, match="give a number above 0"):
        all_tests(runs.report(), rope)
