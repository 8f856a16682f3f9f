"""What made the runs of a report: read cheaply, counted, and said in sentences that warn of what is mixed."""

import json
from pathlib import Path

import pytest

from l2t.report import provenance as reading
from l2t.report.sections.provenance import provenance, sentences
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.state import State

SOURCE = "f" * 64


def write_env(
    home: Path, run: str, code: str = "a" * 16, cpu: str = "a chip", diff: str = "", host: str = "box"
) -> Path:
    folder = JobFolder.of(home, "run", run)
    folder.make()
    write_json(
        folder.env,
        {
            "packages": {"l2t": "0.1.0", "torch": "2.14.1"},
            "python": "3.11",
            "host": host,
            "code": code,
            "source_tree": {
                "commit": "c" * 40,
                "dirty": bool(diff),
                "diff": diff,
                "diff_cut": False,
                "untracked": ["l2t/new.py"],
            },
            "fingerprint": {"device": "cpu", "torch": "2.14.1+cpu", "threads": 1, "cpu": cpu},
            "device": {"kind": "cpu", "name": cpu},
            "source_weights": {"tinyimagenet-200": SOURCE},
        },
    )
    return folder.env


def section(home: Path, runs, selection: str = ""):
    return provenance(home, runs.rows, runs.specs, selection, now=1764000000.0)


@pytest.fixture
def made(tmp_path, runs):
    runs.add("scratch", [50.0, 51.0])
    runs.add("ufm", [60.0])
    for row in runs.rows:
        write_env(tmp_path, row.id)
    return runs


def test_like_runs_are_one_line_and_no_warning(tmp_path, made):
    found = section(tmp_path, made, "method=scratch,ufm")
    first, data, ended = sentences(found)
    assert first == "3 finished runs of l2t 0.1.0 (code aaaaaaaa, commit ccccccc), torch 2.14.1+cpu on a chip."
    assert data == "Data digits dddddddd…; source tinyimagenet-200 abababab; engine 1."
    assert ended == (
        "Selected by method=scratch,ufm, ended between 1970-01-01 00:00 UTC and 1970-01-01 00:00 UTC."
        " This report is of 2025-11-24 16:00 UTC."
    )
    titles = [grid.title for grid in found.grids]
    assert titles == ["", "Code and machine", "Data", "Source networks"]
    assert [len(grid.rows) for grid in found.grids] == [0, 1, 1, 1]
    assert found.grids[3].rows[0] == ("tinyimagenet-200", "ab" * 8, SOURCE, "1")
    json.dumps(found.data, allow_nan=False)


def test_other_code_and_machines_are_warned_of(tmp_path, made):
    write_env(tmp_path, made.rows[0].id, code="b" * 16, diff="+ x\n")
    write_env(tmp_path, made.rows[1].id, cpu="another chip")
    said = " ".join(sentences(section(tmp_path, made)))
    assert (
        "The code is not the same: 2 versions (code aaaaaaaa, commit ccccccc: 2 runs;"
        " code bbbbbbbb, commit ccccccc, changed: 1 run). l2t report --explain" in said
    )
    assert "on a chip: 2 runs; another chip: 1 run." in said
    assert "between its 2 fingerprints the same run may have other bits" in said


def test_other_data_engines_and_sources_of_one_name_are_warned_of(tmp_path, made):
    made.add("ufm", [60.0], checksum="e" * 16, engine=7, seeds=[5])
    write_env(tmp_path, made.rows[-1].id)
    said = " ".join(sentences(section(tmp_path, made)))
    assert "The data set digits is not the same in all runs: there are 2 versions." in said
    assert "engine 1, 7." in said
    assert "between engines" in said


def test_what_cannot_be_read_is_counted_by_kind(tmp_path, made):
    JobFolder.of(tmp_path, "run", made.rows[0].id).env.unlink()
    for row, text in zip(made.rows[1:], ("{", "[]"), strict=True):
        JobFolder.of(tmp_path, "run", row.id).env.write_text(text)
    found = section(tmp_path, made)
    assert sentences(found)[0] == "3 finished runs of unknown code, on unknown machines."
    assert sentences(found)[-2:] == (
        "1 run had no env.json: code and machine are unknown.",
        "2 runs had an env.json that cannot be read: code and machine are unknown.",
    )
    assert len(found.data["damaged_environment"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"packages": 3}',
        '{"fingerprint": []}',
        '{"source_weights": [1]}',
        '{"source_tree": "x"}',
        "\xff",
        "",
        "[" * 9999,
    ],
)
def test_no_content_of_a_file_is_an_error(tmp_path, made, text):
    JobFolder.of(tmp_path, "run", made.rows[0].id).env.write_text(text, encoding="latin-1")
    found = reading.environments(tmp_path, [made.rows[0].id])
    assert len(found.environments) + len(found.damaged) == 1


def test_a_large_file_says_the_same_as_a_small_one(tmp_path, made):
    small, large = made.rows[0].id, made.rows[1].id
    write_env(tmp_path, small, diff="+ x\n")
    path = write_env(tmp_path, large, diff='+ "fingerprint": {"é\\"}\n' * 8000)
    assert path.stat().st_size > 10 * reading.SMALL
    found = reading.environments(tmp_path, [small, large])
    assert found.environments[small] == found.environments[large]
    assert found.weights[large] == SOURCE
    plain = json.loads(path.read_text())
    path.write_text(json.dumps(plain))  # all on one line: written by no l2t
    assert reading.environments(tmp_path, [large]).environments[large] == found.environments[small]


def test_without_finished_runs_it_says_so(tmp_path, runs):
    runs.add("scratch", [None], State.QUEUED)
    assert sentences(section(tmp_path, runs)) == (
        "No selected run is finished. This report is of 2025-11-24 16:00 UTC.",
    )
    assert len(section(tmp_path, runs).grids) == 1
