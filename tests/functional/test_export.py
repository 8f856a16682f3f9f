"""`l2t export`, by the real command on real stores."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import prepared
import pytest

from l2t.spec import RunSpec
from l2t.store import filter
from l2t.store.folder import JobFolder
from l2t.store.rows import RUN_COLUMNS, Submission
from l2t.store.store import Store

COMMAND = [sys.executable, "-c", "from cli.app import main; main()"]
WITHOUT_PYARROW = [sys.executable, "-c", "import sys; sys.modules['pyarrow'] = None; from cli.app import main; main()"]


def l2t(*arguments: str, command: list[str] = COMMAND) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def specs(make_run: Callable[..., RunSpec]) -> list[RunSpec]:
    """Three runs, of which two are done, one with a note that is a formula."""
    specs = [make_run(seed=seed) for seed in range(3)]
    with Store.open(Path(os.environ["L2T_HOME"])) as store:
        store.submit(Submission("l2t run", "demo", 3, specs))
        store.annotate(filter.parse(["seed=0"]), "=cmd|'/c calc'!A1")
        done = prepared.work(store, 2)
    for id in done:
        with JobFolder.of(Path(os.environ["L2T_HOME"]), "run", id).metrics_writer() as metrics:
            metrics.append({"epoch": 4, "step": 4, "loss": 0.5})
    return specs


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_runs_are_csv_on_stdout_and_the_selection_chooses(specs: list[RunSpec]) -> None:
    result = l2t("export", "runs")
    assert (result.returncode, result.stderr) == (0, "")
    found = lines(result.stdout)
    assert [row["id"] for row in found] == [spec.id for spec in specs]
    assert [*found[0]][: len(RUN_COLUMNS)] == list(RUN_COLUMNS)
    assert found[0]["note"] == "'=cmd|'/c calc'!A1"
    assert [row["seed"] for row in lines(l2t("export", "runs", "state=done", "--filter", "seed=1-9").stdout)] == ["1"]


def test_metrics_are_long_and_of_all_selected_runs(specs: list[RunSpec]) -> None:
    found = lines(l2t("export", "metrics").stdout)
    assert [(row["run"], row["epoch"], row["metric"], row["value"]) for row in found] == [
        (spec.id, "4", "loss", "0.5") for spec in specs[:2]
    ]


def test_a_file_is_written_whole_and_its_name_says_the_format(specs: list[RunSpec], tmp_path: Path) -> None:
    out = tmp_path / "out" / "runs.csv"
    out.parent.mkdir()
    result = l2t("export", "runs", "--out", str(out))
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"l2t: 3 runs are in {out}\n"
    assert out.read_text() == l2t("export", "runs").stdout
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = out.with_suffix(".parquet")
    assert l2t("export", "metrics", "--out", str(table)).returncode == 0
    assert pandas.read_parquet(table)["value"].tolist() == [0.5, 0.5]
    assert {*out.parent.iterdir()} == {out, table}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["runs", "--format", "parquet"], "Parquet is no text: name a file with --out runs.parquet"),
        (["metrics", "--out", "no/where/x.csv"], "no/where/x.csv cannot be written: No such file or directory"),
        (["runs", "--out", "."], "file '.' is a directory"),
        (["runs", "shot=5"], 'no filter key "shot". Did you mean shots?'),
        (["runs", "--format", "xlsx"], "'xlsx' is not one of 'csv', 'parquet'"),
    ],
)
def test_mistakes_are_one_line(specs: list[RunSpec], arguments: list[str], says: str) -> None:
    result = l2t("export", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_pyarrow_the_line_says_what_to_install(specs: list[RunSpec], tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    result = l2t("export", "runs", "--out", str(out), command=WITHOUT_PYARROW)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == ("l2t: Parquet needs the package pyarrow: pip install 'l2t[parquet]'. CSV needs nothing\n")
    assert not out.exists()
    assert len(lines(l2t("export", "runs", command=WITHOUT_PYARROW).stdout)) == 3


def test_an_empty_home_gives_a_header_and_stays_empty() -> None:
    result = l2t("export", "runs")
    assert (result.returncode, result.stdout) == (0, ",".join(RUN_COLUMNS) + "\n")
    assert "no runs yet" in result.stderr
    assert not Path(os.environ["L2T_HOME"]).exists()


def test_who_stops_reading_is_no_bug(specs: list[RunSpec]) -> None:
    shell = 'set -o pipefail; "$0" -c "from cli.app import main; main()" export runs | head -c 10'
    result = subprocess.run(["bash", "-c", shell, sys.executable], capture_output=True, text=True, check=False)
    assert result.stdout == "id,state,r"
    assert result.returncode in (0, 141)  # all of it fits into the pipe, or not
    assert "bug" not in result.stderr
