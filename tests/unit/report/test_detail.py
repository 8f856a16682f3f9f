"""What stands beside the tables: near the best, bootstrap intervals, the one-sided test, effects, other metrics."""

import math
import random

import pytest
from scipy import stats

from l2t.report.detail import detailed
from l2t.report.near_best import marked
from l2t.report.report import Entry, Report
from l2t.stats import Estimate, NoTest, PValue
from l2t.store.state import State


def entry(report: Report, row: str, shots: int = 5, table: int = 0) -> Entry:
    found = report.tables[table].entry(row, shots)
    assert found is not None
    return found


def sample(mean: float, n: int = 10, seed: int = 0) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(mean, 2.0) for _ in range(n)]


def test_what_is_near_the_best_is_corrected_over_the_table(runs):
    values = {"scratch": sample(50, seed=1), "ufm": sample(59.5, seed=2), "l2tww": sample(60, seed=3)}
    for method, accuracies in values.items():
        runs.add(method, accuracies)
    report = marked(runs.report())
    raw = {
        method: stats.mannwhitneyu(values[method], values["l2tww"], method="exact").pvalue
        for method in ("scratch", "ufm")
    }
    assert raw["scratch"] < raw["ufm"]
    assert entry(report, "scratch").from_best == pytest.approx(2 * raw["scratch"])
    assert entry(report, "ufm").from_best == pytest.approx(max(raw["ufm"], 2 * raw["scratch"]))
    assert not entry(report, "scratch").near_best
    assert entry(report, "ufm").near_best
    assert entry(report, "l2tww").from_best is None


def test_the_best_is_told_apart_also_where_it_is_not_the_baseline(runs):
    best, near = sample(70, seed=4), sample(69.8, seed=5)
    runs.add("scratch", best)
    runs.add("ufm", near)
    runs.add("l2tww", sample(40, seed=6))
    report = marked(runs.report())
    assert entry(report, "ufm").from_best == pytest.approx(stats.mannwhitneyu(near, best, method="exact").pvalue)
    assert not entry(report, "l2tww").near_best


def test_nothing_is_near_the_best_before_the_planned_runs_are_there(runs):
    runs.add("scratch", sample(50))
    runs.add("l2tww", sample(50.5, seed=1))
    runs.add("scratch", [None], State.QUEUED, seeds=[10])
    assert entry(marked(runs.report()), "scratch").from_best is None


def test_a_detailed_comparison_has_the_one_sided_test_and_effects(runs):
    ours, theirs = sample(52), sample(50, seed=1)
    runs.add("ufm", ours)
    runs.add("l2tww", theirs)
    found = entry(detailed(runs.report()), "ufm")
    assert found.comparison is not None
    assert isinstance(found.comparison.greater, PValue)
    assert found.comparison.greater.p == pytest.approx(
        stats.mannwhitneyu(ours, theirs, alternative="greater", method="exact").pvalue
    )
    wins = sum((a > b) + (a == b) / 2 for a in ours for b in theirs) / 100
    assert isinstance(found.comparison.a12, Estimate)
    assert isinstance(found.comparison.delta, Estimate)
    assert found.comparison.a12.value == pytest.approx(wins)
    assert found.comparison.delta.value == pytest.approx(2 * wins - 1)
    assert isinstance(found.bootstrap, Estimate)
    assert found.bootstrap.low < found.summary.mean < found.bootstrap.high


def test_both_corrections_run_over_the_same_tests(runs):
    for number, method in enumerate(("scratch", "ufm", "l2twww", "l2tww")):
        runs.add(method, sample(50 + number, seed=number))
    comparisons = [found.comparison for found in runs.report().tables[0].entries if found.comparison is not None]
    p = [found.test.p for found in comparisons]
    assert [found.discovered for found in comparisons] == pytest.approx(list(stats.false_discovery_control(p)))
    assert all(found.discovered <= found.adjusted for found in comparisons)


@pytest.mark.parametrize("values", [[], [50.0], [50.0, 51.0], [50.0] * 6, [math.nan] * 6])
def test_bad_data_have_reasons_instead_of_numbers(runs, values):
    runs.add("ufm", values or [None], State.DONE if values else State.FAILED)
    runs.add("l2tww", sample(50, 6))
    found = entry(marked(detailed(runs.report())), "ufm")
    assert found.comparison is not None
    if len(values) < 5 or math.isnan(values[0]):
        assert isinstance(found.comparison.greater, NoTest)
    assert isinstance(found.bootstrap, NoTest) == (not values or math.isnan(values[0]))


def test_the_metric_may_be_the_one_at_the_epoch_best_on_validation(runs):
    runs.add("ufm", [50.0, 51.0])
    for row in runs.rows:
        row.best_val = row.accuracy + 5
    [table] = runs.report(metric="best-val").tables
    assert table.metric == "accuracy at the epoch best on validation"
    assert table.entries[0].values == (55.0, 56.0)


def test_the_metric_may_be_the_recall_alone(runs):
    runs.add("ufm", [50.0, 51.0])
    assert runs.report(metric="rare-class").tables == ()
    runs.add("l2tww", [50.0, 51.0], recalls=[10.0, 20.0], data={"rare_class": 3})
    [table] = runs.report(metric="rare-class").tables
    assert table.metric == "recall of class 3 (cut to 10 images)"
    assert table.entries[0].values == (10.0, 20.0)
