"""A third party's method, network and data set: the example package, installed and run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

L2T = str(Path(sys.executable).with_name("l2t"))
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "l2t-stripes"
RUN = ("--dataset", "stripes", "--target", "pyramid", "--shots", "2", "--set", "data.size=16")

BROKEN = """
[l2t.methods]
broken = nowhere:Config
ufm = nowhere:Config
leaving = leaving:Config
function = l2t.words:duration
bare = bare:Bare
asking = bare:Asking

[l2t.models]
number = l2t:ENGINE

[l2t.datasets]
empty = l2t.errors:DataError
"""
BARE = """
from l2t.methods.scratch.config import Config
from l2t.methods.base import MethodConfig

class Bare(MethodConfig):
    pass

class Asking(Config):
    weight: float
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example package installed, and with one whose entry points lead nowhere."""
    folder = tmp_path_factory.mktemp("site")
    copy = folder / "source"
    shutil.copytree(EXAMPLE, copy)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(folder / "installed"), str(copy)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    broken = folder / "installed" / "broken-0.1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 0.1\n")
    (broken / "entry_points.txt").write_text(BROKEN)
    (folder / "installed" / "leaving.py").write_text("raise SystemExit(3)")
    (folder / "installed" / "bare.py").write_text(BARE)
    return folder / "installed"


def l2t(*arguments: str, site: Path | None = None, code: int = 0) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PYTHONPATH": str(site)} if site else {})
    done = subprocess.run([L2T, *arguments], capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    return done


def test_an_installed_package_adds_a_method_a_network_and_a_data_set_that_run_together(site: Path) -> None:
    for listing, name in (("methods", "cosine"), ("models", "pyramid"), ("data list", "stripes")):
        names = [entry["name"] for entry in json.loads(l2t(*listing.split(), "--json", site=site).stdout)]
        assert names[-1] == name
    train = ("--name", "lines", "--dataset", "stripes", "--model", "pyramid", "--epochs", "2", "--set", "data.size=16")
    l2t("source", "train", *train, site=site)
    methods = ("--method", "scratch,cosine,l2twww", "--source", "lines", "--epochs", "2", "--jobs", "1", "--seeds", "1")
    l2t("run", *methods, *RUN, site=site)
    rows = json.loads(l2t("ls", "--json", site=site).stdout)
    assert {(row["method"], row["state"]) for row in rows} == {
        ("scratch", "done"),
        ("cosine", "done"),
        ("l2twww", "done"),
    }
    # Without the package its runs are still there to be read.
    assert "cosine" in l2t("report").stdout
    identity = next(row["id"] for row in rows if row["method"] == "cosine")
    assert "pyramid" in l2t("show", identity).stdout


def test_a_plug_in_that_does_not_load_is_told_once_and_left_out_and_replaces_nothing(site: Path) -> None:
    listed = l2t("methods", "--json", site=site)
    assert "broken" not in [method["name"] for method in json.loads(listed.stdout)]
    assert listed.stderr.count("method plug-in broken does not load: No module named 'nowhere'. It is left out") == 1
    assert listed.stderr.count("method plug-in ufm has a name of l2t's own. It is left out") == 1
    assert json.loads(l2t("methods", "show", "ufm", "--json", site=site).stdout)["name"] == "ufm"
    refused = l2t("run", "--method", "broken", *RUN, site=site, code=2)
    assert refused.stderr.splitlines()[-1] == "l2t: method plug-in broken does not load: No module named 'nowhere'"


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("method", "leaving", "does not load: it ends the program (3)"),
        ("method", "function", "is none: l2t.words:duration is no subclass of l2t.methods.base.MethodConfig"),
        ("method", "bare", "is none: bare:Bare has no summary, paper, loss, implementation"),
        ("method", "asking", "is none: bare:Asking has options without a default: weight"),
        ("model", "number", "is none: l2t:ENGINE is no l2t.models.base.ModelInfo"),
        ("data set", "empty", "is none: l2t.errors:DataError has no title, summary, padding, flip, expected, missing,"),
    ],
)
def test_what_is_no_plug_in_is_told_and_left_out(site: Path, kind: str, name: str, why: str) -> None:
    listing = {"method": ("methods",), "model": ("models",), "data set": ("data", "list")}[kind]
    listed = l2t(*listing, "--json", site=site)
    assert name not in [entry["name"] for entry in json.loads(listed.stdout)]
    assert listed.stderr.count(f"{kind} plug-in {name} {why}") == 1
    option = {"method": "--method", "model": "--target", "data set": "--dataset"}[kind]
    asked = {"--method": "scratch", "--target": "vgg-small", "--dataset": "digits"} | {option: name}
    words = [word for pair in asked.items() for word in pair]
    refused = l2t("run", *words, "--seeds", "1", "--dry-run", site=site, code=2)
    assert f"l2t: {kind} plug-in {name} {why}" in refused.stderr


def test_changed_code_of_one_version_is_told(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(site, other)
    run = ("run", "--method", "scratch", *RUN, "--epochs", "1", "--jobs", "1", "--seeds")
    l2t(*run, "1", site=other)
    with (other / "l2t_stripes" / "network.py").open("a") as file:
        file.write("\n# changed\n")
    l2t(*run, "2", site=other)
    report = " ".join(l2t("report", site=other).stdout.split())
    assert "The code of l2t-stripes is not the same: code " in report
    assert "1 run. Where it computes something else, raise the package's version" in report


def test_results_of_two_versions_of_a_package_are_never_mixed(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(site, other)
    metadata = next(other.glob("l2t_stripes-*.dist-info")) / "METADATA"
    metadata.write_text(metadata.read_text().replace("\nVersion: 0.1\n", "\nVersion: 0.2\n"))
    run = ("run", "--method", "scratch", *RUN, "--epochs", "1", "--jobs", "1", "--seeds", "1")
    l2t(*run, site=site)
    first = json.loads(l2t("ls", "--json").stdout)[0]["id"]
    shown = json.loads(l2t("show", first, "--json").stdout)
    assert shown["spec"]["packages"] == {"l2t-stripes": "0.1"}
    assert shown["environment"]["packages"]["l2t-stripes"] == "0.1"
    assert "packages.l2t-stripes  0.1" in l2t("show", first).stdout
    refused = l2t("verify", "method=scratch", site=other, code=1).stdout
    assert "asked for with l2t-stripes 0.1, and 0.2 is installed" in " ".join(refused.split())
    refused = l2t("verify", "method=scratch", code=1).stdout
    assert "l2t-stripes 0.1, which it needs, is not installed any more" in " ".join(refused.split())
    l2t(*run, site=other)
    assert len(json.loads(l2t("ls", "--json").stdout)) == 2
    assert "Give them rows of their own with --split-by packages.l2t-stripes" in l2t("report", code=2).stderr
    assert "scratch l2t-stripes=0.2" in l2t("report", "--split-by", "packages.l2t-stripes").stdout
