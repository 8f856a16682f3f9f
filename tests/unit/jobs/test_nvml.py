"""The driver's answers, by a stand-in for pynvml that raises its real errors."""

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from l2t.jobs.gpus import Process
from l2t.jobs.nvml import Nvml

GB = 1 << 30


class Card:
    """One GPU; values that are exceptions are raised."""

    def __init__(self, name: str = "NVIDIA H100", **answers: Any) -> None:
        self.answers: dict[str, Any] = {
            "UUID": f"GPU-{name}",
            "Name": name,
            "MemoryInfo": SimpleNamespace(total=80 * GB, used=GB),
            "ComputeRunningProcesses": [],
            "GraphicsRunningProcesses": [],
            "UtilizationRates": SimpleNamespace(gpu=7),
            "Temperature": 61,
            "PowerUsage": 350_500,
            "MigMode": error(pynvml.NVML_ERROR_NOT_SUPPORTED),
        } | answers


class Driver:
    """Stands in for the module `pynvml`."""

    nvmlMemory_v2 = pynvml.nvmlMemory_v2  # noqa: N815
    NVML_DEVICE_MIG_ENABLE = pynvml.NVML_DEVICE_MIG_ENABLE
    NVMLError = pynvml.NVMLError

    def __init__(self, *cards: Card | Exception) -> None:
        self.cards = list(cards)
        self.failing: Exception | None = None
        self.opened = self.closed = 0

    def nvmlInit(self) -> None:  # noqa: N802
        if self.failing:
            raise self.failing
        self.opened += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.closed += 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        if self.failing:
            raise self.failing
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:  # noqa: N802
        return given(self.cards[index])

    def nvmlDeviceGetMaxMigDeviceCount(self, card: Card) -> int:  # noqa: N802
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card: Card, number: int) -> Card:  # noqa: N802
        return given(card.answers["parts"].get(number, error(pynvml.NVML_ERROR_NOT_FOUND)))

    def nvmlDeviceGetMemoryInfo(self, card: Card, version: int | None = None) -> Any:  # noqa: N802
        if version is not None and "old" in card.answers:
            raise card.answers["old"]
        return given(card.answers["MemoryInfo"])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("nvmlDeviceGet"):
            return lambda card, *_: given(card.answers[name.removeprefix("nvmlDeviceGet")])
        return getattr(pynvml, name)


def error(code: int) -> Exception:
    return pynvml.NVMLError(code)


def given(answer: Any) -> Any:
    if isinstance(answer, Iterator):
        answer = next(answer)
    if isinstance(answer, Exception):
        raise answer
    return answer


def process(pid: int, memory: int | None = GB) -> SimpleNamespace:
    return SimpleNamespace(pid=pid, usedGpuMemory=memory)


LOST = pynvml.NVML_ERROR_GPU_IS_LOST
REFUSED = pynvml.NVML_ERROR_NO_PERMISSION


def test_a_gpu_has_its_uuid_memory_processes_and_use() -> None:
    nvml = Nvml(Driver(Card(ComputeRunningProcesses=[process(9), process(5, None)])))
    (found,) = nvml.look()
    assert (found.uuid, found.index, found.name) == ("GPU-NVIDIA H100", "0", "NVIDIA H100")
    assert (found.total, found.used, found.utilisation) == (80 * GB, GB, 7.0)
    assert (found.temperature, found.power) == (61, 350.5)
    assert found.processes == (Process(5, None), Process(9, GB))
    assert nvml.reason is None


def test_bytes_of_older_versions_of_the_package_are_read() -> None:
    (found,) = Nvml(Driver(Card(UUID=b"GPU-1", Name=b"K80"))).look()
    assert (found.uuid, found.name) == ("GPU-1", "K80")


def test_a_process_that_computes_and_draws_counts_as_one_that_computes() -> None:
    card = Card(ComputeRunningProcesses=[process(5)], GraphicsRunningProcesses=[process(5), process(6)])
    assert Nvml(Driver(card)).look()[0].processes == (Process(5, GB), Process(6, GB, "graphics"))


def test_hidden_processes_are_not_taken_for_none() -> None:
    assert Nvml(Driver(Card(ComputeRunningProcesses=error(REFUSED)))).look()[0].processes is None
    assert Nvml(Driver(Card(GraphicsRunningProcesses=error(REFUSED)))).look()[0].processes == ()


def test_what_is_not_measured_is_not_known() -> None:
    unmeasured = dict.fromkeys(
        ("UtilizationRates", "Temperature", "PowerUsage"), error(pynvml.NVML_ERROR_NOT_SUPPORTED)
    )
    (found,) = Nvml(Driver(Card(**unmeasured))).look()
    assert (found.utilisation, found.temperature, found.power) == (None, None, None)


