"""CUDA_VISIBLE_DEVICES, read as CUDA reads it."""

import re
from collections.abc import Sequence

from l2t.jobs.gpus import Gpu


def visible_to_cuda(gpus: Sequence[Gpu], visible: str | None, order: str | None = None) -> tuple[list[Gpu], str]:
    """The GPUs that an inherited CUDA_VISIBLE_DEVICES leaves, and why it leaves no other.

    visible: its value, None where it is not set. An entry is an index, a UUID, or the beginning of one UUID alone; the
    first that is none of these (-1, by custom) ends the list, and one that is given twice empties it. The first entry
    decides whether all are indexes, GPU- or MIG- names. The index or UUID of a card that MIG divides means its first
    instance.

    order: CUDA_DEVICE_ORDER. Unless it is PCI_BUS_ID, CUDA counts the fastest GPU first, an order that is known only
    where all are alike: elsewhere a part of them, named by index, is nobody's.

    Oracle: `torch.cuda._parse_visible_devices` (tests/unit/jobs/test_visible.py).
    """
    if visible is None:
        return list(gpus), ""
    reason = f'not in CUDA_VISIBLE_DEVICES="{visible}"'
    entries = [entry.strip() for entry in visible.split(",")]
    kind = entries[0][:4]
    chosen: list[Gpu] = []
    if kind in ("GPU-", "MIG-"):
        for entry in entries:
            named = _by_uuid(entry, gpus) if entry.startswith(kind) else None
            if named is None:
                break
            if named in chosen:
                return [], reason
            chosen.append(named)
        return chosen, reason
    cards = list(dict.fromkeys(gpu.index.partition(":")[0] for gpu in gpus))
    indexes: list[str] = []
    for entry in entries:
        number = re.match(r"\+?[0-9]+", entry)
        index = str(int(number[0])) if number else ""
        if index not in cards:
            break
        if index in indexes:
            return [], reason
        indexes.append(index)
    unlike = len({gpu.name for gpu in gpus}) > 1
    if unlike and order != "PCI_BUS_ID" and 0 < len(indexes) < len(cards):
        return [], (
            f'CUDA_VISIBLE_DEVICES="{visible}" counts unlike GPUs in an order that only CUDA knows: '
            "name them by UUID (nvidia-smi -L), or set CUDA_DEVICE_ORDER=PCI_BUS_ID"
        )
    return [next(gpu for gpu in gpus if gpu.index.partition(":")[0] == index) for index in indexes], reason


def _by_uuid(entry: str, gpus: Sequence[Gpu]) -> Gpu | None:
    cards = {gpu.card or gpu.uuid for gpu in gpus if (gpu.card or gpu.uuid).startswith(entry)}
    instances = {gpu.uuid for gpu in gpus if gpu.uuid.startswith(entry)}
    matches = cards | instances
    if len(matches) != 1:
        return None
    (uuid,) = matches
    return next(gpu for gpu in gpus if uuid in (gpu.uuid, gpu.card))
