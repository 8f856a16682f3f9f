"""`l2t store`, as a user calls it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from prepared import jobs_of, table, work

from l2t.jobs.lock import HomeLock
from l2t.spec import RunSpec, SourceSpec
from l2t.store.files import write_json
from l2t.store.rows import Submission
from l2t.store.store import Store


def l2t(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cli.app import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def home(make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]) -> Path:
    home = Path(os.environ["L2T_HOME"])
    runs, source = jobs_of(make_run, make_source, 4)
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 4, runs, [source]))
        work(store, 3)
    return home


def test_a_damaged_store_is_named_checked_and_mended(home: Path):
    before = table(home)
    whole = l2t("store", "check")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "nothing is wrong" in whole.stdout
    data = bytearray((home / "l2t.db").read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    (home / "l2t.db").write_bytes(data)
    listed = l2t("ls")
    assert listed.returncode == 2
    assert "`l2t store rebuild`" in listed.stderr
    assert listed.stderr.count("\n") == 1
    checked = l2t("store", "check", "--json")
    assert checked.returncode == 1
    answer = json.loads(checked.stdout)
    assert (answer["good"], answer["findings"][0]["mend"]) == (False, "l2t store rebuild")
    rebuilt = l2t("store", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "3 jobs are done" in rebuilt.stdout
    assert "l2t.db.damaged-1" in rebuilt.stderr
    done = {id: row for id, row in table(home).items() if row[0] == "done"}
    assert done == {id: row for id, row in before.items() if row[0] == "done"}
    assert l2t("store", "check").returncode == 0


def test_a_home_that_is_held_is_not_rebuilt(home: Path):
    with HomeLock(home, "up"):
        refused = l2t("store", "rebuild")
    assert refused.returncode == 2
    assert f"pid {os.getpid()}" in refused.stderr
    assert not (home / "l2t.db.damaged-1").exists()


def test_rebuild_makes_no_home(tmp_path: Path):
    refused = l2t("store", "rebuild", "--home", str(tmp_path / "nowhere"))
    assert refused.returncode == 2
    assert "no such home" in refused.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_backup_with_runs_can_be_listed_and_merged(home: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    assert l2t("store", "backup", str(copy), "--with-runs").returncode == 0
    again = l2t("store", "backup", str(copy), "--with-runs")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "--force" in again.stderr
    assert table(copy) == table(home)
    result = next(path for path in copy.glob("runs/*/result.json"))
    write_json(result, json.loads(result.read_bytes()) | {"accuracy": 1.5})
    (copy / "runs" / "\x1b[2J").mkdir()
    merged = l2t("store", "merge", str(copy))
    assert merged.returncode == 1
    assert "differs: ours" in merged.stdout
    assert str(result.parent) in merged.stdout
    assert merged.stdout.splitlines()[-1].startswith("0 added, 2 the same here, 1 with another result")
    assert merged.stderr == "l2t: refused: runs/\\x1b[2J: its name is no id\n"
    assert json.loads(l2t("store", "merge", str(copy), "--json").stdout)["conflicts"][0]["accuracies"][1] == 1.5


def test_gc_says_what_would_go_and_removes_it(home: Path):
    run = next((home / "runs").iterdir())
    (run / "checkpoint.pt").write_bytes(b"x" * 200_000)
    dry = l2t("store", "gc", "--dry-run")
    assert dry.returncode == 0
    assert "checkpoint" in dry.stdout
    assert (run / "checkpoint.pt").exists()
    answer = json.loads(l2t("store", "gc", "--json").stdout)
    assert answer["removed"]
    assert answer["bytes"] >= 200_000
    assert not (run / "checkpoint.pt").exists()
    assert l2t("store", "gc").stdout == "0 B are free\n"
