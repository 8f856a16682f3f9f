"""The process made ready for one job: device, threads, precision, deterministic algorithms."""

import os

import torch

from l2t.errors import UsageError
from l2t.spec.settings import TrainSettings


def ready(device: str, train: TrainSettings) -> torch.device:
    """Set every global switch that a result depends on, and return the device.

    device: "cpu" or "cuda". Raises UsageError where torch sees no CUDA device.
    """
    # cuBLAS is deterministic only with a fixed workspace, whose size it reads at its first use.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("the run asks for CUDA, and torch sees no CUDA device (l2t doctor; --device cpu)")
    torch.set_num_threads(train.threads)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    tf32 = train.precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    return torch.device(device)
