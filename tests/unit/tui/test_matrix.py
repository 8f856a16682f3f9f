"""What the Matrix reads, and what it keeps in the store so that the next start is quick."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from l2t.spec import RunSpec
from l2t.store.rows import Submission
from l2t.store.store import Store
from tui.feed import Reader
from tui.matrix import MatrixData, MatrixView
from tui.widgets.matrix import Entry, MatrixTable, Shown

MakeRun = Callable[..., RunSpec]

FIRST_PAINT = """
import json, sys, time
from pathlib import Path
from cli.app import main
import tui.screens.matrix
from l2t.store.store import Store
from tui.feed import Reader
from tui.matrix import MatrixView

home = Path(sys.argv[1])
with Store.read(home) as store:
    data = MatrixView().read(Reader(store, home, time.time()))
assert data.tables[0].titles == {"digits": "Digits"}, data.tables
print(json.dumps(sorted({"numpy", "pydantic", "torch"} & {*sys.modules})))
"""


def fill(home: Path, *runs: RunSpec) -> None:
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, list(runs)))


def look(home: Path, keep: bool) -> MatrixData:
    with Store.read(home) as store:
        data = MatrixView(keep).read(Reader(store, home, time.time()))
    for thread in threading.enumerate():
        if thread.name == "tables":
            thread.join()
    return data


def test_the_second_start_reads_what_the_first_has_kept(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, make_run(0), make_run(0, shots=10))
    first = look(tmp_path, keep=True)
    with monkeypatch.context() as patched:
        patched.setattr("l2t.report.matrix.layout", None)
        assert look(tmp_path, keep=True) == first
    fill(tmp_path, make_run(0, shots=2))
    assert [shots for _, shots in look(tmp_path, keep=True).tables[0].columns] == [2, 5, 10]


def test_nothing_is_kept_where_nothing_may_be_written(tmp_path: Path, make_run: MakeRun) -> None:
    fill(tmp_path, make_run(0))
    look(tmp_path, keep=False)
    with Store.read(tmp_path) as store:
        assert store._all("SELECT * FROM summaries") == []


def test_what_was_kept_and_is_damaged_is_made_anew(tmp_path: Path, make_run: MakeRun) -> None:
    fill(tmp_path, make_run(0))
    first = look(tmp_path, keep=True)
    with Store.open(tmp_path) as store:
        for text in ("", "[1]", '[{"target": 1}]', "{}"):
            store._all("UPDATE summaries SET value = ?", [text])
            assert look(tmp_path, keep=False) == first


def test_a_start_with_kept_tables_loads_neither_numpy_nor_pydantic(tmp_path: Path, make_run: MakeRun) -> None:
    fill(tmp_path, make_run(0))
    look(tmp_path, keep=True)
    done = subprocess.run(
        [sys.executable, "-P", "-c", FIRST_PAINT, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(("rows", "said"), [(8, ""), (10, "rows 1–8 of 10")])
def test_rows_that_do_not_fit_are_counted(rows: int, said: str) -> None:
    table = MatrixTable("nothing")
    entries = {(row, 0): Entry(str(row), "50.0 ± 1.0", "3/3") for row in range(rows)}
    table.show(Shown(tuple(f"m{row}" for row in range(rows)), (("Digits", "5 shots"),), entries))
    lines = table.lines(78, 18)
    assert lines[0][0][0].strip() == said
    assert len(lines) == 18
