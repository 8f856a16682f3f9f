"""Every run of one cell, whether it is in the table, and if not why; of several cells, how to say which."""

import json
from collections import Counter

import pytest

from l2t.report.explain import explain
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.state import State


def explained(home, runs, planned=None, **options):
    for row in runs.rows:
        row.device, row.tags = "cpu", ()
    counts = Counter(row.cell for row in runs.rows) if planned is None else {runs.rows[0].cell: planned}
    return explain(home, runs.rows, runs.specs, counts, now=3600.0, **options)


def column(section, heading):
    (grid,) = section.grids
    index = grid.headings.index(heading)
    return [row[index] for row in grid.rows]


def said(section):
    return " ".join(section.grids[0].sentences)


@pytest.fixture
def cell(runs):
    runs.add("ufm", [80.0, 82.0, 84.0])
    runs.add("ufm", [None], State.FAILED, seeds=[3])
    runs.add("ufm", [float("nan"), None], seeds=[4, 5])
    runs.add("ufm", [None], State.RUNNING, seeds=[6])
    runs.add("ufm", [86.0], seeds=[7], created=100.0)
    return runs


def test_each_run_is_listed_with_its_place_in_the_table(tmp_path, cell):
    found = explained(tmp_path, cell)
    assert column(found, "run") == [row.id[:8] for row in cell.rows]
    assert column(found, "accuracy %") == ["80.0", "82.0", "84.0", "–", "–", "–", "–", "86.0"]
    assert column(found, "in the table") == [
        *["yes"] * 3,
        "no: diverged",
        *["no: no finite value"] * 2,
        "no: not finished",
        "yes",
    ]
    assert column(found, "late") == [*[""] * 3, *[""] * 4, "late"]
    assert column(found, "epochs")[3:7] == ["0/4", "4", "4", "0/4"]
    assert "4 of 8 planned runs are in the table: mean 83.00, sd 2.58, median 83.0." in said(found)
    assert "n was not fixed beforehand" in said(found)
    assert "ufm on Digits at 5 shots" in found.title
    assert [run["in_table"] for run in found.data["runs"]] == [True, True, True, False, False, False, False, True]
    json.dumps(found.data, allow_nan=False)


def test_code_and_machine_are_of_the_folders(tmp_path, cell):
    for index, row in enumerate(cell.rows[:3]):
        folder = JobFolder.of(tmp_path, "run", row.id)
        folder.make()
        plain = {"code": "ab"[index == 2] * 16, "host": "box"}
        write_json(folder.env, plain | {"fingerprint": {"cpu": "a chip, family 6", "threads": index}})
    found = explained(tmp_path, cell)
    assert column(found, "code")[:4] == ["aaaaaaaa", "aaaaaaaa", "bbbbbbbb", "–"]
    assert column(found, "device")[:1] == ["a chip"]
    assert "2 code versions (aaaaaaaa: 2, bbbbbbbb: 1)" in said(found)
    assert "between which bits may differ" in said(found)
    assert "Of 1 runs in the table no env.json can be read" in said(found)


def test_the_metric_is_that_of_the_table(tmp_path, runs):
    runs.add("ufm", [80.0, 81.0])
    runs.rows[0].best_val = 79.5
    found = explained(tmp_path, runs, metric="best-val")
    assert column(found, "in the table") == ["yes", "no: no finite value"]
    assert column(found, "accuracy at the epoch best on validation %") == ["79.5", "–"]


def test_of_several_cells_each_is_named_with_the_word_that_chooses_it(tmp_path, runs):
    runs.add("ufm", [80.0, 81.0], options={"beta": 0.5})
    runs.add("ufm", [70.0], options={"beta": 1.0})
    runs.add("scratch", [60.0], shots=10)
    found = explained(tmp_path, runs)
    assert column(found, "word") == [f"cell={runs.rows[index].cell}" for index in (0, 2, 3)]
    assert column(found, "what tells it apart") == ["method.beta=0.5", "method.beta=1.0", ""]
    assert column(found, "runs") == ["2/2", "1/1", "1/1"]
    assert "3 cells meet this selection" in said(found)
    json.dumps(found.data, allow_nan=False)


def test_runs_that_the_selection_leaves_out_are_counted(tmp_path, cell):
    del cell.rows[3:]
    assert "The selection leaves out 5 runs of the cell." in said(explained(tmp_path, cell, planned=8))


def test_without_runs_it_says_so(tmp_path, runs):
    assert said(explained(tmp_path, runs)) == "No run meets this selection."
