"""Statistics for the Matrix: those of the report, kept, and computed elsewhere."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from l2t.report.build import build
from l2t.report.matrix import layout
from l2t.report.summarise import judged
from l2t.spec import RunSpec, TrainSettings
from l2t.stats import PValue
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store
from tui.judging import judge, key_of

MakeRun = Callable[..., RunSpec]
ME = Owner("host", "boot", 1, 1)


def fill(home: Path, runs: list[RunSpec], undone: int = 0) -> str:
    """Runs with accuracies that depend on method and seed; returns the key of the results."""
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 8, runs))
        for _ in range(len(runs) - undone):
            job = store.claim(ME)
            assert job is not None
            spec = json.loads(job.spec().model_dump_json())
            better = {"scratch": 0.0, "ufm": 0.5, "l2tww": 4.0}[spec["method"]]
            store.finish(job.id, ME, {"accuracy": 50 + better + spec["seed"] % 5 * 0.7}, 1.0, None)
        return key_of(store.cells())


def test_they_are_those_of_the_report(tmp_path: Path, make_run: MakeRun) -> None:
    runs = [
        make_run(seed, method=method, shots=shots)
        for method in ("scratch", "ufm", "l2tww")
        for shots in (2, 5)
        for seed in range(8)
    ]
    key = fill(tmp_path, runs, undone=2)
    found = judge(tmp_path, key, keep=False)
    assert found.problem is None
    with Store.read(tmp_path) as store:
        rows, cells = store.runs(), store.cells()
        specs = store.cell_specs(cell.cell for cell in cells)
        assert store.summary(key) is None
    report = build(rows, specs, Counter(row.cell for row in rows))
    tables = layout(cells, specs)
    entries = [(table, entry) for table in report.tables for entry in table.entries]
    assert len(entries) == len(found.cells) == 6
    for table, entry in entries:
        mine = found.cells[(table.target, table.source, table.training), entry.cell]
        summary = entry.summary
        assert (mine.row, mine.n, mine.planned, mine.late) == (entry.row, summary.n, entry.planned, entry.late)
        assert (mine.mean, mine.sd, mine.median, mine.half) == (
            *(summary.mean, summary.sd, summary.median),
            summary.half_width,
        )
        assert (mine.baseline, mine.against) == (entry.row == table.baseline, "l2tww")
        assert (table.target, table.source, table.training) in {(t.target, t.source, t.training) for t in tables}
        if entry.comparison is not None:
            assert isinstance(entry.comparison.test, PValue)
            assert (mine.p, mine.adjusted) == (entry.comparison.test.p, entry.comparison.adjusted)
            assert mine.interim == entry.comparison.interim
            assert (mine.test, mine.tests) == ("Mann–Whitney U, two-sided", 4)
            assert isinstance(entry.comparison.paired, PValue)
            assert (mine.paired, mine.unpaired) == (entry.comparison.paired.p, "")
            far = entry.comparison.difference
            assert far is not None
            assert (mine.difference, mine.low, mine.high) == (far.value, far.low, far.high)
            assert mine.note == ""
    assert {each.interim for each in found.cells.values() if not each.baseline} == {True, False}


def test_cells_that_a_report_would_refuse_are_told_apart(tmp_path: Path, make_run: MakeRun) -> None:
    runs = [make_run(seed, options={"beta": beta}, method="ufm") for beta in (0.5, 1.0) for seed in range(5)]
    fill(tmp_path, runs)
    assert len(judged(tmp_path)) == 2


def test_why_there_is_no_test_is_said(tmp_path: Path, make_run: MakeRun) -> None:
    fill(tmp_path / "few", [make_run(seed, method=method) for method in ("l2tww", "ufm") for seed in range(4)])
    assert {(each.row, each.note) for each in judged(tmp_path / "few")} == {
        ("l2tww", ""),
        ("ufm", "fewer than 5 a side (4 and 4)"),
    }
    fill(tmp_path / "lone", [make_run(0)])
    assert [(each.against, each.note) for each in judged(tmp_path / "lone")] == [(None, "no other method is here")]
    runs = [make_run(0, method="ufm", options={"beta": beta}) for beta in (0.5, 1.0)]
    fill(tmp_path / "neither", runs)
    assert {each.note for each in judged(tmp_path / "neither")} == {"no single row of l2tww or scratch is here"}
    fill(tmp_path / "elsewhere", [make_run(0, method="l2tww", shots=2), make_run(0, method="ufm", shots=5)])
    assert {(each.row, each.note) for each in judged(tmp_path / "elsewhere")} == {
        ("l2tww", ""),
        ("ufm", "l2tww has no runs here"),
    }


def test_results_of_different_subsets_are_no_pairs(tmp_path: Path, make_run: MakeRun) -> None:
    train = TrainSettings(epochs=4, pairing="independent")
    fill(tmp_path, [make_run(seed, method=method, train=train) for method in ("l2tww", "ufm") for seed in range(6)])
    found = {each.row: each for each in judged(tmp_path)}["ufm"]
    assert found.adjusted is not None
    assert (found.paired, found.unpaired) == (None, "")


def test_what_was_kept_needs_no_process(tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    key = fill(tmp_path, [make_run(seed) for seed in range(3)])
    first = judge(tmp_path, key, keep=True)
    monkeypatch.setattr(subprocess, "run", None)
    assert judge(tmp_path, key, keep=True) == first
    assert judge(tmp_path, "another", keep=True).problem is not None


def test_a_store_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "l2t.db").write_bytes(b"no database" * 100)
    found = judge(tmp_path, "key", keep=True)
    assert found.problem is not None
    assert "damaged" in found.problem


def test_what_is_said_of_other_results_is_not_said(tmp_path: Path, make_run: MakeRun) -> None:
    key = fill(tmp_path, [make_run(seed) for seed in range(6)], undone=1)
    found = judge(tmp_path, key, keep=True)
    with Store.open(tmp_path) as store:
        (cell,) = store.cells()
        said = found.of(next(iter(found.cells))[0], cell)
        assert said is not None
        assert (said.n, said.mean) == (cell.n, pytest.approx(cell.mean))
        job = store.claim(ME)
        assert job is not None
        store.finish(job.id, ME, {"accuracy": 50.0}, 1.0, None)
        assert found.of(said.table, store.cells()[0]) is None
