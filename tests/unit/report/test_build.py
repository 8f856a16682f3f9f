"""Which run stands where, what is compared with what, and what is refused."""

import pytest

from l2t.errors import UsageError
from l2t.report.report import Entry, Report
from l2t.report.words import meaning
from l2t.spec import DataSettings, SourceRef, TrainSettings
from l2t.stats import NoTest, PValue, holm, mann_whitney, wilcoxon
from l2t.store.state import State

LOW, MIDDLE, HIGH = ([base + step / 10 for step in range(8)] for base in (50, 60, 70))


def entry(report: Report, row: str, shots: int = 5, table: int = 0) -> Entry:
    found = report.tables[table].entry(row, shots)
    assert found is not None
    return found


def said(report: Report, table: int = 0) -> str:
    return " ".join(meaning(report, report.tables[table]))


def test_nothing_makes_an_empty_report(runs):
    assert runs.report().tables == ()
    assert runs.report(baseline="l2tww", split_by=["method.beta"]).tables == ()


def test_an_entry_describes_the_done_runs_in_the_order_of_their_seeds(runs):
    runs.add("scratch", [60.0, 50.0, 70.0], seeds=[2, 0, 1])
    found = entry(runs.report(), "scratch")
    assert (found.seeds, found.values, found.summary.mean) == ((0, 1, 2), (50.0, 70.0, 60.0), 60.0)
    assert (found.done, found.planned, found.missing) == (3, 3, 0)


def test_methods_stand_in_the_order_of_the_registry(runs):
    for method in ("l2twww", "zz-plug-in", "ufm", "scratch", "l2tww"):
        runs.add(method, LOW)
    assert runs.report().tables[0].rows == ("scratch", "ufm", "l2tww", "l2twww", "zz-plug-in")


def test_data_set_target_source_and_epochs_make_tables_of_their_own(runs):
    other = SourceRef(hash="cd" * 8, name="glyphs", model="resnet8", outputs=62)
    runs.add("ufm", LOW)
    runs.add("ufm", LOW, dataset="cifar10")
    runs.add("ufm", LOW, target="vgg9")
    runs.add("ufm", LOW, source=other)
    runs.add("ufm", LOW, train=TrainSettings(epochs=7))
    assert len(runs.report().tables) == 5


def test_runs_without_a_source_stand_in_the_table_of_every_source(runs):
    other = SourceRef(hash="cd" * 8, name="glyphs", model="resnet8", outputs=62)
    runs.add("scratch", LOW)
    runs.add("ufm", MIDDLE)
    runs.add("ufm", HIGH, source=other)
    report = runs.report()
    assert [table.rows for table in report.tables] == [("scratch", "ufm")] * 2
    assert [table.source for table in report.tables] == ["ResNet-32 (tinyimagenet-200)", "ResNet-8 (glyphs)"]


def test_the_baseline_is_l2tww_else_scratch_else_what_is_asked_for(runs):
    runs.add("scratch", LOW)
    runs.add("ufm", MIDDLE)
    assert runs.report().tables[0].baseline == "scratch"
    runs.add("l2tww", HIGH)
    assert runs.report().tables[0].baseline == "l2tww"
    assert runs.report(baseline="ufm").tables[0].baseline == "ufm"


def test_an_unknown_baseline_is_refused_with_the_nearest_row(runs):
    runs.add("ufm", LOW)
    with pytest.raises(UsageError, match=r'no row to compare with "umf"\. Did you mean ufm\?'):
        runs.report(baseline="umf")


def test_a_table_without_baseline_says_so(runs):
    runs.add("ufm", LOW)
    runs.add("l2twww", HIGH)
    assert "No comparison: neither l2tww nor scratch is here; --baseline names another row." in said(runs.report())
    runs.add("scratch", LOW, dataset="cifar10")
    assert "No comparison: scratch has no runs here" in said(runs.report(baseline="scratch"), table=1)


def test_a_lone_row_needs_no_baseline(runs):
    runs.add("ufm", LOW)
    assert said(runs.report()) == ""


