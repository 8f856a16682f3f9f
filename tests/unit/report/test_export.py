"""Tidy tables: nothing rounded, nothing held, nothing that a spreadsheet would compute."""

import csv
import io
import os

import pytest

from l2t.errors import UsageError
from l2t.report.export import metrics_table, replacing, runs_table, write_csv
from l2t.store.folder import JobFolder
from l2t.store.rows import RUN_COLUMNS
from l2t.store.state import State


def written(table):
    text = io.StringIO()
    write_csv(table, text)
    return text.getvalue()


def read(table):
    return list(csv.DictReader(io.StringIO(written(table))))


@pytest.fixture
def done(runs):
    runs.add("ufm", [81.23456789012345], options={"beta": 0.5, "parts": ["what", "where"], "statistics": True})
    runs.add("l2tww", [90.0], options={"beta": 1, "statistics": False})
    runs.add("scratch", [None], State.FAILED, shots=10)
    for row in runs.rows:
        row.tags = ("first", "good")
    return runs


def test_a_run_has_all_its_fields_and_settings_as_they_are(done):
    table = runs_table(done.rows, done.specs)
    ufm, l2tww, scratch = read(table)
    assert [*ufm][: len(RUN_COLUMNS)] == list(RUN_COLUMNS)
    assert len({*ufm}) == len([*ufm])
    assert float(ufm["accuracy"]) == 81.23456789012345
    assert (ufm["method"], ufm["shots"], ufm["tags"], ufm["state"]) == ("ufm", "5", "first good", "done")
    assert (ufm["method.beta"], l2tww["method.beta"], scratch["method.beta"]) == ("0.5", "1", "")
    assert (ufm["method.parts"], ufm["method.statistics"]) == ("what+where", "True")
    assert (ufm["source.model"], scratch["source.model"], ufm["train.epochs"]) == ("resnet32", "", "4")
    assert (scratch["accuracy"], scratch["reason"], scratch["state"]) == ("", "diverged", "failed")


def test_each_column_has_the_narrowest_kind_of_all_its_values(done):
    columns = runs_table(done.rows, done.specs).columns
    kinds = {"id": "text", "shots": "integer", "accuracy": "number", "finished": "number", "reason": "text"}
    kinds |= {"method.beta": "number", "method.parts": "text", "method.statistics": "truth", "train.epochs": "integer"}
    assert {name: columns[name] for name in kinds} == kinds


def test_settings_of_mixed_kinds_are_texts(runs):
    runs.add("ufm", [80.0], options={"pairs": "all"})
    runs.add("ufm", [80.0], options={"pairs": 3})
    table = runs_table(runs.rows, runs.specs)
    assert table.columns["method.pairs"] == "text"
    assert [row["method.pairs"] for row in read(table)] == ["all", "3"]


@pytest.mark.parametrize(
    ("note", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("two\nlines\x1b[2J", "two\\nlines\\x1b[2J"),
        ('say "a, b"', 'say "a, b"'),
        ("1-1 γ", "1-1 γ"),
    ],
)
def test_texts_of_people_are_neither_computed_nor_obeyed(done, note, cell):
    done.rows[0].note = note
    assert read(runs_table(done.rows, done.specs))[0]["note"] == cell


def test_negative_numbers_stay_numbers(tmp_path, done):
    folder = JobFolder.of(tmp_path, "run", done.rows[0].id)
    folder.make()
    with folder.metrics_writer() as metrics:
        metrics.append({"epoch": 1, "loss": -0.1})
    assert written(metrics_table(tmp_path, done.rows)).splitlines()[1].endswith(",loss,-0.1")


def test_metrics_are_one_line_a_number(tmp_path, done):
    folder = JobFolder.of(tmp_path, "run", done.rows[0].id)
    folder.make()
    with folder.metrics_writer() as metrics:
        metrics.append({"epoch": 0, "step": 0, "w_moved": 0.0}, {"epoch": 1, "step": 3, "loss": 0.1 + 0.2, "note": "x"})
        metrics.append({"epoch": 1, "step": 3, "loss": 0.25, "bad": None})  # resumed: this line counts
    read_runs = []
    lines = read(metrics_table(tmp_path, done.rows, read_runs.append))
    assert [tuple(line.values()) for line in lines] == [
        (done.rows[0].id, "ufm", "digits", "5", "0", "done", "0", "0", "w_moved", "0.0"),
        (done.rows[0].id, "ufm", "digits", "5", "0", "done", "1", "3", "loss", "0.25"),
    ]
    assert read_runs == [1, 2, 3]


def test_rows_are_made_as_they_are_written(tmp_path, done):
    table = metrics_table(tmp_path, done.rows)
    folder = JobFolder.of(tmp_path, "run", done.rows[1].id)
    folder.make()  # after the table was made
    with folder.metrics_writer() as metrics:
        metrics.append({"epoch": 1, "loss": 1.0})
    assert len(read(table)) == 1


def test_without_runs_there_is_a_header():
    assert written(runs_table([], {})) == ",".join(RUN_COLUMNS) + "\n"


def test_parquet_has_types_and_texts_as_they_are(tmp_path, done):
    parquet = pytest.importorskip("pyarrow.parquet")
    from l2t.report.export import write_parquet

    done.rows[0].note = "=1+1"
    with replacing(tmp_path / "runs.parquet") as file:
        write_parquet(runs_table(done.rows, done.specs), file)
    table = parquet.read_table(tmp_path / "runs.parquet")
    types = {name: str(table.schema.field(name).type) for name in ("id", "shots", "accuracy", "method.statistics")}
    assert types == {"id": "string", "shots": "int64", "accuracy": "double", "method.statistics": "bool"}
    plain = table.to_pylist()
    assert (plain[0]["note"], plain[0]["method.beta"], plain[1]["method.beta"]) == ("=1+1", 0.5, 1.0)
    assert (plain[2]["accuracy"], plain[2]["method.statistics"], plain[2]["state"]) == (None, None, "failed")


def test_parquet_is_written_in_groups(tmp_path, done, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    from l2t.report import export

    monkeypatch.setattr(export, "GROUP", 2)
    with replacing(tmp_path / "runs.parquet") as file:
        export.write_parquet(runs_table(done.rows, done.specs), file)
    found = parquet.ParquetFile(tmp_path / "runs.parquet")
    assert (found.metadata.num_row_groups, found.metadata.num_rows) == (2, 3)


def test_a_file_is_replaced_whole_or_stays(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"half", None])
    assert path.read_text() == "old"
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]


def test_what_can_be_no_file_is_refused(tmp_path):
    for path, says in ((tmp_path, "is a folder"), (tmp_path / "no" / "x.csv", "cannot be written: No such file")):
        with pytest.raises(UsageError, match=says), replacing(path):
            raise AssertionError


def test_what_is_no_file_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="is a device or a pipe"), replacing(pipe):
        pass
    assert pipe.is_fifo()


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "paper").mkdir()
    link = tmp_path / "table.tex"
    link.symlink_to("paper/table.tex")
    with replacing(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "paper/table.tex").read_bytes() == b"new"
    assert [found.name for found in (tmp_path / "paper").iterdir()] == ["table.tex"]
