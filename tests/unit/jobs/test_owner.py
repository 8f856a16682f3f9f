"""Whether the process of a claim still lives."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from l2t.jobs import owner
from l2t.jobs.owner import SILENCE, Liveness, current, lives_here, start_ticks


def test_this_process_lives() -> None:
    assert lives_here(current())
    assert Liveness()(current(), 0.0)
    assert current() == current()


def test_a_process_that_ended_is_dead_and_a_zombie_too() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    claim = replace(current(), pid=child.pid, start_ticks=start_ticks(child.pid))
    assert lives_here(claim)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, but not waited for: a zombie
    assert not lives_here(claim)
    child.communicate()
    assert not lives_here(claim)


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot_id": "another boot"}, {"pid": 2**22 + 1}])
def test_a_pid_used_again_and_another_boot_are_dead(change: dict[str, object]) -> None:
    assert not lives_here(replace(current(), **change))


def test_another_host_is_judged_by_how_long_its_heartbeat_stood_still(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    elsewhere, alive = replace(current(), host="another host"), Liveness()
    assert alive(elsewhere, 5.0)
    clock += SILENCE - 1
    assert alive(elsewhere, 5.0)
    assert alive(elsewhere, 6.0)
    clock += SILENCE - 1
    assert alive(elsewhere, 6.0)
    clock += 2
    assert not alive(elsewhere, 6.0)


@pytest.mark.parametrize("jump", [-1e9, -3600.0, 3600.0, 1e9])
def test_a_wall_clock_that_jumps_buries_nobody_and_raises_nobody(monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    clock = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    monkeypatch.setattr(time, "time", lambda: 1e9 + jump)
    elsewhere, alive = replace(current(), host="another host"), Liveness()
    assert alive(elsewhere, 1e9)
    assert alive(elsewhere, 1e9 + jump)  # it noted one heartbeat before the jump of its clock, one after it
    clock += SILENCE + 1
    assert not alive(elsewhere, 1e9 + jump)
    assert lives_here(current())


def test_a_program_name_with_brackets_and_blanks_hides_nothing(tmp_path: Path) -> None:
    program = tmp_path / ") Z ("
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "30"]) as child:
        ticks = start_ticks(child.pid)
        child.kill()
    assert ticks is not None
    assert ticks >= current().start_ticks


def test_without_proc_psutil_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(owner, "_PROC", tmp_path)
    me = current()
    assert me.start_ticks > 0
    assert start_ticks(os.getpid()) == me.start_ticks
    assert start_ticks(2**22 + 1) is None
