"""Cells stand where the report has them, and those that would meet in one place get rows of their own."""

import subprocess
import sys

from l2t.report.matrix import layout
from l2t.report.placed import placed, written
from l2t.spec import SourceRef
from l2t.store.rows import Submission
from l2t.store.store import Store

SOURCE = SourceRef(hash="ab" * 8, name="tinyimagenet-200", model="resnet32", outputs=200)


def tables(tmp_path, runs):
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 3, runs))
        cells = store.cells()
        return layout(cells, store.cell_specs([cell.cell for cell in cells]))


def test_data_sets_stand_side_by_side_and_what_has_no_source_with_those_that_have(tmp_path, make_run):
    runs = [make_run(0, shots=shots, dataset=name) for shots in (5, 10) for name in ("digits", "glyphs")]
    runs += [make_run(0, method="l2tww", source=SOURCE, dataset=name) for name in ("digits", "glyphs")]
    (table,) = tables(tmp_path, runs)
    assert table.rows == ("scratch", "l2tww")
    assert table.columns == (("digits", 5), ("digits", 10), ("glyphs", 5), ("glyphs", 10))
    assert len(table.places) == 6


def test_cells_that_would_meet_are_split_by_what_they_differ_in(tmp_path, make_run):
    runs = [make_run(0, method="ufm", source=SOURCE, options={"beta": beta}) for beta in (0.5, 1.0)]
    (table,) = tables(tmp_path, [*runs, make_run()])
    assert table.rows == ("scratch", "ufm beta=0.5", "ufm beta=1.0")
    assert all(len(cells) == 1 for cells in table.places.values())


def test_it_loads_no_scipy():
    code = "import sys, l2t.report.matrix; print(*sorted({'torch', 'scipy', 'pandas', 'numpy'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_tables_are_read_as_they_were_written(tmp_path, make_run):
    made = tables(tmp_path, [make_run(0, shots=shots, method=m) for shots in (5, 10) for m in ("scratch", "ufm")])
    assert placed(written(made)) == made
