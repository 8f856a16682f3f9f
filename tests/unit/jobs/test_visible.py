"""CUDA_VISIBLE_DEVICES. Oracle: how torch reads it, which follows CUDA."""

import pytest
import torch.cuda
from fake_gpus import gpu, instance
from hypothesis import given
from hypothesis import strategies as some

from l2t.jobs.visible import visible_to_cuda

FOUR = [gpu(0, uuid="GPU-aa00"), gpu(1, uuid="GPU-ab11"), gpu(2, uuid="GPU-ab22"), gpu(3, uuid="GPU-cc33")]
DIVIDED = [gpu(0), instance(1, 0), instance(1, 1), gpu(2)]


def seen(visible: str | None, gpus: list = FOUR, order: str | None = None) -> list[str]:  # type: ignore[type-arg]
    return [gpu.index for gpu in visible_to_cuda(gpus, visible, order)[0]]


@pytest.mark.parametrize(
    ("visible", "indexes"),
    [
        (None, ["0", "1", "2", "3"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("2", ["2"]),
        ("3,0", ["3", "0"]),
        ("0, 1", ["0", "1"]),
        ("0,-1,1", ["0"]),
        ("0,9,1", ["0"]),
        ("0,,1", ["0"]),
        ("1,1", []),
        ("1gpu,2", ["1", "2"]),
        ("GPU-ab11", ["1"]),
        ("GPU-c,GPU-aa", ["3", "0"]),
        ("GPU-ab,GPU-aa", []),
        ("GPU-aa,GPU-ab,GPU-c", ["0"]),
        ("GPU-aa,2", ["0"]),
        ("2,GPU-aa", ["2"]),
        ("GPU-aa00,GPU-aa", []),
        ("GPU-none", []),
    ],
)
def test_it_is_read_as_cuda_reads_it(visible: str | None, indexes: list[str]) -> None:
    assert seen(visible) == indexes


ENTRIES = some.sampled_from(
    ["0", "1", "2", "3", "4", "-1", "", " 2", "+1", "1x", "x", "GPU-", "GPU-a", "GPU-aa", "GPU-ab11", "GPU-c", "MIG-1"]
)


@given(some.lists(ENTRIES, min_size=1, max_size=4).map(",".join))
def test_torch_reads_the_same(visible: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", visible)
        ordinals = torch.cuda._parse_visible_devices()
    if ordinals and isinstance(ordinals[0], str):
        ordinals = torch.cuda._transform_uuid_to_ordinals(ordinals, [gpu.uuid for gpu in FOUR])
    expected = []
    for ordinal in ordinals:
        if ordinal >= len(FOUR):
            break
        expected.append(str(ordinal))
    assert seen(visible) == expected


@pytest.mark.parametrize(
    ("visible", "indexes"),
    [
        (None, ["0", "1:0", "1:1", "2"]),
        ("MIG-00010001-bbbb", ["1:1"]),
        ("MIG-00010001-bbbb,MIG-00010000", ["1:1", "1:0"]),
        ("MIG-0001", []),
        ("1", ["1:0"]),
        ("2,1", ["2", "1:0"]),
        ("GPU-00000001-aaaa", ["1:0"]),
    ],
)
def test_a_divided_card_means_its_first_instance(visible: str | None, indexes: list[str]) -> None:
    assert seen(visible, DIVIDED, "PCI_BUS_ID") == indexes


def test_indexes_of_unlike_gpus_are_only_trusted_in_bus_order() -> None:
    """CUDA counts the fastest first, and what is inherited may be somebody's allocation."""
    unlike = [gpu(0, name="T400"), gpu(1, name="H100")]
    assert seen("0", unlike, "PCI_BUS_ID") == ["0"]
    assert seen("0", unlike) == seen("0", unlike, "FASTEST_FIRST") == []
    assert "CUDA_DEVICE_ORDER=PCI_BUS_ID" in visible_to_cuda(unlike, "0")[1]
    assert seen("1,0", unlike) == ["1", "0"]
    assert seen("GPU-00000001", unlike) == ["1"]
