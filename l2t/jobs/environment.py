"""Where and with what a run was computed: `env.json`. Worker-only: imports torch.

The *fingerprint* is the part that decides bits: on an equal one a run is the same, interrupted and resumed or not.
"""

import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any

import torch

from l2t.jobs.provenance import plug_in_code, provenance
from l2t.spec import ArtefactSpec, RunSpec, SourceSpec

DECIDING = (
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "DNNL_DEFAULT_FPMATH_MODE",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "TORCH_BLAS_PREFER_CUBLASLT",
)
"""Environment variables that change arithmetic, read by libraries at their start."""


def fingerprint(device: str, threads: int) -> dict[str, Any]:
    """What two computations must share to give the same bits: CPU model, threads, torch; on CUDA also the GPU's model,
    driver and cuDNN. "variables": those of the environment that change arithmetic, where any is set."""
    found: dict[str, Any] = {"device": device, "torch": torch.__version__, "threads": threads, "cpu": _cpu()}
    variables = {name: os.environ[name] for name in DECIDING if os.environ.get(name)}
    if variables:
        found["variables"] = variables
    if device == "cuda":
        found |= {
            "gpu": torch.cuda.get_device_name(),
            "driver": _driver(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        }
    return found


def environment(spec: RunSpec | SourceSpec | ArtefactSpec) -> dict[str, Any]:
    """The contents of `env.json` for a job that this process computes."""
    known = provenance()
    return known | {
        "packages": known["packages"] | spec.packages,
        "fingerprint": fingerprint(spec.device, spec.train.threads),
        "device": _device(spec.device),
        "pid": os.getpid(),
        "command": sys.argv,
        "data": {spec.dataset: spec.checksum},
        "plug_ins": {name: plug_in_code(name) for name in spec.packages},
    }


def _device(kind: str) -> dict[str, Any]:
    """Which one of its kind: unlike the fingerprint, two equal GPUs are told apart."""
    if kind != "cuda":
        return {"kind": kind, "name": _cpu()}
    properties = torch.cuda.get_device_properties()
    return {
        "kind": kind,
        "name": properties.name,
        "uuid": str(properties.uuid),
        "memory": properties.total_memory,
        "driver": _driver(),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
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
