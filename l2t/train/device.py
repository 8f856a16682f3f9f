"""The process made ready for one job, whatever the jobs before it left: device, threads, precision, every switch of
torch that a result depends on."""

import os
import random
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from l2t.errors import UsageError
from l2t.spec.settings import TrainSettings

backends: Any = torch.backends
"""Its switches are properties of modules, which types do not describe."""


def ready(device: str, train: TrainSettings) -> torch.device:
    """Set every global switch that a result depends on, and return the device.

    A job in a warm process gives the same bits as in a fresh one: what an earlier job can have changed is set again, to
    torch's own defaults where nothing else is needed. Hooks on all modules and `with` blocks left open are not undone.

    device: "cpu" or "cuda". Raises UsageError where torch sees no CUDA device.
    """
    # cuBLAS is deterministic only with a fixed workspace, whose size it reads at its first use.
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    if device == "cuda":
        if not torch.cuda.is_available():
            raise UsageError("the run asks for CUDA, and torch sees no CUDA device (l2t doctor; --device cpu)")
        _cuda()
    _processor(train.threads)
    _defaults()
    _deterministic()
    _precision(train.precision == "tf32")
    _seeds()
    return torch.device(device)


def _cuda() -> None:
    torch.cuda.set_device(0)
    torch.cuda.set_stream(torch.cuda.default_stream())
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()  # cuDNN takes another algorithm where its first choice finds too little memory


def _processor(threads: int) -> None:
    torch.set_num_threads(threads)
    with suppress(RuntimeError):  # once a process; no result depends on it
        torch.set_num_interop_threads(1)
    torch.set_flush_denormal(False)
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")


def _defaults() -> None:
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.autograd.set_detect_anomaly(False)
    torch.autograd.set_multithreading_enabled(True)
    for kind, dtype in (("cpu", torch.bfloat16), ("cuda", torch.float16)):
        torch.set_autocast_enabled(kind, False)
        torch.set_autocast_dtype(kind, dtype)
    torch.set_autocast_cache_enabled(True)
    torch.clear_autocast_cache()
    backends.mkldnn.enabled = True
    backends.nnpack.set_flags(True)
    backends.mha.set_fastpath_enabled(True)
    backends.opt_einsum.enabled = backends.opt_einsum.is_available()
    backends.opt_einsum.strategy = "auto" if backends.opt_einsum.is_available() else None
    for choose in ("flash", "mem_efficient", "math", "cudnn"):
        getattr(backends.cuda, f"enable_{choose}_sdp")(True)
    backends.cuda.preferred_blas_library("default")
    backends.cuda.preferred_linalg_library("default")


def _deterministic() -> None:
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    backends.mkldnn.deterministic = False  # torch's own default: its CPU convolutions repeat bit for bit without it
    backends.cudnn.enabled = True
    backends.cudnn.benchmark = False
    backends.cudnn.deterministic = True


def _precision(tf32: bool) -> None:
    # Mixed use of torch's older and newer switches makes it refuse to read them: the newer ones first, all alike.
    torch.set_float32_matmul_precision("highest")
    backends.fp32_precision = "ieee"
    cuda, cudnn, mkldnn = backends.cuda, backends.cudnn, backends.mkldnn
    for part in (cuda.matmul, cudnn, cudnn.conv, cudnn.rnn, mkldnn, mkldnn.matmul, mkldnn.conv, mkldnn.rnn):
        part.fp32_precision = "ieee"
    cuda.matmul.allow_tf32 = tf32
    cudnn.allow_tf32 = tf32
    cuda.matmul.allow_fp16_reduced_precision_reduction = True
    cuda.matmul.allow_bf16_reduced_precision_reduction = True
    cuda.matmul.allow_fp16_accumulation = False


def _seeds() -> None:
    """The generators that nothing here draws from, for what a plug-in draws."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def check(device: str) -> None:
    """Compute a product on the device and look at it. Raises what torch raises where a GPU has failed or lost its
    driver, RuntimeError where the product is wrong."""
    ones = torch.ones(64, 64, device=device)
    if not torch.equal((ones @ ones).cpu(), torch.full((64, 64), 64.0)):
        raise RuntimeError(f"{device} computes wrong products")
