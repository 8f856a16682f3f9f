"""A published table beside ours: what is read and refused, what is tested how, what a reader is told."""

import csv
import io
import json
import random
import shlex
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import t as student
from scipy.stats import ttest_1samp, ttest_ind_from_stats

from cli.asking import Asked
from l2t.data.cifar import Cifar10
from l2t.errors import UsageError
from l2t.report.formats import latex, markdown, rich
from l2t.report.published.claims import multiplicity
from l2t.report.published.judge import from_means, judge
from l2t.report.published.shipped import published
from l2t.report.published.table import read
from l2t.report.report import Report
from l2t.report.section import Section
from l2t.report.sections.published import against
from l2t.spec import DataSettings, SourceRef, TrainSettings
from l2t.spec.sweep import expand
from l2t.stats import NoTest, PValue, holm, mann_whitney, summarize
from l2t.store.state import State

SHARED = Path(__file__).parents[4] / "shared" / "thesis"
OFFICIAL = {
    "target": "vgg9",
    "checksum": f"md5:{Cifar10.archive.md5}",
    "train": TrainSettings(),
    "data": DataSettings(padding=4, flip=True),
}
CORRECTED = (
    "Of the 15 p-values that the thesis prints (l2twww against l2tww, not corrected) 7 are below 0.05; Holm over them"
    " leaves 1, Benjamini–Hochberg 5."
)
HEADER = "table,dataset,shots,method,accuracy,plus_minus,status\n"


def sample(mean: float, n: int = 10, sd: float = 3.0) -> list[float]:
    rng = random.Random(f"{mean} {n}")
    return [round(rng.gauss(mean, sd), 2) for _ in range(n)]


def add(runs, method: str, values, shots: int = 10, dataset: str = "cifar10", **changes: Any) -> None:
    source = None if method == "scratch" else SourceRef(hash="ab" * 8, name="s", model="resnet32", outputs=200)
    runs.add(method, values, shots=shots, dataset=dataset, **{"source": source, **OFFICIAL, **changes})


def section(runs, name: str = "thesis", planned: int = 30, **options: Any) -> Section:
    return against(runs.report(), runs.specs, published(name), runs=planned, **options)


def said(found: Section) -> str:
    """All sentences; drawing it in each way must work, with plain numbers as data."""
    json.dumps(found.data, allow_nan=False)
    report = Report((), "all", {}, (found,))
    assert found.title in markdown.render(report)
    assert latex.escaped(found.title) in latex.render(report)
    assert all(line.cell_len <= 80 for line in rich.lines(report, 80))
    return " ".join(sentence for grid in found.grids for sentence in grid.sentences)


def verdicts(found: Section) -> dict[tuple[int, str], str]:
    return {(cell["shots"], cell["row"]): cell["verdict"] for cell in found.data["cells"]}


def test_the_thesis_ships_as_it_was_transcribed():
    thesis = published("thesis")
    assert (len(thesis.cells), len(thesis.claims)) == (58, 15)
    assert {cell.status for cell in thesis.cells} == {"read", "derived", "doubtful"}
    cell = next(cell for cell in thesis.cells if (cell.dataset, cell.shots, cell.method) == ("cifar10", 10, "l2twww"))
    assert (cell.table, cell.accuracy, cell.plus_minus, cell.rare) == ("2", 26.12, 1.99, False)
    assert [cell.method for cell in thesis.cells if cell.rare] == ["l2twww", "l2tww", "scratch"]
    if SHARED.is_dir():
        shipped = Path(published.__code__.co_filename).parent / "thesis"
        for name in ("tables.csv", "comparisons.csv"):
            assert (shipped / name).read_text() == (SHARED / name).read_text()


def test_holm_leaves_one_of_the_seven_claims_and_benjamini_hochberg_five():
    claims = published("thesis").claims
    assert multiplicity([claim.p for claim in claims]) == {
        "tests": 15,
        "below": 7,
        "holm": 1,
        "benjamini_hochberg": 5,
    }
    [left] = [claim for claim, p in zip(claims, holm([claim.p for claim in claims]), strict=True) if p < 0.05]
    assert (left.dataset, left.shots, left.text) == ("stl10", 10, "0.000")


