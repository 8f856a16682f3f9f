"""Which device slots are open."""

from typing import Any

import pytest
from fake_gpus import GB, gpu, instance
from hypothesis import given
from hypothesis import strategies as some

from l2t.errors import UsageError
from l2t.jobs.gpus import UNEXPLAINED, Gpu, Process
from l2t.jobs.slots import Slots, SlotSettings, by_uuid, open_slots
from l2t.jobs.visible import visible_to_cuda

THREE = [gpu(0), gpu(1), gpu(2)]


def slots(
    gpus: list[Gpu], /, ours: dict[int, str | None] | None = None, visible: str | None = None, **settings: Any
) -> Slots:
    return open_slots(SlotSettings(**settings), gpus, visible, ours or {})


def names(found: Slots) -> list[str]:
    return [slot.name for slot in found.open]


def test_slots_are_those_of_the_cpu_and_one_a_gpu() -> None:
    found = slots(THREE, cpu=2)
    assert names(found) == ["cpu 0", "cpu 1", "gpu 0", "gpu 1", "gpu 2"]
    assert [(slot.device, slot.uuid) for slot in found.open][1:3] == [("cpu", None), ("cuda", THREE[0].uuid)]
    assert found.closed == []


def test_several_slots_a_gpu_have_names_and_numbers_of_their_own() -> None:
    found = slots([gpu(1)], per_gpu=2)
    assert [(slot.name, slot.number) for slot in found.open] == [("gpu 1.0", 0), ("gpu 1.1", 1)]


def test_an_inherited_set_is_never_left() -> None:
    found = slots(THREE, visible="2")
    assert names(found) == ["gpu 2"]
    assert found.closed == [(THREE[i].title, 'not in CUDA_VISIBLE_DEVICES="2"') for i in (0, 1)]


def test_a_gpu_with_a_foreign_process_is_left_alone_and_one_with_ours_is_not() -> None:
    gpus = [gpu(0, 10), gpu(1, 20), gpu(2, 10, 20)]
    found = slots(gpus, {10: gpus[0].uuid})
    assert names(found) == ["gpu 0"]
    assert found.closed == [(gpus[1].title, "in use by process 20"), (gpus[2].title, "in use by process 20")]


def test_processes_numbered_as_outside_of_this_container_are_ours_as_far_as_their_number_goes() -> None:
    one, two = gpu(0, 4711), gpu(0, 4711, 4712)
    assert names(slots([one], {10: one.uuid})) == ["gpu 0"]
    assert names(slots([two], {10: two.uuid})) == []
    assert names(slots([one])) == []


def test_a_screen_is_no_foreign_user() -> None:
    screen = gpu(0, used=2 * GB, processes=(Process(7, 2 * GB, "graphics"),))
    assert names(slots([screen])) == ["gpu 0"]


@pytest.mark.parametrize("processes", [None, ()], ids=["not told", "none of this container"])
def test_where_processes_are_hidden_memory_tells_of_them(processes: tuple[Process, ...] | None) -> None:
    assert names(slots([gpu(0, processes=processes, used=UNEXPLAINED)])) == ["gpu 0"]
    found = slots([gpu(0, processes=processes, used=3 * GB)])
    assert found.open == []
    assert found.closed[0][1] == "its memory is in use by processes that the driver does not show here"


def test_hidden_memory_is_ours_while_our_worker_is_there() -> None:
    hidden = gpu(0, processes=None, used=3 * GB)
    assert names(slots([hidden], {10: hidden.uuid})) == ["gpu 0"]
    assert names(slots([hidden], {10: "GPU-another"})) == []


def test_memory_beyond_that_of_our_visible_worker_is_somebody_elses() -> None:
    crowded = gpu(0, 10, used=30 * GB)
    assert names(slots([crowded], {10: crowded.uuid})) == []
    unknown = gpu(0, used=30 * GB, processes=(Process(10, None),))
    assert names(slots([unknown], {10: unknown.uuid})) == ["gpu 0"]


def test_each_slot_has_its_minimum_of_memory() -> None:
    small = gpu(0, total=20 * GB)
    assert len(slots([small], per_gpu=4, min_free=8 * GB).open) == 2
    full = gpu(0, total=20 * GB, used=15 * GB, processes=(Process(7, 15 * GB, "graphics"),))
    found = slots([full], min_free=8 * GB)
    assert found.closed == [(full.title, "less than 8.0 GB are free")]


def test_a_worker_that_has_not_taken_its_memory_yet_has_it_set_aside() -> None:
    starting = gpu(0, total=20 * GB)
    assert len(slots([starting], {10: starting.uuid, 11: starting.uuid}, per_gpu=4, min_free=8 * GB).open) == 2


def test_a_chosen_gpu_that_fails_is_said_to_and_the_others_go_on() -> None:
    settings = by_uuid(SlotSettings(gpus=("1", "2")), THREE, None)
    left = [gpu(0), gpu(1)]
    found = open_slots(settings, left, None, {})
    assert names(found) == ["gpu 1"]
    assert (f"gpu {THREE[2].uuid}", "does not answer any more") in found.closed


def test_an_inherited_set_stays_the_same_gpus_when_the_first_of_them_fails() -> None:
    settings = by_uuid(SlotSettings(), THREE, "0,2")
    assert names(open_slots(settings, THREE[1:], None, {})) == ["gpu 2"]
    assert by_uuid(SlotSettings(), THREE, None).gpus is None
    assert by_uuid(SlotSettings(), THREE, "").gpus == ()


