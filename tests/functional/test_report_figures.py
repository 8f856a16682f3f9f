"""`l2t report figures` as a user runs it."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from l2t.spec import RunSpec, SourceRef
from l2t.store.folder import JobFolder
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store

L2T = str(Path(sys.executable).with_name("l2t"))
SOURCE = SourceRef(hash="ab" * 8, name="tiny-200", model="resnet32", outputs=200)


@pytest.fixture
def home(tmp_path: Path, make_run: Callable[..., RunSpec]) -> Path:
    """Two methods at two numbers of shots, two seeds each; the first run's metrics are damaged."""
    specs = [
        make_run(seed=seed, method=method, source=None if method == "scratch" else SOURCE, options={}, shots=shots)
        for shots in (5, 10)
        for method in ("scratch", "ufm")
        for seed in range(2)
    ]
    owner = Owner("box", "boot", 1, 1)
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 2, specs))
        for number in range(len(specs)):
            job = store.claim(owner)
            assert job is not None
            folder = JobFolder.of(tmp_path / "home", "run", job.id)
            folder.make()
            folder.metrics.write_text('{"epoch": 1, "accuracy": NaN}\n{torn' if number == 0 else "")
            store.finish(job.id, owner, {"accuracy": 50.0 + number}, 1.0, 1)
    return tmp_path / "home"


def l2t(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [L2T, *arguments], capture_output=True, text=True, cwd=cwd, env=os.environ | environment, timeout=120
    )


def said(found: subprocess.CompletedProcess[str]) -> list[str]:
    """Lines on stderr but for those of progress, which a slow machine gets."""
    return [line for line in found.stderr.splitlines() if not line.startswith("l2t: figures: made ")]


def test_files_are_written_and_named_on_stdout_and_nothing_is_left_in_the_users_home(home: Path) -> None:
    own = home.parent / "user"
    own.mkdir()
    environment = {"HOME": str(own), "DISPLAY": "", "MPLBACKEND": "tkagg"}
    environment |= {name: str(own / name) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    kinds = ("--format", "pdf", "--format", "svg", "--format", "png")
    found = l2t("report", "figures", "shots", "distribution", *kinds, "--out", "a/b", cwd=home.parent, **environment)
    assert (found.returncode, said(found)) == (0, [])
    files = [f"a/b/{name}.{kind}" for name in ("shots", "distribution-digits") for kind in ("pdf", "svg", "png")]
    assert found.stdout.splitlines() == files
    assert sorted(path.name for path in (home.parent / "a/b").iterdir()) == sorted(Path(file).name for file in files)
    starts = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}
    for file in files:
        assert (home.parent / file).read_bytes().startswith(starts[file[-3:]])
    assert list(own.iterdir()) == []
    assert ET.parse(home.parent / files[1]).getroot().attrib["width"] == "244.8pt"


def test_json_tells_captions_and_runs_and_filters_follow_the_names(home: Path) -> None:
    found = l2t("report", "figures", "all", "method=ufm", "--columns", "2", "--json", cwd=home.parent)
    assert found.returncode == 0
    entries = json.loads(found.stdout)
    assert [entry["figure"] for entry in entries] == ["shots", "distribution"]
    assert [entry["file"] for entry in entries] == ["figures/shots.pdf", "figures/distribution-digits.pdf"]
    with Store.read(home) as store:
        ufm = {row.id for row in store.runs() if row.method == "ufm"}
    assert all(set(entry["runs"]) == ufm for entry in entries)
    assert all("n = 2" in entry["caption"] for entry in entries)
    assert all(line.startswith("l2t: no figure ") for line in said(found))
    assert any("gamma" in line and "l2t run --force --method l2twww" in line for line in said(found))


def test_what_cannot_be_made_or_written_is_one_clear_line(home: Path) -> None:
    (home.parent / "file").write_text("mine")
    (home.parent / "folder/shots.pdf").mkdir(parents=True)
    for arguments, words in {
        ("shots", "gamma", "shots=5"): "no figure could be made of these runs",
        ("shotz",): 'no figure "shotz". Did you mean shots?',
        ("shots", "--out", "file"): "no folder can be made at file: File exists",
        ("shots", "--out", "folder"): "folder/shots.pdf is a folder",
        ("shots", "shots=99"): "no run meets this selection",
        ("shots", "--split-by", "nothing"): "nothing",
    }.items():
        found = l2t("report", "figures", *arguments, cwd=home.parent)
        assert (found.returncode, found.stdout) == (2, "")
        assert words in found.stderr.splitlines()[-1]
        assert "Traceback" not in found.stderr
    assert (home.parent / "file").read_text() == "mine"
    assert [path.name for path in (home.parent / "folder").iterdir()] == ["shots.pdf"]


def test_tables_never_import_matplotlib(home: Path) -> None:
    script = (
        "import sys; sys.argv = ['l2t', 'report']\n"
        "from cli.app import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'matplotlib', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60)