def test_a_comparison_is_the_mann_whitney_test_and_the_wilcoxon_test_beside_it(runs):
    runs.add("ufm", LOW)
    runs.add("l2tww", MIDDLE)
    found = entry(runs.report(), "ufm").comparison
    assert found is not None
    assert (found.baseline, found.difference.value) == ("l2tww", pytest.approx(-10))
    assert found.test == mann_whitney(LOW, MIDDLE)
    assert found.paired == wilcoxon(LOW, MIDDLE)
    assert found.significant
    assert entry(runs.report(), "l2tww").comparison is None


def test_p_values_are_corrected_over_all_tests_or_those_of_the_data_set(runs):
    for dataset in ("digits", "cifar10"):
        for shots in (5, 10):
            runs.add("ufm", [value + shots for value in LOW], dataset=dataset, shots=shots)
            runs.add("l2tww", [value + 8 for value in LOW], dataset=dataset, shots=shots)
    for family, size in (("all", 4), ("dataset", 2)):
        report = runs.report(family=family)
        assert report.family_size("digits") == size
        for table in report.tables:
            found = [e.comparison for e in table.entries if e.comparison]
            tested = (
                found
                if family == "dataset"
                else [e.comparison for t in report.tables for e in t.entries if e.comparison]
            )
            expected = dict(zip([c.test.p for c in tested], holm([c.test.p for c in tested]), strict=True))
            assert [c.adjusted for c in found] == [expected[c.test.p] for c in found]


def test_seeds_are_paired_by_number_and_only_where_both_sides_have_them(runs):
    runs.add("ufm", LOW, seeds=range(8))
    runs.add("l2tww", MIDDLE, seeds=range(2, 10))
    found = entry(runs.report(), "ufm").comparison
    assert found is not None
    assert found.paired == wilcoxon(LOW[2:], MIDDLE[:6])


def test_independent_seeds_are_not_paired(runs):
    independent = TrainSettings(epochs=4, pairing="independent")
    runs.add("ufm", LOW, train=independent)
    runs.add("l2tww", MIDDLE, train=independent)
    found = entry(runs.report(), "ufm").comparison
    assert found is not None
    assert found.paired is None


def test_fewer_than_five_a_side_are_not_tested_and_the_table_says_why(runs):
    runs.add("ufm", LOW[:4])
    runs.add("l2tww", MIDDLE)
    report = runs.report()
    found = entry(report, "ufm").comparison
    assert found is not None
    assert found.test == NoTest("fewer than 5 a side (4 and 8)")
    assert "No test against l2tww: fewer than 5 a side (4 and 8)." in said(report)


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.PAUSED, State.INTERRUPTED, State.CANCELLED])
def test_before_the_planned_n_p_is_interim_and_has_no_star(runs, state):
    runs.add("ufm", LOW)
    runs.add("l2tww", MIDDLE)
    runs.add("l2tww", [None], state, seeds=[8])
    report = runs.report()
    found = entry(report, "ufm").comparison
    assert found is not None
    assert isinstance(found.test, PValue)
    assert (found.interim, found.adjusted < 0.05, found.significant) == (True, True, False)
    assert "interim, without stars" in said(report)


def test_runs_that_the_filter_left_out_are_still_planned(runs):
    runs.add("ufm", LOW)
    runs.add("l2tww", MIDDLE)
    everything = {row.cell: 8 for row in runs.rows}
    runs.rows = [row for row in runs.rows if row.seed < 6]
    from l2t.report.build import build

    found = entry(build(runs.rows, runs.specs, everything), "ufm")
    assert (found.planned, found.missing, found.comparison.significant) == (8, 2, False)
    assert "Runs still missing: 4 not selected." in said(build(runs.rows, runs.specs, everything))


def test_failed_runs_are_counted_with_their_reason_and_do_not_keep_a_result_open(runs):
    runs.add("ufm", LOW)
    runs.add("ufm", [None, None], State.FAILED, seeds=[8, 9])
    runs.add("l2tww", MIDDLE)
    report = runs.report()
    assert entry(report, "ufm").failed == 2
    assert entry(report, "ufm").comparison.significant
    assert "2 further runs failed (diverged)." in said(report)


