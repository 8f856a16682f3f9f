"""GPUs for tests."""

from dataclasses import dataclass, replace
from typing import Any

from l2t.jobs.gpus import Gpu, Process

GB = 10**9


@dataclass
class These:
    """A machine with some GPUs; a test may change them."""

    gpus: list[Gpu]
    reason: str | None = None

    def look(self) -> list[Gpu]:
        return list(self.gpus)


IDLE = Gpu("GPU-00000000-aaaa", "0", "NVIDIA H100", 80 * GB, 0, ())


def gpu(index: int, /, *pids: int, **changes: Any) -> Gpu:
    """The `index`-th GPU, with processes of 1 GB each."""
    uuid = f"GPU-{index:08x}-aaaa"
    processes = tuple(Process(pid, GB) for pid in pids)
    return replace(
        IDLE, **({"uuid": uuid, "index": str(index), "processes": processes, "used": len(pids) * GB} | changes)
    )


def instance(card: int, number: int, /, *pids: int, **changes: Any) -> Gpu:
    """An instance of a card that MIG divides."""
    names = {"uuid": f"MIG-{card:04x}{number:04x}-bbbb", "index": f"{card}:{number}", "card": f"GPU-{card:08x}-aaaa"}
    return gpu(card, *pids, **({"name": "NVIDIA H100 MIG 1g.10gb", "total": 10 * GB} | names | changes))
