"""Accuracy of each class: computed from what runs left behind, or said why not."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from l2t.data.base import DataInfo
from l2t.data.cache import DECODER
from l2t.report.formats import latex, markdown, rich
from l2t.report.report import Report
from l2t.report.section import Section
from l2t.report.sections.per_class import per_class
from l2t.spec import DataSettings
from l2t.store.files import write_json
from l2t.store.folder import JobFolder


def write(home: Path, run: str, hits: Any, images: Any = (10,) * 10) -> Path:
    folder = JobFolder.of(home, "run", run)
    folder.make()
    folder.write_result({"accuracy": 50.0, "class_hits": hits, "class_images": images})
    return folder.result


def fill(home: Path, runs: Any, hits: Sequence[Sequence[int]]) -> None:
    for row, counts in zip(runs.rows, hits, strict=True):
        write(home, row.id, list(counts))


def section(home: Path, runs: Any, **options: Any) -> Section:
    return per_class(home, runs.report(**options), runs.specs)


def said(found: Section) -> str:
    json.dumps(found.data, allow_nan=False)
    report = Report((), "all", {}, (found,))
    assert found.title in markdown.render(report)
    latex.render(report)
    assert all(line.cell_len <= 80 for line in rich.lines(report, 80))
    return " ".join(sentence for grid in found.grids for sentence in grid.sentences)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("L2T_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_means_and_deviations_are_over_the_seeds(tmp_path, runs):
    runs.add("scratch", [50.0, 60.0])
    runs.add("ufm", [70.0])
    fill(tmp_path, runs, [[1, *[5] * 9], [3, *[5] * 9], [2, *[7] * 9]])
    found = section(tmp_path, runs)
    grid = found.grids[0]
    assert grid.headings == ("class", "scratch", "ufm")
    assert len(grid.rows) == 10
    assert grid.rows[0] == ("0", "20.0 (14.1)", "20.0")
    assert grid.rows[1] == ("1", "50.0 (0.0)", "70.0")
    assert grid.bold == {(0, 1), (0, 2), *((row, 2) for row in range(1, 10))}
    assert grid.title == "Digits, VGG-small ← ResNet-32 (tinyimagenet-200), 4 epochs, 5 shots"
    assert grid.sentences == ("n: scratch 2, ufm 1.",)
    [column] = found.data["columns"]
    assert column["rows"][0]["mean"] == [20.0, *[50.0] * 9]
    assert column["rows"][1]["sd"] == [None] * 10
    assert "left out" not in said(found)


def test_one_method_alone_is_not_the_best(tmp_path, runs):
    runs.add("scratch", [50.0] * 3)
    fill(tmp_path, runs, [[5] * 10] * 3)
    grid = section(tmp_path, runs).grids[0]
    assert not grid.bold
    assert grid.rows[0] == ("0", "50.0 (0.0)")
    assert grid.sentences == ("n = 3.",)


def test_the_rare_class_is_marked_and_its_runs_are_shown_once(tmp_path, runs):
    runs.add("scratch", [50.0], data=DataSettings(rare_class=3), recalls=[10.0])
    fill(tmp_path, runs, [[1] * 10])
    assert len(runs.report().tables) == 2
    for metric in ("last", "rare-class"):
        found = section(tmp_path, runs, metric=metric)
        assert len(found.data["columns"]) == 1
        assert found.grids[0].rows[3][0] == "3 (rare)"
        assert found.data["columns"][0]["rare"] == [3]


def test_classes_have_their_names_where_the_data_are_the_same(tmp_path, runs, data):
    names = tuple(f"kind {chr(97 + index)}" for index in range(10))
    runs.add("scratch", [50.0], dataset="cifar10", checksum="md5:1")
    fill(tmp_path, runs, [[1] * 10])
    described = DataInfo(
        name="cifar10", title="CIFAR-10", checksum="md5:1", classes=names, train_counts=(5000,) * 10,
        test_counts=(1000,) * 10, height=32, width=32, padding=4, flip=True,
    )  # fmt: skip
    index = data / "index" / "cifar10.json"
    index.parent.mkdir(parents=True)

    def label(info: DataInfo) -> str:
        write_json(index, {"decoder": DECODER, "state": "", "info": info.model_dump(mode="json")})
        return section(tmp_path, runs).grids[0].rows[2][0]

    assert label(described) == "2 kind c"
    assert label(described.model_copy(update={"checksum": "md5:2"})) == "2"
    assert label(described.model_copy(update={"classes": names[:5]})) == "2"


def test_a_folder_that_is_gone_leaves_the_numbers(tmp_path, runs):
    runs.add("scratch", [50.0], dataset=f"folder:{tmp_path}/none")
    fill(tmp_path, runs, [[1] * 10])
    assert section(tmp_path, runs).grids[0].rows[9][0] == "9"


@pytest.mark.parametrize(
    ("hits", "images"),
    [
        (None, None),
        ([1] * 9, [10] * 9),
        ([1] * 9, [10] * 10),
        ([11] * 10, [10] * 10),
        ([-1] * 10, [10] * 10),
        ([1.5] * 10, [10] * 10),
        ([True] * 10, [10] * 10),
        (["1"] * 10, [10] * 10),
        ({"0": 1}, [10] * 10),
    ],
)
def test_results_that_tell_no_classes_are_counted(tmp_path, runs, hits, images):
    runs.add("scratch", [50.0, 50.0])
    write(tmp_path, runs.rows[0].id, hits, images)
    write(tmp_path, runs.rows[1].id, [4] * 10)
    found = section(tmp_path, runs)
    assert found.grids[0].rows[0] == ("0", "40.0")
    assert "1 finished run has a result.json that tells no classes, and is left out." in said(found)
    assert found.data["damaged_result"] == [runs.rows[0].id]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 99_999, b"null", b'{"class_hits": NaN}'])
def test_no_content_of_a_file_is_an_error(tmp_path, runs, content):
    runs.add("scratch", [50.0] * 3)
    write(tmp_path, runs.rows[0].id, []).write_bytes(content)
    JobFolder.of(tmp_path, "run", runs.rows[2].id).result.mkdir(parents=True)
    text = said(section(tmp_path, runs))
    assert "1 finished run has no result.json, and is left out." in text
    assert "2 finished runs have a result.json that tells no classes, and are left out." in text
    assert "Mean over" not in text


def test_a_class_without_test_images_and_huge_counts(tmp_path, runs):
    runs.add("scratch", [50.0])
    runs.add("ufm", [50.0])
    write(tmp_path, runs.rows[0].id, [0, 10**400, *[1] * 8], [0, 10**400, *[10] * 8])
    write(tmp_path, runs.rows[1].id, [1] * 10)
    grid = section(tmp_path, runs).grids[0]
    assert grid.rows[0] == ("0", "–", "10.0")
    assert grid.rows[1] == ("1", "100.0", "10.0")
    assert (0, 2) not in grid.bold


def test_without_finished_runs_it_says_so(tmp_path, runs):
    runs.add("scratch", [None, float("nan")])
    found = section(tmp_path, runs)
    assert said(found) == "No finished run here."
    assert found.data["columns"] == []


def test_a_hundred_classes_and_nine_methods_stay_in_order(tmp_path, runs):
    methods = ["scratch", "ufm", "l2tww", "l2twww", "kd", "lwf", "fsp", "fitnets", "factor-transfer"]
    for method in methods:
        runs.add(method, [50.0], classes=100, dataset="cifar100")
    for row in runs.rows:
        write(tmp_path, row.id, list(range(100)), [100] * 100)
    found = section(tmp_path, runs)
    grid = found.grids[0]
    assert [row[0] for row in grid.rows] == [str(index) for index in range(100)]
    assert [row[1] for row in grid.rows[:3]] == ["0.0", "1.0", "2.0"]
    assert len(grid.headings) == 10
    said(found)