def test_the_printed_differences_are_those_of_the_printed_means():
    thesis = published("thesis")
    means = {(cell.dataset, cell.shots, cell.method): cell.accuracy for cell in thesis.cells if not cell.rare}
    for claim in thesis.claims:
        place = claim.dataset, claim.shots
        assert means[*place, "l2twww"] - means[*place, "l2tww"] == pytest.approx(claim.difference, abs=0.011)


@pytest.mark.parametrize("n", [5, 12, 30])
def test_the_test_is_welchs_from_summaries(n):
    values = sample(25.0, n)
    ours = summarize(values)
    difference, test = judge(values, 24.64, 4.95, 30)
    expected = ttest_ind_from_stats(ours.mean, ours.sd, n, 24.64, 4.95, 30, equal_var=False)
    assert isinstance(test, PValue)
    assert (test.statistic, test.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert difference is not None
    assert difference.value == pytest.approx(ours.mean - 24.64)
    again = judge([value - difference.low for value in values], 24.64, 4.95, 30)[1]
    assert isinstance(again, PValue)
    assert again.p == pytest.approx(0.05, abs=1e-9)  # the interval's end is where the test turns
    printed = ttest_ind_from_stats(26.12, 5.3, 30, 24.64, 4.95, 30, equal_var=False)
    assert from_means(26.12, 5.3, 24.64, 4.95, 30).p == pytest.approx(printed.pvalue, rel=1e-9)


def test_without_a_printed_spread_ours_is_taken_for_both():
    values = sample(25.0, 12)
    test = judge(values, 24.0, None, 30)[1]
    assert isinstance(test, PValue)
    assert judge(values, 24.0, None, 10**12)[1].p == pytest.approx(ttest_1samp(values, 24.0).pvalue, rel=1e-6)
    assert test.p > ttest_1samp(values, 24.0).pvalue


def test_ill_samples_have_no_test_and_a_reason():
    assert judge([], 20.0, 1.0, 30) == (None, NoTest("no finished run"))
    one, test = judge([21.0], 20.0, 1.0, 30)
    assert (one.value, one.low) == (1.0, None)
    assert test == NoTest("fewer than 5 values (1)")
    two, test = judge([21.0, 23.0], 20.0, 1.0, 30)
    assert two.low < two.value < two.high
    assert isinstance(test, NoTest)
    for sd in (None, 0.0):
        assert judge([21.0] * 6, 20.0, sd, 30)[1] == NoTest("no spread on either side")
    assert isinstance(judge([21.0] * 6, 20.0, 1.0, 30)[1], PValue)
    assert from_means(20.0, None, 21.0, 1.0, 30) == NoTest("no ± printed")
    assert from_means(20.0, 0.0, 21.0, 0.0, 30) == NoTest("no spread on either side")


def test_verdicts_and_their_correction(runs):
    add(runs, "ufm", sample(30.0))
    add(runs, "l2tww", sample(24.7))
    add(runs, "l2twww", sample(26.0, 3))
    found = section(runs)
    assert verdicts(found) == {(10, "ufm"): "differs", (10, "l2tww"): "agrees", (10, "l2twww"): "too few seeds"}
    p = [cell["test"]["p"] for cell in found.data["cells"] if "p" in cell["test"]]
    assert [cell["p_adjusted"] for cell in found.data["cells"]][:2] == list(holm(p))
    grid = found.grids[0]
    assert grid.title.endswith("accuracy %: table 2")
    assert [row[2] for row in grid.rows] == ["20.69 ± 1.35", "24.64 ± 1.85", "26.12 ± 1.99"]
    assert [row[6] for row in grid.rows] == ["differs", "agrees", "too few"]
    assert grid.bold == {(0, 6)}
    text = said(found)
    assert "Holm over 2 tests" in text
    assert "55 of its 58 numbers have no runs in this report; l2t run --recipe thesis --dataset stl10" in text
    for unsaid in ("Not the thesis's settings", "official archive", "interim", "† ", "? a digit"):
        assert unsaid not in text
    assert "probably a weaker form" in text


def test_the_reading_of_plus_minus_decides_the_spread(runs):
    add(runs, "l2tww", sample(26.4, 30, 2.0))
    interval, sd = section(runs), section(runs, reading="sd")
    [narrow], [wide] = sd.data["cells"], interval.data["cells"]
    assert narrow["sd"] == 1.85
    assert wide["sd"] == pytest.approx(1.85 * 30**0.5 / student.ppf(0.975, 29))
    assert narrow["test"]["p"] < wide["test"]["p"]
    assert "± is read as a standard deviation of 30 runs (--plus-minus interval reads" in said(sd)
    assert "half-width of a 95 % interval of 30 runs (--plus-minus sd reads" in said(interval)
    with pytest.raises(UsageError, match="a published mean of 1 runs has no spread"):
        section(runs, planned=1)


def test_interim_entries_have_their_verdict_in_brackets(runs):
    add(runs, "ufm", sample(30.0))
    runs.add(
        "ufm",
        [None],
        State.RUNNING,
        seeds=[50],
        shots=10,
        dataset="cifar10",
        **OFFICIAL | {"source": SourceRef(hash="ab" * 8, name="s", model="resnet32", outputs=200)},
    )
    found = section(runs)
    [row] = found.grids[0].rows
    assert row[4] == "10/11"
    assert row[6] == "(differs)"
    assert row[7].startswith("(")
    assert not found.grids[0].bold
    assert "In brackets: interim" in said(found)


def test_settings_that_are_not_the_thesis_s_are_named(runs):
    add(runs, "ufm", sample(30.0), train=TrainSettings(epochs=20), options={"beta": 2.0}, checksum="sha256:1")
    text = said(section(runs))
    assert "Not the thesis's settings, which stand in brackets: method.beta 2.0 (0.5); train.epochs 20 (200)." in text
    assert "Images of CIFAR-10 were not read from the official archive" in text


def test_stand_ins_and_cut_classes_match_nothing_of_another_kind(runs, new_runs):
    add(runs, "ufm", sample(30.0), dataset="folder:/data/cifar10")
    add(runs, "ufm", sample(30.0), dataset="digits")
    found = section(runs)
    assert found.data["cells"] == []
    assert len(found.data["not_here"]) == 58
    assert said(found).startswith(
        "No number of the thesis has an entry here: it has STL-10 at 5, 10, 30, 50, 100 shots"
    )
    cut = new_runs()
    add(cut, "ufm", sample(50.0), shots=100, dataset="stl10", data=DataSettings(rare_class=0))
    assert section(cut).data["cells"] == []  # its accuracy is no number of table 1, and table 4 has no ufm


def test_the_recall_of_a_cut_class_is_compared_with_table_4(runs):
    recalls = sample(65.0, 6)
    add(runs, "l2tww", sample(60.0, 6), shots=100, dataset="stl10", data=DataSettings(rare_class=3), recalls=recalls)
    add(runs, "l2tww", sample(61.0, 6), shots=100, dataset="stl10")
    found = section(runs)
    assert [(cell["table"], cell["rare"], cell["accuracy"]) for cell in found.data["cells"]] == [
        ("1", False, 61.44),
        ("4", True, 65.12),
    ]
    assert found.data["cells"][1]["mean"] == pytest.approx(sum(recalls) / 6)
    text = said(found)
    for part in ("Which class it cut", "Where no ± is printed", "† computed", "? a digit is doubtful"):
        assert part in text
    assert [row[2] for grid in found.grids for row in grid.rows] == ["61.44 †", "65.12 ?"]


def test_printed_comparisons_stand_beside_ours(runs):
    values = {"ufm": sample(29.0), "l2tww": sample(24.0), "l2twww": sample(26.0)}
    for method, numbers in values.items():
        add(runs, method, numbers)
    found = section(runs)
    printed, unprinted = found.grids[1:]
    assert printed.title == "l2twww − l2tww"
    assert printed.rows[0][:4] == ("CIFAR-10", "10", "+1.5", ">0.05")
    assert unprinted.title == "l2twww − ufm: no test of it is printed in the thesis"
    assert unprinted.rows[0][:3] == ("CIFAR-10", "10", "+5.4")
    assert "p printed" not in unprinted.headings
    text = said(found)
    assert CORRECTED in text
    assert "computed from printed means, not printed" in text
    for data, method in zip(found.data["pairs"], ("l2tww", "ufm"), strict=True):
        [one] = data["comparisons"]
        assert one["ours"]["test"]["p"] == mann_whitney(values["l2twww"], values[method]).p
    expected = ttest_ind_from_stats(
        26.12, 1.99 * 30**0.5 / student.ppf(0.975, 29), 30, 20.69, 1.35 * 30**0.5 / student.ppf(0.975, 29), 30, False
    )
    assert found.data["pairs"][1]["comparisons"][0]["from_means"]["p"] == pytest.approx(expected.pvalue, rel=1e-9)


def test_rows_of_one_method_are_all_compared(runs):
    add(runs, "l2twww", sample(26.0))
    for beta in (0.5, 2.0):
        add(runs, "l2tww", sample(24.0 + beta), options={"beta": beta})
    report = runs.report(split_by=["method.beta"])
    found = against(report, runs.specs, published("thesis"))
    assert set(verdicts(found)) == {(10, "l2twww"), (10, "l2tww beta=0.5"), (10, "l2tww beta=2.0")}
    assert [row[0] for row in found.grids[1].rows] == [
        "CIFAR-10, l2twww − l2tww beta=0.5",
        "CIFAR-10, l2twww − l2tww beta=2.0",
    ]
    said(found)


@pytest.mark.parametrize("values", [[], [None, None], [25.0], [25.0, 26.0], [25.0] * 8, [float("nan")] * 6])
def test_no_sample_is_an_error(runs, values):
    add(runs, "l2twww", values or [None])
    add(runs, "l2tww", sample(24.0))
    found = section(runs)
    assert "nan" not in said(found).lower()
    assert len(found.data["cells"]) == 2


def write(path: Path, rows: str, header: str = HEADER) -> str:
    path.write_text(header + rows, newline="")
    return str(path)


def test_any_table_can_stand_beside_ours(runs, tmp_path):
    add(runs, "ufm", sample(30.0))
    name = write(
        tmp_path / "mine.csv", "A,cifar10,10,ufm,29.9,1.1\n", "table,dataset,shots,method,accuracy,plus_minus\n"
    )
    found = section(runs, name)
    assert found.title == "Beside mine.csv"
    assert verdicts(found) == {(10, "ufm"): "agrees"}
    text = said(found)
    assert "mine.csv does not say in which settings its numbers were made" in text
    assert "thesis" not in text
    assert "no runs in this report" not in text


def test_what_corrections_leave_is_said_whatever_is_compared(runs):
    add(runs, "ufm", sample(30.0))
    found = section(runs)
    assert len(found.grids) == 1
    assert CORRECTED in said(found)


def test_the_line_that_runs_a_number_is_one_that_l2t_takes(runs, tmp_path):
    lines = (
        "A,$(touch x),5,ufm,12.5,1,\n",
        "A,cifar10,5,a;ls,12.5,1,\n",
        "A,stl10-imbalanced,100,l2twww,50,,\n",
        "A,stl10,5,ufm,50,,\n",
    )
    name = write(tmp_path / "mine.csv", "".join(lines), HEADER)
    text = said(section(runs, name))
    line = "l2t run --dataset stl10 --shots 100 --method l2twww --set data.rare_class=0"
    assert text.endswith(f"4 of its 4 numbers have no runs in this report; {line} runs one.")
    words = shlex.split(line)
    asked = dict(zip(words[2::2], words[3::2], strict=True))
    points = expand(
        Asked(
            dataset=[asked["--dataset"]], shots=asked["--shots"], method=[asked["--method"]], set_=[asked["--set"]]
        ).request
    )
    assert {(one.dataset, one.shots, one.method) for one in points} == {("stl10", 100, "l2twww")}
    assert {one.settings.data.rare_class for one in points} == {0}
    name = write(tmp_path / "other.csv", "".join(lines[:2]), HEADER)
    assert said(section(runs, name)).endswith("l2t has no such data set and method (l2t data list, l2t methods).")


def test_a_long_list_of_what_is_not_here_is_cut(runs, tmp_path):
    lines = "".join(f"A,cifar10,{shots},m{shots},50,1,\n" for shots in range(1, 2001))
    text = said(section(runs, write(tmp_path / "long.csv", lines, HEADER)))
    assert "CIFAR-10 at 1, 2, 3, 4 and 1996 more shots (m1, m2, m3, m4 and 1996 more)" in text
    assert len(text) < 500


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_line_ends_blank_lines_and_order_of_columns_do_not_matter(tmp_path, mark, end):
    lines = [
        "status,shots, dataset ,table,method,plus_minus,accuracy",
        "",
        ',5,cifar10,"1, left",ufm,,20',
        ",,,,,,",
        "",
    ]
    path = tmp_path / "a.csv"
    path.write_bytes(mark + end.join(lines).encode())
    [cell] = read(path)
    assert (cell.table, cell.dataset, cell.shots, cell.accuracy, cell.plus_minus) == ("1, left", "cifar10", 5, 20, None)
    assert cell.status == "read"


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        ("1,cifar10,10,ufm,1e308,1,read", "accuracy", "no percentage: give a number from 0 to 100"),
        ("1,cifar10,10,ufm,nan,1,read", "accuracy", "no percentage"),
        ("1,cifar10,10,ufm,100.1,1,read", "accuracy", "no percentage"),
        ("1,cifar10,10,ufm,,1,read", "accuracy", "no percentage"),
        ("1,cifar10,10,ufm,٢٠,1,read", "accuracy", "no percentage"),
        ("1,cifar10,10,ufm,20,-1,read", "plus_minus", "no percentage"),
        ("1,cifar10,10,ufm,20,inf,read", "plus_minus", "no percentage"),
        ("1,cifar10,0,ufm,20,1,read", "shots", "no number of images: give 1 to 999999"),
        ("1,cifar10,1.5,ufm,20,1,read", "shots", "no number of images"),
        ("1,cifar10,99999999999,ufm,20,1,read", "shots", "no number of images"),
        ("1,folder:/data,10,ufm,20,1,read", "dataset", "no published data set"),
        ("1,-imbalanced,10,ufm,20,1,read", "dataset", "no published data set"),
        ("1,cifar10,10,,20,1,read", "method", "give a name of 1 to 100 printable characters"),
        ("1,cifar10,10,u\x1b[2Jfm,20,1,read", "method", "printable characters"),
        ("1,cifar10,10,u\0fm,20,1,read", "method", "printable characters"),
        (f"{'x' * 999},cifar10,10,ufm,20,1,read", "table", "1 to 100"),
        ("1,cifar10,10,ufm,20,1,sure", "status", "none of read, derived, doubtful"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path, row, column, what):
    name = write(tmp_path / "bad.csv", f"1,cifar10,5,ufm,20,1,read\n{row}\n")
    with pytest.raises(UsageError) as error:
        published(name)
    text = str(error.value)
    assert text.startswith(f"{tmp_path}/bad.csv, line 3, {column}: ")
    assert what in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "line 1: the file is empty: begin with the columns table, dataset"),
        (b"\n\n", "line 1: the file is empty"),
        (HEADER.encode(), "line 2: no numbers under the header"),
        (b"table,dataset\n", "line 1: the column shots is missing"),
        (b"table,dataset,shots,method,accuracy,plus_minus,sd\n", "line 1: 'sd' is no column of a published table"),
        (HEADER.replace("status", "method").encode(), "line 1: 'method' stands there twice"),
        (b"\x1b[2J,b\n", "is no column"),
        (HEADER.encode() + b"1,cifar10,10,ufm,20\n", "line 2: 5 values for 7 columns"),
        (HEADER.encode() + b'1,"cifar10,10,ufm,20\n', "no CSV"),
        (HEADER.encode() + b"1,cifar10,10,ufm,20,\xe9,read\n", "line 2: not in UTF-8"),
        (HEADER.encode("utf-16"), "line 1: not in UTF-8"),
        (HEADER.encode() + b"x" * (1 << 20), "more than 1 MiB"),
        (HEADER.encode() + b"x" * 200_000, "line 2: no CSV"),
        (
            HEADER.encode() + b"1,cifar10,10,ufm,20,1,\n\n2,cifar10,10,ufm,21,1,\n",
            "line 4, method: ufm on cifar10 at 10 shots stands on line 2 already",
        ),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, content, what):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        read(path)
    assert what in str(error.value)
    assert len(str(error.value)) < 300 + len(str(path))


@pytest.mark.parametrize("name", ["", "thesi", "a\0b", "/", "x" * 5000, "no/such.csv"])
def test_what_is_no_file_is_refused(name):
    with pytest.raises(UsageError, match="give the name of a CSV file, or thesis"):
        published(name)


def test_ten_thousand_numbers_are_read_at_once(runs, tmp_path):
    text = io.StringIO()
    csv.writer(text).writerows(["1", "cifar10", shots, "ufm", 20, 1, ""] for shots in range(1, 10_001))
    add(runs, "ufm", sample(30.0))
    found = section(runs, write(tmp_path / "many.csv", text.getvalue()))
    assert len(found.data["cells"]) == 1
    assert "9999 of its 10000 numbers" in said(found)
