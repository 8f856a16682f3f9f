"""Where and with what a run was computed: `env.json`. Worker-only: imports torch.

The *fingerprint* is the part that decides bits: on an equal one a run is the same, interrupted and resumed or not.
"""

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import l2t
from l2t.spec import RunSpec, SourceSpec

PACKAGES = ("l2t", "torch", "torchvision", "numpy", "scipy", "pillow", "scikit-learn", "matplotlib", "pydantic")


def fingerprint(device: str, threads: int) -> dict[str, Any]:
    """What two computations must share to give the same bits: CPU model, threads, torch; on CUDA also the GPU's model,
    driver and cuDNN."""
    found: dict[str, Any] = {"device": device, "torch": torch.__version__, "threads": threads, "cpu": _cpu()}
    if device == "cuda":
        found |= {
            "gpu": torch.cuda.get_device_name(),
            "driver": _driver(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        }
    return found


def environment(spec: RunSpec | SourceSpec) -> dict[str, Any]:
    """The contents of `env.json` for a job that this process computes."""
    return {
        "fingerprint": fingerprint(spec.device, spec.train.threads),
        "packages": _packages(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": platform.node(),
        "pid": os.getpid(),
        "command": sys.argv,
        "source_tree": _source_tree(),
        "data": {spec.dataset: spec.checksum},
    }


@cache
def _cpu() -> str:
    """The processor's model and the instructions that torch uses on it. Virtual machines share names ("AMD EPYC"):
    family, model and stepping tell them apart."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        lines = []
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = found.get("model name") or platform.processor() or platform.machine()
    numbers = [f"{key} {found[key]}" for key in ("cpu family", "model", "stepping") if key in found]
    return ", ".join([name, *numbers, torch.backends.cpu.get_cpu_capability()])


@cache
def _driver() -> str:
    """The GPU driver's version line; "" where the kernel does not tell."""
    try:
        return Path("/proc/driver/nvidia/version").read_text().splitlines()[0]
    except (OSError, IndexError):
        return ""


@cache
def _packages() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


@cache
def _source_tree() -> dict[str, Any] | None:
    """Commit of the code that runs, and whether it has uncommitted changes; None where it is no git checkout."""
    root = Path(l2t.__file__).parents[1]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain", "--", "l2t"))}
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *command: str) -> str:
    done = subprocess.run(["git", "-C", root, *command], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()