def test_memory_that_a_process_takes_or_frees_during_the_look_is_not_counted() -> None:
    readings = [SimpleNamespace(total=80 * GB, used=used) for used in (9 * GB, 2 * GB)]
    for order in (readings, readings[::-1]):
        assert Nvml(Driver(Card(MemoryInfo=iter(order)))).look()[0].used == 2 * GB


@pytest.mark.parametrize("code", [pynvml.NVML_ERROR_FUNCTION_NOT_FOUND, pynvml.NVML_ERROR_NOT_SUPPORTED])
def test_an_older_driver_is_asked_for_memory_in_the_older_way(code: int) -> None:
    assert Nvml(Driver(Card(old=error(code)))).look()[0].used == GB


def test_a_divided_card_is_its_instances() -> None:
    parts = {0: Card("MIG 1g", UUID="MIG-a"), 2: Card("MIG 2g", UUID="MIG-b")}
    card = Card(MigMode=[1, 1], parts=parts, UUID="GPU-card")
    found = Nvml(Driver(Card("T4", MigMode=[0, 1]), card)).look()
    assert [(gpu.uuid, gpu.index, gpu.card) for gpu in found] == [
        ("GPU-T4", "0", None),
        ("MIG-a", "1:0", "GPU-card"),
        ("MIG-b", "1:2", "GPU-card"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        lambda: error(LOST),
        lambda: Card(MemoryInfo=error(LOST)),
        lambda: Card(UUID=error(LOST)),
        lambda: Card(MigMode=[1, 1], parts={0: error(LOST)}),
    ],
)
def test_a_card_that_fell_over_hides_no_other_and_moves_no_index(broken: Callable[[], Any]) -> None:
    nvml = Nvml(Driver(Card("A"), broken(), Card("C")))
    assert [(gpu.name, gpu.index) for gpu in nvml.look()] == [("A", "0"), ("C", "2")]
    assert nvml.reason == "gpu 1 does not answer: GPU is lost"


def test_all_that_fell_over_are_told() -> None:
    nvml = Nvml(Driver(error(LOST), error(REFUSED)))
    assert nvml.look() == []
    assert nvml.reason == "gpu 0 does not answer: GPU is lost; gpu 1 does not answer: Insufficient Permissions"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver is installed (libnvidia-ml.so.1)"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "the NVIDIA driver is not loaded"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "RM has detected an NVML/RM version mismatch."),
    ],
)
def test_without_a_driver_there_are_none_until_there_is_one(code: int, words: str) -> None:
    driver = Driver(Card())
    driver.failing = error(code)
    nvml = Nvml(driver)
    assert nvml.look() == []
    assert nvml.reason == words
    driver.failing = None
    assert len(nvml.look()) == 1
    assert nvml.reason is None


def test_a_driver_that_goes_away_is_released_and_opened_again() -> None:
    driver = Driver(Card())
    nvml = Nvml(driver)
    nvml.look()
    nvml.look()
    assert driver.opened == 1
    driver.failing = error(pynvml.NVML_ERROR_UNKNOWN)
    assert nvml.look() == []
    driver.failing = None
    assert len(nvml.look()) == 1
    assert (driver.opened, driver.closed) == (2, 1)
    nvml.close()
    assert driver.closed == 2


def test_while_the_driver_hangs_gpus_are_as_they_last_were_and_only_the_first_look_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()
    gate.set()
    driver = Driver(Card("A"), Card("B"))
    answer = driver.nvmlDeviceGetHandleByIndex
    monkeypatch.setattr(driver, "nvmlDeviceGetHandleByIndex", lambda index: (gate.wait(20), answer(index))[1])
    nvml = Nvml(driver)
    seen = nvml.look()
    gate.clear()
    driver.cards = [error(LOST), Card("B")]
    nvml.patience = 0.05
    assert nvml.look() == seen
    assert nvml.reason == "the NVIDIA driver has not answered within 0.05 s"
    nvml.patience = 20.0
    began = time.monotonic()
    assert nvml.look() == seen
    assert time.monotonic() - began < 5
    gate.set()
    deadline = time.monotonic() + 20
    while len(found := nvml.look()) == 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [gpu.name for gpu in found] == ["B"]
    assert nvml.reason == "gpu 0 does not answer: GPU is lost"


def test_an_answer_that_nobody_expects_is_a_reason() -> None:
    nvml = Nvml(Driver(Card(UUID=b"\xff")))
    assert nvml.look() == []
    assert nvml.reason == "the NVIDIA driver's answer cannot be read (UnicodeDecodeError)"


def test_a_driver_without_cards_says_so() -> None:
    nvml = Nvml(Driver())
    assert nvml.look() == []
    assert nvml.reason == "the NVIDIA driver knows no GPU"


def test_a_missing_package_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pynvml", None)
    nvml = Nvml()
    assert nvml.look() == []
    assert nvml.reason == "the package nvidia-ml-py is missing"


def test_the_real_package_answers_on_any_machine() -> None:
    nvml = Nvml()
    assert nvml.look() or nvml.reason
    nvml.close()
