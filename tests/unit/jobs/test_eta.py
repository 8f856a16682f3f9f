"""The estimate of the time that is left."""

import pytest

from l2t.jobs.eta import remaining
from l2t.store.rows import JobRow, Pace
from l2t.store.state import State


def job(kind: str = "run", epoch: int = 0, epochs: int = 10, claimed: float = 0.0) -> JobRow:
    return JobRow(
        *(f"{kind}{claimed}", kind, "name", State.RUNNING, None, None, epoch, epochs, 1, 0.0, claimed, None),
        *(None, None, None, None, None, "cpu"),
    )


def test_nothing_is_known_before_the_first_epoch() -> None:
    assert remaining([Pace("ufm", 5, None)], [job()], 2, now=3.0) is None


def test_a_cells_own_mean_counts_then_its_methods_then_all() -> None:
    paces = [Pace("ufm", 2, 10.0), Pace("ufm", 1, None), Pace("l2tww", 1, None), Pace("scratch", 0, 2.0)]
    assert remaining(paces, [], 1, now=0.0) == pytest.approx(2 * 10 + 10 + 6)


def test_workers_share_what_is_left() -> None:
    assert remaining([Pace("ufm", 4, 10.0)], [], 2, now=0.0) == 20
    assert remaining([Pace("ufm", 1, 10.0)], [], 8, now=0.0) == 10


def test_running_ones_tell_at_their_present_speed() -> None:
    # 5 of 10 epochs in 20 s: 40 s a run; one of two is half done.
    assert remaining([Pace("ufm", 2, None)], [job(epoch=5, claimed=80.0)], 1, now=100.0) == pytest.approx(60)


def test_a_source_comes_first() -> None:
    running = [job("source", epoch=2, claimed=90.0)]
    assert remaining([Pace("ufm", 2, 10.0)], running, 2, now=100.0) == pytest.approx(40 + 10)
    assert remaining([], running, 2, now=100.0) == pytest.approx(40)


def test_a_clock_set_back_makes_no_negative_time() -> None:
    assert remaining([Pace("ufm", 1, None)], [job(epoch=5, claimed=100.0)], 1, now=50.0) == 0
