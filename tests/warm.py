"""Jobs one after the other in one process: `python warm.py FOLDER WORD…`. A word is the name of a file of a run's
specification (`A.json` in the folder), `hostile`: a job that leaves every switch of the process changed, or `switches`:
how they stand. Prints a list: of each run all that it found, bit for bit, and the switches."""

import hashlib
import json
import os
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from obedient import Obedient

from l2t.spec import RunSpec
from l2t.store.folder import JobFolder
from l2t.train.run import train_run


def hostile() -> None:
    """Change whatever a job can change and a later one's result may depend on."""
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(1234)
    torch.set_num_threads(3)
    with suppress(RuntimeError):
        torch.set_num_interop_threads(3)
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_flush_denormal(True)
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = True
    torch.set_float32_matmul_precision("medium")
    torch.autograd.set_detect_anomaly(True)
    torch.autograd.set_multithreading_enabled(False)
    for kind in ("cpu", "cuda"):
        torch.set_autocast_enabled(kind, True)
        torch.set_autocast_dtype(kind, torch.bfloat16)
    torch.set_autocast_cache_enabled(False)
    backends = torch.backends
    backends.fp32_precision = "tf32"
    backends.cuda.matmul.fp32_precision = "tf32"
    backends.cudnn.conv.fp32_precision = "ieee"
    backends.cudnn.rnn.fp32_precision = "tf32"  # unlike conv: torch then refuses to read cudnn.allow_tf32
    backends.mkldnn.matmul.fp32_precision = "bf16"
    backends.mkldnn.conv.fp32_precision = "bf16"
    backends.cudnn.enabled = backends.mkldnn.enabled = False
    backends.cudnn.benchmark = backends.mkldnn.deterministic = True
    backends.cudnn.deterministic = False
    backends.nnpack.set_flags(False)
    backends.cuda.matmul.allow_fp16_accumulation = True
    backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    backends.cuda.enable_math_sdp(False)
    np.seterr(all="raise")
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":0:0"


def switches() -> dict[str, str]:
    """Every switch that `hostile` changes."""
    cuda, cudnn, mkldnn = torch.backends.cuda, torch.backends.cudnn, torch.backends.mkldnn
    readers = {
        "random": lambda: random.getstate()[1][:3],
        "numpy.random": lambda: np.random.get_state()[1][:3],
        "torch.random": torch.initial_seed,
        "threads": torch.get_num_threads,
        "grad": torch.is_grad_enabled,
        "dtype": torch.get_default_dtype,
        "device": torch.get_default_device,
        "denormal": lambda: (torch.tensor(1e-310, dtype=torch.float64, device="cpu") / 2).item(),
        "deterministic": torch.are_deterministic_algorithms_enabled,
        "fill": lambda: torch.utils.deterministic.fill_uninitialized_memory,
        "matmul": torch.get_float32_matmul_precision,
        "anomaly": torch.is_anomaly_enabled,
        "multithreading": torch.autograd.is_multithreading_enabled,
        "autocast": lambda: (torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")),
        "autocast dtype": lambda: torch.get_autocast_dtype("cuda"),
        "autocast cache": torch.is_autocast_cache_enabled,
        "fp32": lambda: torch.backends.fp32_precision,
        "cuda.fp32": lambda: cuda.matmul.fp32_precision,
        "cudnn.tf32": lambda: cudnn.allow_tf32,
        "cudnn.rnn.fp32": lambda: cudnn.rnn.fp32_precision,
        "mkldnn.matmul.fp32": lambda: mkldnn.matmul.fp32_precision,
        "mkldnn.conv.fp32": lambda: mkldnn.conv.fp32_precision,
        "cudnn": lambda: cudnn.enabled,
        "mkldnn": lambda: mkldnn.enabled,
        "cudnn.benchmark": lambda: cudnn.benchmark,
        "cudnn.deterministic": lambda: cudnn.deterministic,
        "mkldnn.deterministic": lambda: mkldnn.deterministic,
        "fp16": lambda: cuda.matmul.allow_fp16_accumulation,
        "bf16": lambda: cuda.matmul.allow_bf16_reduced_precision_reduction,
        "sdp": cuda.math_sdp_enabled,
        "numpy.errors": np.geterr,
        "workspace": lambda: os.environ["CUBLAS_WORKSPACE_CONFIG"],
    }
    found = {}
    for name, read in readers.items():
        try:
            found[name] = str(read())
        except RuntimeError:
            found[name] = "not readable"
    return found


def found(spec: RunSpec, folder: JobFolder, home: Path) -> dict[str, Any]:
    folder.make()
    result = train_run(spec, folder, home, Obedient())
    traces = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.traces.glob("*"))}
    return {"result": result, "metrics": folder.metrics.read_text(), "traces": traces}


def main() -> None:
    folder, *words = sys.argv[1:]
    findings: list[dict[str, Any]] = []
    for number, word in enumerate(words):
        if word == "hostile":
            hostile()
        elif word == "switches":
            findings.append(switches())
        else:
            spec = RunSpec.model_validate_json((Path(folder) / f"{word}.json").read_text())
            place = JobFolder(Path(folder) / "-".join(words) / str(number))
            findings.append(found(spec, place, Path(folder) / "home"))
    print(json.dumps(findings))


if __name__ == "__main__":
    main()
