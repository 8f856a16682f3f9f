"""What this machine has, what is missing, and what to do about it. Torch is asked in a subprocess, never imported."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from l2t import paths
from l2t.errors import L2tError
from l2t.jobs import lock
from l2t.jobs.gpus import Gpu, Gpus, with_children
from l2t.jobs.logind import Logout, at_logout
from l2t.jobs.nvml import Nvml
from l2t.jobs.slots import SlotSettings, open_slots
from l2t.jobs.status import read_snapshot
from l2t.jobs.webhook import read_address
from l2t.settings import NAME, read_settings
from l2t.store.mounts import file_system, on_network
from l2t.store.state import State
from l2t.store.store import Store

PROBE_SECONDS = 120
NEEDED_MEMORY = 2 * 10**9
"""Bytes below which one training of the thesis's networks may not fit."""
NEEDED_DISK = 5 * 10**9
"""Bytes below which data sets and checkpoints may not fit."""

PROBE = """
import json, torch
names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
memory = [torch.cuda.get_device_properties(i).total_memory for i in range(torch.cuda.device_count())]
print(json.dumps({"version": torch.__version__, "cuda": torch.version.cuda, "devices": list(zip(names, memory))}))
"""


class Verdict(StrEnum):
    """How a thing stands."""

    OK = "ok"
    MISSING = "missing"
    """Something optional is not there."""
    PROBLEM = "problem"
    """Nothing can be run like this."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""
    """What to do; empty where nothing has to be done."""


def examine(home: Path, gpus: Gpus | None = None, logout: Callable[[], Logout] = at_logout) -> list[Check]:
    """Look at everything. Writes nothing and creates nothing.

    gpus: what there is, None for what the NVIDIA driver tells; logout: what happens then to this user's processes.
    """
    driver = Nvml() if gpus is None else gpus
    found = driver.look()
    return [
        _python(),
        *_gpus(home, found, driver.reason),
        *_torch(len(found), driver.reason),
        _memory(),
        _disk("home", home, "--home or L2T_HOME"),
        _disk("data folder", paths.data(), "L2T_DATA"),
        *_settings(home),
        _supervisor(home),
        *_logout(logout()),
        *_datasets(),
        *_store(home),
    ]


def usable(checks: list[Check]) -> bool:
    """Whether runs can be started."""
    return all(check.verdict is not Verdict.PROBLEM for check in checks)


def _python() -> Check:
    return Check("Python", Verdict.OK, f"{platform.python_version()} at {sys.executable}")


def _gpus(home: Path, gpus: list[Gpu], reason: str | None) -> Iterator[Check]:
    """What the driver knows, and whether a supervisor would use it. Our own workers are those of the last snapshot."""
    if gpus and reason:
        yield Check("GPU", Verdict.MISSING, reason, "look at it with nvidia-smi; the others are used")
    snapshot = read_snapshot(home)
    ours = {slot.pid: slot.uuid for slot in snapshot.slots if slot.pid is not None and slot.uuid} if snapshot else {}
    visible, order = os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("CUDA_DEVICE_ORDER")
    closed = dict(open_slots(SlotSettings(), gpus, visible, with_children(gpus, ours), order).closed)
    for gpu in gpus:
        memory = f"{gpu.used / 1e9:.1f} of {gpu.total / 1e9:.0f} GB in use"
        busy = "" if gpu.utilisation is None else f", {gpu.utilisation:.0f} % busy"
        alone = f"; left alone: {closed[gpu.title]}" if gpu.title in closed else ""
        yield Check(f"GPU {gpu.index}", Verdict.OK, f"{gpu.name}, {memory}{busy}{alone}")


def _torch(gpus: int, reason: str | None) -> Iterator[Check]:
    """gpus: how many the driver has told of; reason: why it told of none."""
    try:
        probe = subprocess.run(
            [sys.executable, "-P", "-c", PROBE], capture_output=True, text=True, check=True, timeout=PROBE_SECONDS
        )
        found = json.loads(probe.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        yield Check("torch", Verdict.PROBLEM, f"did not start within {PROBE_SECONDS} s", "try python -c 'import torch'")
        return
    except (subprocess.CalledProcessError, OSError, ValueError, IndexError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip()
        yield Check(
            "torch",
            Verdict.PROBLEM,
            said.splitlines()[-1] if said else "does not start",
            "install PyTorch for this Python: https://pytorch.org/get-started",
        )
        return
    yield Check("torch", Verdict.OK, found["version"])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if found["devices"] and gpus:
        usable = len(found["devices"])
        yield Check("CUDA", Verdict.OK, f"CUDA {found['cuda']}, {usable} GPU{'s' * (usable > 1)} that torch can use")
    elif found["devices"]:
        for number, (name, memory) in enumerate(found["devices"]):
            yield Check(f"GPU {number}", Verdict.OK, f"{name}, {memory / 1e9:.0f} GB, CUDA {found['cuda']}")
    elif found["cuda"]:
        advice = "runs use the CPU; if the machine has a GPU, check its driver with nvidia-smi"
        why = f": {reason}" if reason and not gpus else ""
        yield Check("CUDA" if gpus else "GPU", Verdict.MISSING, f"none that CUDA {found['cuda']} can use{why}", advice)
    else:
        advice = "runs use the CPU; for a GPU install a CUDA build: https://pytorch.org/get-started"
        yield Check("CUDA" if gpus else "GPU", Verdict.MISSING, "this torch is built for the CPU", advice)
    yield Check("CPU", Verdict.OK, f"{cores} cores for {cores} runs at a time, one thread each")


def _memory() -> Check:
    import psutil

    memory = psutil.virtual_memory()
    enough = memory.available >= NEEDED_MEMORY
    return Check(
        "memory",
        Verdict.OK if enough else Verdict.MISSING,
        f"{memory.available / 1e9:.1f} GB of {memory.total / 1e9:.1f} GB free",
        "" if enough else "close other programs, or give l2t run a small --jobs: a run needs up to 2 GB",
    )


def _disk(name: str, folder: Path, setting: str) -> Check:
    """Room and permission where `folder` is, or will be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check(name, Verdict.PROBLEM, f"{folder} cannot be written", f"choose another folder with {setting}")
    free = shutil.disk_usage(there).free
    network = f", on a network ({file_system(there)}): one host at a time" if on_network(there) else ""
    where = f"{folder}{'' if there == folder else ' (made when needed)'}, {free / 1e9:.1f} GB free{network}"
    if free < NEEDED_DISK:
        advice = f"free some space, or choose another folder with {setting}: data sets and checkpoints need some GB"
        return Check(name, Verdict.MISSING, where, advice)
    return Check(name, Verdict.OK, where)


