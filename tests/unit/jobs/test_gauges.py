"""What is read of the machine: the CPU really, GPUs as a driver would tell of them."""

import hashlib
import os
import pwd
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from fake_gpus import GB, These, gpu

from l2t.jobs import gauges as module
from l2t.jobs.gauges import Gauges
from l2t.jobs.gpus import NoGpus, Process


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look is a new one."""
    monkeypatch.setattr(module, "SOON", 0.0)


@contextmanager
def busy() -> Iterator[None]:
    """All cores have something to do."""
    over = threading.Event()

    def burn() -> None:
        data = bytes(1 << 20)
        while not over.is_set():
            hashlib.sha256(data)  # without the interpreter's lock

    threads = [threading.Thread(target=burn) for _ in range(psutil.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def idle_share(before: object, after: object) -> float:
    """Percent of the time between two readings of the kernel's counters in which cores did nothing."""
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    spent = {name: getattr(after, name, 0.0) - getattr(before, name, 0.0) for name in names}
    return 100 * (spent["idle"] + spent["iowait"]) / sum(spent.values())


def test_use_of_the_cpu_rises_to_all_of_it_when_all_cores_are_busy_and_is_what_the_kernel_counts() -> None:
    gauges = Gauges(NoGpus())
    gauges.look({})
    with busy():
        gauges.look({})
        before = psutil.cpu_times()
        time.sleep(1.0)
        cpu = gauges.look({}).cpu
        after = psutil.cpu_times()
    assert cpu.use > 90
    assert cpu.use == pytest.approx(100 - idle_share(before, after), abs=5)
    time.sleep(0.5)
    gauges.look({})
    before = psutil.cpu_times()
    time.sleep(1.0)
    readings = gauges.look({})
    # Others may work on this machine: what it is without us is what the kernel says.
    assert readings.cpu.use == pytest.approx(100 - idle_share(before, psutil.cpu_times()), abs=5)
    assert len(readings.history["cpu"]) == 5
    assert readings.history["cpu"][2] == cpu.use


def test_memory_load_and_cores_are_the_machine_s() -> None:
    cpu = Gauges(NoGpus()).look({}).cpu
    assert cpu.cores == os.cpu_count()
    assert 0 < cpu.used < cpu.total == psutil.virtual_memory().total
    assert cpu.load >= 0


def test_the_first_look_measures_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST", 0.5)
    with busy():
        assert Gauges(NoGpus()).look({}).history["cpu"][0] > 80  # type: ignore[operator]


def test_a_look_right_after_another_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SOON", 60.0)
    gauges = Gauges(NoGpus())
    assert gauges.look({}) is gauges.look({})


def test_the_history_is_as_long_as_it_may_be_and_has_a_gap_where_nobody_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    gauges = Gauges(NoGpus())
    for _ in range(2):
        gauges.look({})
    monkeypatch.setattr(module, "GAP", 0.0)
    line = gauges.look({}).history["cpu"]
    assert [value is None for value in line] == [False, True, False]


def test_a_gpu_that_comes_or_goes_leaves_the_others_where_they_are() -> None:
    machine = These([gpu(0, utilisation=10.0)])
    gauges = Gauges(machine)
    gauges.look({})
    machine.gpus = [gpu(0, utilisation=20.0), gpu(1, utilisation=30.0)]
    gauges.look({})
    machine.gpus = [gpu(1, utilisation=None)]
    history = gauges.look({}).history
    assert history[gpu(0).uuid] == (10.0, 20.0, None)
    assert history[gpu(1).uuid] == (30.0, None)


def test_processes_are_ours_or_those_of_a_user() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        one = gpu(0, child.pid, os.getpid())
        ((_, occupants),) = Gauges(These([one])).look({child.pid: one.uuid}).gpus
        child.communicate(b"\n")
    assert occupants is not None
    assert [(each.process.pid, each.ours) for each in occupants] == [(child.pid, True), (os.getpid(), False)]
    assert occupants[1].who == (pwd.getpwuid(os.getuid()).pw_name, psutil.Process().name())


def test_a_process_that_a_worker_started_is_ours() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        one = gpu(0, child.pid)
        ((_, occupants),) = Gauges(These([one])).look({os.getpid(): one.uuid}).gpus
        child.communicate(b"\n")
    assert occupants is not None
    assert occupants[0].ours


def test_where_a_process_is_not_this_machine_s_none_is_named() -> None:
    nobody = 4_000_000_000
    cards = [gpu(0, os.getpid()), gpu(1, processes=(Process(nobody, GB),))]
    readings = Gauges(These(cards)).look({})
    assert [each.who for _, occupants in readings.gpus for each in occupants or ()] == [None, None]


def test_hidden_processes_and_a_silent_driver_are_told() -> None:
    readings = Gauges(These([gpu(0, processes=None)], "gpu 1 does not answer: GPU is lost")).look({})
    assert readings.gpus[0][1] is None
    assert readings.reason == "gpu 1 does not answer: GPU is lost"


def test_a_user_without_a_name_is_a_number() -> None:
    assert module._user(3_999_999_999) == "user 3999999999"


def test_this_machine_s_driver_answers_or_says_why_not() -> None:
    readings = Gauges().look({})
    assert readings.gpus or readings.reason
