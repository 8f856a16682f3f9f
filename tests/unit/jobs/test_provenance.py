"""Which code ran, told by real checkouts."""

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from l2t.jobs import provenance as module
from l2t.jobs.provenance import code_hash, installed_from, provenance, source_tree


def git(folder: Path, *command: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@test", "-c", "commit.gpgsign=false"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", folder, *identity, *command], check=True, capture_output=True, text=True, env=own
    )
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A committed package of two modules."""
    folder = tmp_path / "checkout" / "l2t"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("one = 1\n")
    (folder / "b.py").write_text("two = 2\n")
    (folder.parent / ".gitignore").write_text("*.pyc\n")
    git(folder.parent, "init", "-q")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "-qm", "start")
    return folder


def test_it_is_plain_json_and_names_versions_host_and_code() -> None:
    found = provenance()
    assert json.loads(json.dumps(found)) == found
    assert found["packages"]["torch"] == version("torch")
    assert found["host"] == platform.node()
    assert found["python"] == platform.python_version()
    assert len(found["code"]) == 16


def test_a_clean_checkout_is_its_commit(package: Path) -> None:
    assert source_tree(package) == {
        "commit": git(package, "rev-parse", "HEAD"),
        "dirty": False,
        "diff": "",
        "diff_cut": False,
        "untracked": [],
    }


def test_changes_staged_or_not_are_a_diff_that_can_be_applied(package: Path, tmp_path: Path) -> None:
    shutil.copytree(package.parent, tmp_path / "other")
    (package / "a.py").write_text("one = 3\n")
    (package / "b.py").write_text("two = 4\n")
    git(package, "add", "b.py")
    found = source_tree(package)
    assert found["dirty"]
    (tmp_path / "diff").write_text(found["diff"])
    git(tmp_path / "other", "apply", str(tmp_path / "diff"))
    assert (tmp_path / "other" / "l2t" / "a.py").read_text() == "one = 3\n"
    assert (tmp_path / "other" / "l2t" / "b.py").read_text() == "two = 4\n"


def test_untracked_files_are_named_and_what_lies_elsewhere_is_not(package: Path) -> None:
    (package / "näw\nname.py").touch()
    (package / "c.pyc").touch()
    (package.parent / "notes.txt").touch()
    (package.parent / ".gitignore").write_text("*.pyc\nnothing\n")
    found = source_tree(package)
    assert found["dirty"]
    assert found["untracked"] == ["l2t/näw", "name.py"]
    assert found["diff"] == ""


def test_what_is_kept_is_bounded_and_ends_with_a_whole_line(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (package / "new.py").touch()
    (package / "a.py").write_text("".join(f"ünë = {number}\n" for number in range(30_000)))
    found = source_tree(package)
    assert found["diff_cut"]
    assert 190_000 < len(found["diff"].encode()) + len("l2t/new.py\n") <= 200_000
    assert found["diff"].endswith("\n")
    assert found["untracked"] == ["l2t/new.py"]
    monkeypatch.setattr(module, "LONGEST", 4)
    found = source_tree(package)
    assert (found["diff"], found["untracked"], found["diff_cut"], found["dirty"]) == ("", [], True, True)


def test_nothing_is_written_and_the_hooks_of_another_repository_do_not_matter(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = package.parent / ".git" / "index"
    os.utime(package / "a.py", (1, 1))  # `git diff` would refresh the index for this
    before = index.read_bytes()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    found = source_tree(package)
    assert (found["commit"] is not None, found["dirty"], found["diff"]) == (True, False, "")
    assert index.read_bytes() == before


def test_what_git_cannot_tell_is_a_problem_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "l2t").mkdir()
    git(tmp_path, "init", "-q")
    found = source_tree(tmp_path / "l2t")
    assert found["commit"] is None
    assert found["problem"] == "fatal: Needed a single revision"
    monkeypatch.setattr(module, "GIT_SECONDS", 0)
    assert source_tree(tmp_path / "l2t")["problem"] == "git took longer than 0 s"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert source_tree(tmp_path / "l2t") == {"commit": None, "problem": "git: No such file or directory"}


def test_equal_code_has_an_equal_hash_wherever_it_lies(package: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(package, tmp_path / "site-packages" / "l2t")
    assert code_hash(copy) == code_hash(package)
    (copy / "a.py").write_text("one = 9\n")
    changed = code_hash(copy)
    assert changed != code_hash(package)
    (copy / "a.py").rename(copy / "c.py")
    assert code_hash(copy) not in (changed, code_hash(package))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("{}", None),
        ("not json", None),
        ('{"url": "x", "vcs_info": {"vcs": "git", "commit_id": "abc"}}', {"commit": "abc", "dirty": False}),
    ],
)
def test_an_installation_from_a_repository_knows_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, expected: dict[str, Any] | None
) -> None:
    info = tmp_path / "madeup-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: madeup\nVersion: 1.0\n")
    if text is not None:
        (info / "direct_url.json").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_from("madeup") == expected
    assert installed_from("not-installed") is None


def test_it_needs_no_torch() -> None:
    command = "import sys; from l2t.jobs.provenance import provenance; provenance(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", command]).returncode == 0