def _settings(home: Path) -> Iterator[Check]:
    try:
        settings = read_settings(home)
    except L2tError as error:
        yield Check("settings", Verdict.PROBLEM, str(error), "mend it; without the file all is as by default")
        return
    if settings.webhook.url is not None:
        shown = read_address(settings.webhook.url.get_secret_value()).shown
        yield Check("webhook", Verdict.OK, f"{shown} is told of {', '.join(settings.webhook.on)}")
    elif (home / NAME).exists():
        yield Check("settings", Verdict.OK, str(home / NAME))


def _supervisor(home: Path) -> Check:
    """Who works on the home; on a network that may be another host."""
    holder = lock.holder(home)
    if holder is None:
        last = lock.last_holder(home) if on_network(home) else None
        whose = f"; the last that did was {last.description}" if last else ""
        return Check("supervisor", Verdict.OK, f"none works on this home (l2t up starts one){whose}")
    elsewhere = holder.owner.host != platform.node()
    advice = f"start and stop work on {holder.owner.host}; reading works from here" if elsewhere else ""
    return Check(
        "supervisor", Verdict.MISSING if elsewhere else Verdict.OK, f"{holder.description}, works here", advice
    )


def _logout(logout: Logout) -> Iterator[Check]:
    if logout is Logout.STAY:
        return
    advice = "start it as a service of your own: docs/running-for-days.md, or systemd-run --user --scope l2t up"
    if logout is Logout.END:
        advice = f"first loginctl enable-linger, then {advice}"
    yield Check("logout", Verdict.MISSING, "logind ends processes at logout (KillUserProcesses), l2t up too", advice)


def _datasets() -> Iterator[Check]:
    from l2t.data.catalog import known

    for dataset in known():
        name = f"data {dataset.name}"
        if dataset.problem is not None:
            yield Check(name, Verdict.MISSING, dataset.problem, "put it back, or prepare it from another place")
        elif dataset.sizes:
            sizes = ", ".join(map(str, dataset.sizes))
            yield Check(name, Verdict.OK, f"{dataset.title}, ready at {sizes} px")
        elif dataset.missing is not None:
            advice = f"l2t data prepare {dataset.name} downloads it"
            yield Check(name, Verdict.MISSING, f"{dataset.title}, not here yet", advice)
        else:
            yield Check(name, Verdict.OK, f"{dataset.title}, prepared at first use")


def _store(home: Path) -> Iterator[Check]:
    try:
        with Store.read(home) as store:
            counts, sources = store.count(), [row for row in store.artefacts() if row.kind == "source"]
    except L2tError as error:
        yield Check("store", Verdict.PROBLEM, str(error), "see the message; run folders are not touched by it")
        return
    if sources:
        shown = ", ".join(f"{row.name} ({row.model})" for row in sources[:5])
        yield Check("sources", Verdict.OK, shown + (f" and {len(sources) - 5} more" if len(sources) > 5 else ""))
    else:
        advice = "l2t run trains the demo's by itself; l2t source import FILE takes the published ResNet-32"
        yield Check("sources", Verdict.MISSING, "no source network yet", advice)
    total = sum(counts.values())
    states = ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state])
    advice = "" if total else "l2t run --method scratch,ufm --seeds 5 starts some"
    yield Check("store", Verdict.OK, f"{total:,} runs: {states}" if total else "readable, no runs yet", advice)
