"""When runs that wait are expected to have ended."""

from typing import Any

import pytest

from l2t.jobs.status import SlotStatus
from l2t.store.rows import JobRow, Turn
from l2t.store.state import State
from tui.turns import in_turn, left

NOW = 1000.0


def job(id: str, epoch: int, epochs: int = 10, since: float = 100.0, **other: Any) -> JobRow:
    values: dict[str, Any] = {"kind": "run", "attempts": 1, "device": "cpu", "claimed": NOW - since, **other}
    names = ("reason", "message", "finished", "heartbeat", "host", "pid", "accuracy", "ending")
    return JobRow(
        id=id, name=id, state=State.RUNNING, created=0.0, epoch=epoch, epochs=epochs, **dict.fromkeys(names), **values
    )


def slots(number: int, device: str = "cpu") -> list[SlotStatus]:
    return [SlotStatus(f"{device} {at}", device, None, None, None, None) for at in range(number)]


def waiting(*seconds: float | None, device: Any = "cpu") -> list[Turn]:
    return [Turn(str(at), device, each) for at, each in enumerate(seconds)]


def test_what_runs_is_judged_by_its_epochs_so_far() -> None:
    assert left(job("a", 5), NOW) == pytest.approx(100.0)
    assert left(job("a", 10), NOW) == 0.0


@pytest.mark.parametrize("unknown", [job("a", 0), job("a", 5, attempts=2), job("a", 5, claimed=None)])
def test_without_a_pace_nothing_is_told(unknown: JobRow) -> None:
    assert left(unknown, NOW) is None


def test_each_slot_takes_the_next_run_when_it_is_free() -> None:
    running = [job("a", 5), job("b", 9, since=90.0)]  # 100 s and 10 s left
    assert in_turn(waiting(30.0, 60.0, 20.0), slots(2), running, NOW) == {"0": 1040.0, "1": 1100.0, "2": 1120.0}


def test_a_slot_whose_job_has_no_pace_takes_none() -> None:
    assert in_turn(waiting(30.0, 30.0), slots(2), [job("a", 0)], NOW) == {"0": 1030.0, "1": 1060.0}
    assert in_turn(waiting(30.0), slots(1), [job("a", 0)], NOW) == {}


def test_before_anything_is_done_a_run_takes_what_running_ones_come_to() -> None:
    assert in_turn(waiting(None), slots(2), [job("a", 5)], NOW) == {"0": 1200.0}
    assert in_turn(waiting(None), slots(2), [], NOW) == {}


def test_a_run_waits_for_a_slot_of_its_device() -> None:
    turns = [*waiting(30.0, device="cuda"), Turn("cpu", "cpu", 10.0)]
    assert in_turn(turns, slots(1), [], NOW) == {"cpu": 1010.0}
