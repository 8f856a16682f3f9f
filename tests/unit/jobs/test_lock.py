"""Who holds a home."""

import json
import platform
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from l2t.errors import StoreError
from l2t.jobs import lock as lock_module
from l2t.jobs.lock import NAME, HeldError, HomeLock, _is_locked, holder, last_holder, read_holder
from l2t.jobs.owner import SILENCE, current, lives_here

HOLD = """
import sys, time
from pathlib import Path
from typing import Any
from l2t.jobs.lock import HeldError, HomeLock
try:
    with HomeLock(Path(sys.argv[1]), "up"):
        print("held", flush=True)
        sys.stdin.read()
except HeldError as error:
    print(error, flush=True)
"""


def start(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, home]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_of_eight_that_start_together_one_wins_and_the_others_say_who(tmp_path: Path) -> None:
    started = [start(tmp_path) for _ in range(8)]
    said = {process.pid: line(process) for process in started}
    winners = [pid for pid, text in said.items() if text == "held"]
    assert len(winners) == 1
    found = holder(tmp_path)
    assert found is not None
    assert found.owner.pid == winners[0]
    assert {text for text in said.values() if text != "held"} <= {
        f"{tmp_path} is held by the supervisor (l2t up), pid {winners[0]} on {platform.node()}."
        " l2t status shows its work, l2t down ends a supervisor",
        # whoever looked before the winner had written its name
        f"{tmp_path} is held by another process. l2t status shows its work, l2t down ends a supervisor",
    }
    for process in started:
        process.communicate()
    ended = last_holder(tmp_path)
    assert holder(tmp_path) is None
    assert ended is not None
    assert ended.ended == "finished"


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert line(process) == "held"
    with pytest.raises(HeldError) as caught:
        HomeLock(tmp_path, "run")
    assert caught.value.holder is not None
    assert caught.value.holder.owner.pid == process.pid
    process.kill()
    process.communicate()
    assert holder(tmp_path) is None
    with HomeLock(tmp_path, "run") as lock:
        found = holder(tmp_path)
        assert found == lock.holder
        assert (found.mode, found.owner) == ("run", current())
    assert holder(tmp_path) is None


def test_a_stop_is_told_from_an_end(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), HomeLock(tmp_path, "run"):
        raise KeyboardInterrupt
    found = last_holder(tmp_path)
    assert found is not None
    assert found.ended == "stopped"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"owner": 3}', '{"owner": {"host": "x"}}', "\0" * 100])
def test_a_record_that_cannot_be_read_stands_in_nobodys_way(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert holder(tmp_path) is None
    with HomeLock(tmp_path, "up"):
        assert holder(tmp_path) is not None


def another_host(home: Path, beat: float) -> None:
    with HomeLock(home, "up") as lock:
        pass
    elsewhere = replace(lock.holder, owner=replace(current(), host="box-2"), beat=beat, ended=None)
    (home / NAME).write_text(json.dumps(asdict(elsewhere)))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the home lay on a file system of the network."""
    monkeypatch.setattr(lock_module, "on_network", lambda path: True)


@pytest.mark.usefixtures("network")
def test_on_a_network_file_system_a_host_that_told_of_itself_lately_holds_the_home(tmp_path: Path) -> None:
    another_host(tmp_path, time.time() - 30)
    with pytest.raises(HeldError, match=r"pid \d+ on box-2"):
        HomeLock(tmp_path, "up")
    assert holder(tmp_path) is not None


def test_on_a_local_disk_the_record_of_another_host_is_a_leftover_of_a_copy(tmp_path: Path) -> None:
    another_host(tmp_path, time.time() - 30)
    assert holder(tmp_path) is None
    HomeLock(tmp_path, "up").close()


def test_a_machine_that_is_called_otherwise_by_now_still_holds_its_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(tmp_path)
    assert line(process) == "held"
    monkeypatch.setattr(platform, "node", lambda: "renamed")
    found = holder(tmp_path)
    assert found is not None
    assert lives_here(found.owner)
    process.kill()
    process.communicate()
    assert holder(tmp_path) is None
    HomeLock(tmp_path, "up").close()


def test_looking_takes_the_lock_from_nobody(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            _is_locked(tmp_path / NAME)

    watchers = [threading.Thread(target=look) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(20):
            HomeLock(tmp_path, "up").close()
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join()


def test_a_lock_that_was_removed_or_moved_away_is_noticed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with HomeLock(home, "up") as lock:
        assert lock.in_place
        home.rename(tmp_path / "moved")
        assert not lock.in_place
        (tmp_path / "moved").rename(home)
        assert lock.in_place
        (home / NAME).unlink()
        assert not lock.in_place


@pytest.mark.usefixtures("network")
def test_on_a_network_file_system_a_host_that_is_silent_holds_nothing(tmp_path: Path) -> None:
    another_host(tmp_path, time.time() - SILENCE - 1)
    assert holder(tmp_path) is None
    with HomeLock(tmp_path, "up") as lock:
        before = lock.holder.beat
        lock.beat()
        found = holder(tmp_path)
        assert found is not None
        assert found.beat > before


def test_a_home_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Choose another folder"):
        HomeLock(tmp_path / "file" / "home", "up")


@pytest.mark.parametrize("value", [None, 5, -1, True, "text", [], {}])
@pytest.mark.parametrize("key", ["owner", "mode", "since", "beat", "host", "pid", "start_ticks"])
def test_a_record_with_values_of_other_kinds_is_none(tmp_path: Path, key: str, value: Any) -> None:
    with HomeLock(tmp_path, "up") as lock:
        whole = asdict(lock.holder)
    assert read_holder(whole) == replace(lock.holder, ended=None)
    sound = (key in ("since", "beat", "start_ticks") and type(value) is int) or (key == "host" and value == "text")
    (whole if key in whole else whole["owner"])[key] = value
    assert (read_holder(whole) is not None) == (sound or (key == "pid" and value == 5))
