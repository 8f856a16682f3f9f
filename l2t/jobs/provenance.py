"""Which code runs in this process, on which machine. Taken once, as the engine is loaded: what is edited or installed
later is not what runs. No torch."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import l2t

PACKAGES = ("l2t", "torch", "torchvision", "numpy", "scipy", "pillow", "scikit-learn", "matplotlib", "pydantic")
KINDS = ("methods", "phases", "models", "datasets")
"""Groups of entry points through which third parties add to l2t."""

LONGEST = 200_000
"""Bytes of uncommitted changes that are kept, names of untracked files included."""
GIT_SECONDS = 30
"""How long git may take on a slow disk."""


@cache
def provenance() -> dict[str, Any]:
    """Plain JSON values: versions of packages, Python and system, host, a hash of the code, and where it comes from."""
    package = Path(l2t.__file__).parent
    return {
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": platform.node(),
        "code": code_hash(package),
        "source_tree": source_tree(package) if (package.parent / ".git").exists() else installed_from("l2t"),
    }


def code_hash(package: Path) -> str:
    """16 hexadecimal digits of the names and contents of a package's modules and recipes: equal code, equal hash, in a
    checkout or installed."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in ("*.py", "*.toml") for path in package.rglob(pattern)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(package).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:16]


@cache
def plug_in_code(distribution: str) -> str:
    """`code_hash` of what a third party's package has for l2t; "" where it cannot be found."""
    digests = set()
    entries = (entry for kind in KINDS for entry in entry_points(group=f"l2t.{kind}"))
    for entry in entries:
        if entry.dist is None or entry.dist.name != distribution:
            continue
        found = find_spec(entry.module.partition(".")[0])
        if found is not None and found.submodule_search_locations:
            digests |= {code_hash(Path(folder)) for folder in found.submodule_search_locations}
        elif found is not None and found.origin:
            digests.add(hashlib.sha256(Path(found.origin).read_bytes()).hexdigest())
    return hashlib.sha256(" ".join(sorted(digests)).encode()).hexdigest()[:16] if digests else ""


def source_tree(package: Path) -> dict[str, Any]:
    """The commit of the checkout whose top folder holds `package`, and what differs from it: "diff" as `git apply`
    takes it, cut to LONGEST, "diff_cut" whether it was, "untracked" names. Changes nothing.

    Where git cannot tell: "commit" None and the "problem".
    """
    root = package.parent
    try:
        commit = _git(root, "rev-parse", "--verify", "HEAD").strip()
        listed = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", package.name)
        changed = _changed(root, package.name)
    except subprocess.TimeoutExpired:
        return {"commit": None, "problem": f"git took longer than {GIT_SECONDS} s"}
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        return {"commit": None, "problem": said[-1] if said else f"git ended with {error.returncode}"}
    except OSError as error:
        return {"commit": None, "problem": f"git: {error.strerror}"}
    untracked, names_cut = _cut(listed.replace("\0", "\n"), LONGEST)
    diff, diff_cut = _cut(changed, LONGEST - len(untracked.encode()))
    return {
        "commit": commit,
        "dirty": bool(listed or changed),
        "diff": diff,
        "diff_cut": names_cut or diff_cut,
        "untracked": untracked.splitlines(),
    }


def _changed(root: Path, name: str) -> str:
    """What the files differ in from the last commit. On a copy of the index: git would refresh and lock the user's."""
    index = root / _git(root, "rev-parse", "--git-path", "index").removesuffix("\n")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "index"
        if index.exists():
            shutil.copyfile(index, copy)
        plain = ("--no-ext-diff", "--no-textconv", "--no-color", "--full-index")
        return _git(root, "diff", "HEAD", *plain, "--", name, GIT_INDEX_FILE=str(copy))


def installed_from(name: str) -> dict[str, Any] | None:
    """The commit that pip installed a package from; None where it came from an index."""
    try:
        found = json.loads(Distribution.from_name(name).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, OSError, ValueError):
        return None
    commit = found.get("vcs_info", {}).get("commit_id")
    return {"commit": commit, "dirty": False} if commit else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(folder: Path, *command: str, **variables: str) -> str:
    # Without what a git hook sets for its own repository.
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    options = ("-c", "core.quotepath=off", "-c", "diff.noprefix=false", "-C", str(folder))
    done = subprocess.run(
        ["git", *options, *command],
        capture_output=True,
        check=True,
        timeout=GIT_SECONDS,
        env=own | {"LC_ALL": "C"} | variables,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.decode(errors="replace")


def _cut(text: str, size: int) -> tuple[str, bool]:
    """The whole lines of `text` that `size` bytes hold, and whether that is less than all."""
    data = text.encode()
    if len(data) <= size:
        return text, False
    return data[: data.rfind(b"\n", 0, max(0, size)) + 1].decode(), True
