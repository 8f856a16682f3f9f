"""The kind of device runs are trained on. torch is asked in a subprocess, and only where there is an NVIDIA device."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from l2t.errors import UsageError
from l2t.jobs.gpus import Gpus
from l2t.jobs.nvml import Nvml
from l2t.jobs.visible import visible_to_cuda
from l2t.spec import content_hash
from l2t.spec.run import Device
from l2t.store.files import write_json

_PROBE = "import torch; print(torch.cuda.is_available())"


def choose_device(
    wanted: Literal["auto", "cpu", "cuda"],
    home: Path,
    chosen: tuple[str, ...] | None = None,
    gpus: Gpus | None = None,
) -> Device:
    """`auto`: cuda where there is a GPU that may be used and torch can use, else cpu.

    chosen: the GPUs of the device slots (`SlotSettings.gpus`); gpus: what there is, None for what the driver tells. The
    answer of torch, which takes seconds, is kept in an existing home for this torch, driver and set of visible devices.
    Raises UsageError where cuda is wanted and cannot be had.
    """
    if wanted == "cpu":
        return "cpu"
    if chosen == ():
        reason = "no GPU is to be used (--gpus none)"
    elif not _nvidia_devices():
        reason = "this machine has no NVIDIA device (/dev/nvidia0, …)"
    elif (problem := _no_gpu(Nvml() if gpus is None else gpus)) is not None:
        reason = problem
    elif not _torch_has_cuda(home):
        reason = "the installed torch cannot use the NVIDIA device here (its CUDA build or the driver; see l2t doctor)"
    else:
        return "cuda"
    if wanted == "cuda":
        raise UsageError(f"--device cuda: {reason}. Take --device cpu")
    return "cpu"


def _no_gpu(gpus: Gpus) -> str | None:
    """Why there is no GPU for a device slot; None where there is one, used by others or not."""
    found = gpus.look()
    if not found:
        return gpus.reason or "the driver knows no GPU"
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    allowed, refusal = visible_to_cuda(found, visible, os.environ.get("CUDA_DEVICE_ORDER"))
    return None if allowed else f"every GPU is {refusal}" if refusal.startswith("not ") else refusal


def _nvidia_devices() -> list[Path]:
    # dxg: the paravirtual device through which WSL shows its GPU.
    return [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev").glob("dxg")]


def _torch_has_cuda(home: Path) -> bool:
    file = home / "device.json"
    key = content_hash([version("torch"), _driver(), os.environ.get("CUDA_VISIBLE_DEVICES")])
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError):
        known = {}
    if isinstance(known, dict) and known.get("key") == key:
        return bool(known.get("cuda"))
    try:
        answer = subprocess.run([sys.executable, "-P", "-c", _PROBE], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return False
    found = answer.stdout.strip() == "True"
    if home.is_dir():
        write_json(file, {"key": key, "cuda": found})
    return found


def _driver() -> str:
    try:
        return Path("/proc/driver/nvidia/version").read_text()
    except OSError:
        return ""