@pytest.mark.parametrize(
    ("wanted", "indexes"),
    [
        (("2", "0"), [2, 0]),
        (("GPU-00000001-aaaa",), [1]),
        (("GPU-00000001",), [1]),
        (("1", "GPU-00000001"), [1]),
        ((), []),
    ],
)
def test_gpus_are_chosen_by_index_or_uuid(wanted: tuple[str, ...], indexes: list[int]) -> None:
    assert by_uuid(SlotSettings(gpus=wanted), THREE, None).gpus == tuple(THREE[i].uuid for i in indexes)
    assert {slot.uuid for slot in slots(THREE, gpus=wanted).open} == {THREE[i].uuid for i in indexes}


def test_the_instances_of_a_divided_card_are_gpus_of_their_own() -> None:
    gpus = [gpu(0), instance(1, 0), instance(1, 1, 30)]
    found = slots(gpus)
    assert names(found) == ["gpu 0", "gpu 1:0"]
    assert found.open[1].uuid == "MIG-00010000-bbbb"
    assert by_uuid(SlotSettings(gpus=("1",)), gpus, None).gpus == ("MIG-00010000-bbbb", "MIG-00010001-bbbb")
    assert by_uuid(SlotSettings(gpus=("1:1",)), gpus, None).gpus == ("MIG-00010001-bbbb",)
    assert by_uuid(SlotSettings(gpus=("1",)), gpus, "1", "PCI_BUS_ID").gpus == ("MIG-00010000-bbbb",)


@pytest.mark.parametrize(
    ("wanted", "visible", "message"),
    [
        ("7", None, '--gpus: no GPU is called "7". There are 0 (NVIDIA H100, GPU-00000000-aaaa), 1 (NVIDIA H100, '),
        ("x", "", '--gpus: no GPU is called "x". There is none within CUDA_VISIBLE_DEVICES=""'),
        ("GPU-0000", None, '--gpus: "GPU-0000" is the beginning of GPU-00000000-aaaa and GPU-00000001-aaaa'),
        ("0", "1", '"0" is outside CUDA_VISIBLE_DEVICES="1". There are 1 (NVIDIA H100, GPU-00000001-aaaa)'),
        ("", None, '--gpus: no GPU is called "". '),
    ],
)
def test_an_unknown_gpu_is_refused_with_those_there_are(wanted: str, visible: str | None, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        by_uuid(SlotSettings(gpus=(wanted,)), THREE, visible)
    assert message in str(refused.value)


def test_without_any_gpu_that_is_said() -> None:
    with pytest.raises(UsageError, match=r"There is none$"):
        by_uuid(SlotSettings(gpus=("0",)), [], None)


PIDS = range(1, 6)


@some.composite
def machines(draw: some.DrawFn) -> list[Gpu]:
    found = []
    for index in range(draw(some.integers(0, 4))):
        pids = draw(some.none() | some.sets(some.sampled_from(PIDS)))
        hidden = draw(some.sampled_from([0, 0, 100 << 20, 5 * GB]))
        used = len(pids or ()) * GB + hidden
        changes = {"used": used, "processes": None if pids is None else tuple(Process(pid, GB) for pid in sorted(pids))}
        if draw(some.booleans()):
            found.append(gpu(index, **changes))
        else:
            found += [instance(index, 0, **changes), instance(index, 1)]
    return found


@given(
    machines(),
    some.none()
    | some.lists(some.sampled_from(["0", "1", "2", "3", "-1", "GPU-00000001", "MIG-00020000"])).map(",".join),
    some.none() | some.lists(some.sampled_from(["0", "1", "2:1", "GPU-00000001", "MIG-0002"])).map(tuple),
    some.dictionaries(some.sampled_from(PIDS), some.sampled_from(["GPU-00000000-aaaa", "GPU-00000001-aaaa", None])),
    some.integers(0, 3),
    some.integers(1, 3),
    some.sampled_from([0, 1 * GB, 30 * GB]),
)
def test_slots_are_never_too_many_never_foreign_never_outside(
    gpus: list[Gpu],
    visible: str | None,
    wanted: tuple[str, ...] | None,
    ours: dict[int, str | None],
    cpu: int,
    per_gpu: int,
    min_free: int,
) -> None:
    settings = SlotSettings(cpu=cpu, gpus=wanted, per_gpu=per_gpu, min_free=min_free)
    found = open_slots(settings, gpus, visible, ours, "PCI_BUS_ID")
    assert sum(slot.device == "cpu" for slot in found.open) == cpu
    assert len({slot.name for slot in found.open}) == len(found.open)
    by = {gpu.uuid: gpu for gpu in gpus}
    counts = {uuid: sum(slot.uuid == uuid for slot in found.open) for uuid in by}
    closed = {title for title, _ in found.closed}
    for uuid, count in counts.items():
        assert count <= per_gpu
        assert (count > 0) is (by[uuid].title not in closed)
        if count:
            one = by[uuid]
            mine = sum(place == uuid for place in ours.values())
            shown = {process.pid for process in one.processes or ()}
            assert shown <= set(ours) or (shown.isdisjoint(ours) and len(shown) <= mine)
            assert mine or one.used - sum(GB for _ in one.processes or ()) <= UNEXPLAINED
            if min_free:
                assert count <= mine or one.used + (count - mine) * min_free <= one.total
            assert one in visible_to_cuda(gpus, visible, "PCI_BUS_ID")[0]
            assert wanted is None or any(
                name in (one.index, one.card, one.index.partition(":")[0]) or one.uuid.startswith(name)
                for name in wanted
            )
