"""What a check says of homes that are whole, untidy or damaged."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from prepared import age, compute, jobs_of, work

from l2t.errors import StoreError
from l2t.spec import RunSpec, SourceSpec
from l2t.store.check import Finding, Mend, check
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store


@pytest.fixture
def home(tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]) -> Path:
    """A home with a source and three runs, all done."""
    home = tmp_path / "home"
    runs, source = jobs_of(make_run, make_source, 3)
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 3, runs, [source]))
        work(store)
    return home


def run_folder(home: Path) -> JobFolder:
    return JobFolder(min((home / "runs").iterdir()))


def only(home: Path) -> Finding:
    [finding] = check(home).findings
    return finding


def test_a_whole_home_has_nothing_to_say(home: Path) -> None:
    checked = check(home)
    assert checked.findings == []
    assert checked.good
    assert (checked.jobs, checked.folders, checked.sweeps) == (4, 4, 1)


def test_a_home_without_a_store_is_an_empty_one(tmp_path: Path) -> None:
    assert check(tmp_path).good


def test_done_without_a_result_is_wrong(home: Path) -> None:
    run_folder(home).result.unlink()
    finding = only(home)
    assert (finding.mend, finding.harmless) == (Mend.REBUILD, False)
    assert "no result" in finding.what


def test_a_result_that_the_database_has_not_seen_is_harmless(
    home: Path, make_run: Callable[..., RunSpec], owner: Owner
) -> None:
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 3, [make_run(9)]))
        job = store.claim(owner)
        assert job is not None
        compute(home, job)
    finding = only(home)
    assert (finding.mend, finding.harmless) == (Mend.WORK, True)
    assert check(home).good


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\0" * 100, b'{"accuracy": NaN}', b'{"accuracy": "high"}', b'{"accuracy": 1e999}']
)
def test_a_damaged_result_is_wrong(home: Path, content: bytes) -> None:
    run_folder(home).result.write_bytes(content)
    finding = only(home)
    assert not finding.harmless
    assert "result.json is damaged" in finding.what


def test_a_result_of_another_accuracy_than_the_tables_show_is_wrong(home: Path) -> None:
    write_json(run_folder(home).result, {"accuracy": 1.0})
    assert "tables show accuracy" in only(home).what


def test_a_specification_of_another_job_is_wrong(home: Path) -> None:
    folder = run_folder(home)
    write_json(folder.spec, json.loads(folder.spec.read_bytes()) | {"seed": 77})
    finding = only(home)
    assert "spec.json is of" in finding.what
    assert not finding.harmless


def test_a_source_without_weights_is_wrong(home: Path) -> None:
    [folder] = [JobFolder(path) for path in (home / "artefacts").iterdir()]
    folder.weights.unlink()
    finding = only(home)
    assert "weights" in finding.what
    assert not finding.harmless


def test_torn_lines_and_old_temporaries_are_harmless(home: Path) -> None:
    with run_folder(home).metrics.open("ab") as file:
        file.write(b'{"epoch":\n{"epo')
    torn = only(home)
    assert torn.what.startswith("2 torn lines")
    assert torn.harmless
    young, old = run_folder(home).path / ".result.json.01234567.tmp", home / "runs" / ".x.01234567.tmp"
    young.touch()
    old.mkdir()
    age(old)
    assert [finding.where for finding in check(home).findings if finding.mend is Mend.GC] == [f"runs/{old.name}"]
    assert check(home).good


def test_folders_that_the_database_does_not_know(home: Path, make_run: Callable[..., RunSpec]) -> None:
    path = run_folder(home).path
    with Store.open(home) as store:
        store._all("DELETE FROM jobs WHERE id = ?", [path.name])
    (home / "runs" / "mine").mkdir()
    findings = {finding.where: finding for finding in check(home).findings}
    assert findings[f"runs/{path.name}"].mend is Mend.REBUILD
    assert not findings[f"runs/{path.name}"].harmless
    assert findings["runs/mine"].mend is Mend.GC
    assert findings["runs/mine"].harmless


def test_sweeps_whose_file_is_damaged_missing_or_unknown(home: Path) -> None:
    [path] = (home / "sweeps").iterdir()
    kept = path.read_bytes()
    path.write_bytes(kept.replace(b'"jobs"', b'"jibs"'))
    damaged = check(home)
    assert damaged.good
    assert any("a rebuild would not" in finding.what for finding in damaged.findings)
    path.unlink()
    assert "without a file" in only(home).what
    path.write_bytes(kept)
    with Store.open(home) as store:
        store._all("DELETE FROM sweeps")
    assert "does not know" in only(home).what
    assert not check(home).good


def test_a_row_that_refers_to_nothing_is_wrong(home: Path) -> None:
    connection = sqlite3.connect(home / "l2t.db")
    connection.execute("INSERT INTO specs VALUES (99, '{}')")
    connection.commit()
    connection.close()
    assert "refers to no row" in only(home).what


def test_a_database_that_is_none_is_one_finding(home: Path) -> None:
    (home / "l2t.db").write_bytes(b"no database" * 1000)
    finding = only(home)
    assert (finding.where, finding.mend, finding.harmless) == ("l2t.db", Mend.REBUILD, False)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="--home"):
        check(tmp_path / "file")