def test_a_cell_of_failures_has_no_mean_and_no_test(runs):
    runs.add("ufm", [None] * 6, State.FAILED)
    runs.add("l2tww", MIDDLE)
    report = runs.report()
    assert entry(report, "ufm").summary.mean is None
    assert entry(report, "ufm").comparison.difference is None
    assert "fewer than 5 a side (0 and 8)" in said(report)


def test_seeds_asked_for_when_results_were_known_are_told(runs):
    runs.add("ufm", LOW)
    runs.add("ufm", [55.0, 56.0], seeds=[8, 9], created=1000.0)
    report = runs.report()
    assert entry(report, "ufm").late == 2
    assert "2 runs were asked for when results of the same cell were known already" in said(report)


def test_runs_that_differ_in_more_than_the_seed_are_refused_with_the_differing_keys(runs):
    runs.add("ufm", LOW, options={"beta": 0.5, "pairs": "all"})
    runs.add("ufm", HIGH[:3], options={"beta": 1.0, "pairs": "all"})
    with pytest.raises(UsageError) as error:
        runs.report()
    assert str(error.value) == (
        "runs of ufm on Digits at 5 shots differ in more than the seed: method.beta (0.5: 8 runs, 1.0: 3 runs)."
        " Give them rows of their own with --split-by method.beta, or choose by sweep, tag or state"
    )


def test_split_by_gives_them_rows_of_their_own(runs):
    runs.add("scratch", LOW)
    runs.add("ufm", LOW, options={"beta": 0.5})
    runs.add("ufm", HIGH, options={"beta": 1.0})
    report = runs.report(split_by=["method.beta"], baseline="ufm beta=0.5")
    assert report.tables[0].rows == ("scratch", "ufm beta=0.5", "ufm beta=1.0")
    assert entry(report, "ufm beta=1.0").comparison.baseline == "ufm beta=0.5"


def test_split_by_an_unknown_setting_is_refused_with_the_nearest(runs):
    runs.add("ufm", LOW, options={"beta": 0.5})
    with pytest.raises(UsageError, match=r'no setting "method\.bet"\. Did you mean method\.beta\?'):
        runs.report(split_by=["method.bet"])


def test_a_split_baseline_has_to_be_named(runs):
    runs.add("l2tww", LOW, options={"beta": 0.5})
    runs.add("l2tww", HIGH, options={"beta": 1.0})
    report = runs.report(split_by=["method.beta"])
    assert report.tables[0].baseline is None
    assert "No comparison: l2tww has 2 rows; --baseline names another row." in said(report)


def test_rows_that_differ_in_more_than_the_method_are_compared_with_a_note(runs):
    runs.add("ufm", LOW, train=TrainSettings(epochs=4, lr=0.01))
    runs.add("l2tww", MIDDLE)
    assert "The rows are not alike in train.lr: 0.01, 0.1." in said(runs.report())


def test_the_best_of_a_column_is_marked_and_a_lone_one_is_not(runs):
    runs.add("ufm", LOW)
    runs.add("l2tww", MIDDLE)
    runs.add("l2tww", HIGH, shots=10)
    marks = {(e.row, e.shots): e.best for e in runs.report().tables[0].entries}
    assert marks == {("ufm", 5): False, ("l2tww", 5): True, ("l2tww", 10): False}


def test_a_rare_class_has_a_table_of_its_recall(runs):
    rare = DataSettings(rare_class=8)
    runs.add("ufm", LOW, recalls=[10.0] * 8, data=rare)
    runs.add("ufm", LOW)
    metrics = [(table.metric, table.entries[0].summary.mean) for table in runs.report().tables]
    assert metrics == [
        ("accuracy", pytest.approx(50.35)),
        ("accuracy with class 8 cut to 10 images", pytest.approx(50.35)),
        ("recall of class 8 (cut to 10 images)", 10.0),
    ]


def test_equal_values_everywhere_are_told_and_not_tested(runs):
    runs.add("ufm", [90.0] * 6)
    runs.add("l2tww", [90.0] * 6)
    report = runs.report()
    assert "No test against l2tww: all values are equal." in said(report)
    assert "ufm at 5 shots: all 6 values are equal." in said(report)


def test_folder_data_sets_are_called_by_their_folder(runs):
    runs.add("ufm", LOW, dataset="folder:/data/my_birds")
    assert runs.report().tables[0].title == "my_birds"
