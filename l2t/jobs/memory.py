"""Memory of one job in a process that computes many, and whether that process uses a GPU. Worker-only."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def cuda_in_use() -> bool:
    """Whether this process has a CUDA context. Never makes one, nor imports torch."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())


def reset_peak() -> None:
    """Begin a new measurement. Where the system cannot, the peak counts from the start of the process."""
    with suppress(OSError):
        _RESET.write_text("5")  # resets VmHWM, see proc(5)
    if cuda_in_use():
        sys.modules["torch"].cuda.reset_peak_memory_stats()


def peak(device: str) -> int:
    """Peak since `reset_peak`, bytes: on cuda of the GPU memory that torch held, else of the process."""
    if device == "cuda" and cuda_in_use():
        allocated: int = sys.modules["torch"].cuda.max_memory_allocated()
        return allocated
    with suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    # ru_maxrss is in kilobytes, but in bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def resident() -> int:
    """Memory of this process now, bytes."""
    with suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    import psutil

    used: int = psutil.Process().memory_info().rss
    return used
