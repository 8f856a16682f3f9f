"""CUDA_VISIBLE_DEVICES, read as CUDA reads it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TypeVar

from l2t.jobs.gpus import Gpu

T = TypeVar("T")


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
    entries = visible.split(",")
    kind = entries[0][:4]
    if kind in ("GPU-", "MIG-"):
        names = list(takewhile(lambda entry: entry.startswith(kind), entries))
        chosen = list(_until_unknown(_by_uuid(name, gpus) for name in names))
        twice = len(set(names)) < len(names) or len({gpu.uuid for gpu in chosen}) < len(chosen)
        return [] if twice else chosen, reason
    numbers = list(_until_unknown(_number(entry.strip()) for entry in entries))
    if len(set(numbers)) < len(numbers):
        return [], reason
    cards = {gpu.index.partition(":")[0]: gpu for gpu in reversed(gpus)}
    indexes = list(takewhile(lambda index: index in cards, map(str, numbers)))
    unlike = len({gpu.name for gpu in gpus}) > 1
    if unlike and order != "PCI_BUS_ID" and 0 < len(indexes) < len(cards):
        return [], (
            f'CUDA_VISIBLE_DEVICES="{visible}" counts unlike GPUs in an order that only CUDA knows: '
            "name them by UUID (nvidia-smi -L), or set CUDA_DEVICE_ORDER=PCI_BUS_ID"
        )
    return [cards[index] for index in indexes], reason


def _until_unknown(found: Iterable[T | None]) -> Iterator[T]:
    for item in found:
        if item is None:
            return
        yield item


def _number(entry: str) -> int | None:
    """The number that an entry begins with, as strtoul finds it; None where it begins with none, or a negative one."""
    digits = re.match(r"\+?([0-9]+)", entry)
    return int(digits[1]) if digits else None


def _by_uuid(entry: str, gpus: Sequence[Gpu]) -> Gpu | None:
    cards = {gpu.card or gpu.uuid for gpu in gpus if (gpu.card or gpu.uuid).startswith(entry)}
    instances = {gpu.uuid for gpu in gpus if gpu.uuid.startswith(entry)}
    matches = cards | instances
    if len(matches) != 1:
        return None
    (uuid,) = matches
    return next(gpu for gpu in gpus if uuid in (gpu.uuid, gpu.card))
