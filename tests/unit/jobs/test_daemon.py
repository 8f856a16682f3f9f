"""The supervisor as a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l2t.errors import StoreError
from l2t.jobs.daemon import ask_down, go_on, start, wait_down
from l2t.jobs.lock import Holder, HomeLock, holder, last_holder
from l2t.jobs.owner import lives_here
from l2t.jobs.slots import SlotSettings
from l2t.jobs.status import read_snapshot
from l2t.spec import RunSpec
from l2t.store.rows import RunRow, Submission
from l2t.store.state import State
from l2t.store.store import Store

MakeRun = Callable[..., RunSpec]


def submit(home: Path, runs: list[RunSpec]) -> None:
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", len(runs), runs))


def rows(home: Path) -> list[RunRow]:
    with Store.read(home) as store:
        return store.runs(order="seed")


def wait(holds: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def up(tmp_path: Path, tiny_engine: str) -> Iterator[Callable[[], Holder]]:
    """Starts a supervisor for the test's home; it is down at the test's end."""
    home = tmp_path / "home"
    yield lambda: start(home, SlotSettings(cpu=1), tiny_engine)
    ask_down(home, now=True)
    assert wait_down(home, 30)


def test_it_works_detached_and_goes_down_when_asked(
    tmp_path: Path, make_run: MakeRun, up: Callable[[], Holder]
) -> None:
    home = tmp_path / "home"
    submit(home, [make_run(seed) for seed in range(3)])
    found = up()
    assert found == holder(home)
    assert (found.mode, os.getsid(found.owner.pid)) == ("up", found.owner.pid)
    wait(lambda: all(row.state == State.DONE for row in rows(home)))
    submit(home, [make_run(9)])
    wait(lambda: rows(home)[-1].state == State.DONE)
    shown = read_snapshot(home)
    assert shown is not None
    assert [slot.name for slot in shown.slots] == ["cpu 0"]
    assert ask_down(home, now=False) == found
    assert wait_down(home, 30)
    ended = last_holder(home)
    assert ended is not None
    assert ended.ended == "down"
    assert ask_down(home, now=False) is None
    assert read_snapshot(home) is None


def test_the_second_says_who_was_first(tmp_path: Path, up: Callable[[], Holder]) -> None:
    first = up()
    with pytest.raises(StoreError, match=rf"is held by the supervisor .*pid {first.owner.pid}"):
        up()


def test_a_hangup_is_not_heard_and_down_now_checkpoints(
    tmp_path: Path, make_run: MakeRun, up: Callable[[], Holder]
) -> None:
    home = tmp_path / "home"
    submit(home, [make_run(epochs=10_000, options={"sleep": 0.01})])
    found = up()
    wait(lambda: rows(home)[0].epoch > 3)
    os.kill(found.owner.pid, signal.SIGHUP)
    time.sleep(0.3)
    assert holder(home) == found
    ask_down(home, now=True)
    assert wait_down(home, 30)
    assert rows(home)[0].state == State.QUEUED


def test_a_drain_is_taken_back(tmp_path: Path, make_run: MakeRun, up: Callable[[], Holder]) -> None:
    home = tmp_path / "home"
    submit(home, [make_run(seed, epochs=60, options={"sleep": 0.02}) for seed in range(2)])
    found = up()
    wait(lambda: rows(home)[0].epoch > 3)
    ask_down(home, now=False)
    wait(lambda: (shown := read_snapshot(home)) is not None and shown.doing == "draining")
    assert go_on(home, found)
    wait(lambda: all(row.state == State.DONE for row in rows(home)))
    assert holder(home) == found


def test_what_is_told_to_go_on_too_late_goes_on_or_has_ended(tmp_path: Path, up: Callable[[], Holder]) -> None:
    home = tmp_path / "home"
    for wait_seconds in (0.0, 0.3, 0.6):
        found = up() if holder(home) is None else holder(home)
        assert found is not None
        ask_down(home, now=False)
        time.sleep(wait_seconds)
        if go_on(home, found):
            time.sleep(1.5)
            assert holder(home) == found
        else:
            assert wait_down(home, 0)


def test_a_home_that_is_moved_away_ends_its_supervisor(
    tmp_path: Path, make_run: MakeRun, up: Callable[[], Holder]
) -> None:
    home = tmp_path / "home"
    submit(home, [make_run()])
    found = up()
    wait(lambda: rows(home)[0].state == State.DONE)
    home.rename(tmp_path / "moved")
    wait(lambda: not lives_here(found.owner))
    assert not (home / "l2t.db").exists()


def test_a_store_that_is_replaced_ends_its_supervisor_and_the_next_one_works_on_the_new(
    tmp_path: Path, make_run: MakeRun, up: Callable[[], Holder]
) -> None:
    home = tmp_path / "home"
    submit(home, [make_run(0)])
    found = up()
    wait(lambda: rows(home)[0].state == State.DONE)
    for path in home.glob("l2t.db*"):
        path.unlink()
    submit(home, [make_run(1)])
    wait(lambda: not lives_here(found.owner))
    up()
    wait(lambda: rows(home)[0].state == State.DONE)


def test_a_killed_one_is_followed_by_another_that_goes_on(
    tmp_path: Path, make_run: MakeRun, up: Callable[[], Holder]
) -> None:
    home = tmp_path / "home"
    submit(home, [make_run(epochs=100, options={"sleep": 0.02})])
    found = up()
    wait(lambda: rows(home)[0].epoch > 3)
    os.kill(found.owner.pid, signal.SIGKILL)
    wait(lambda: holder(home) is None)
    assert up().owner.pid != found.owner.pid
    wait(lambda: rows(home)[0].state == State.DONE)
    assert rows(home)[0].attempts == 2


def test_what_keeps_it_from_starting_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"did not start: .*Choose another folder"):
        start(tmp_path / "file" / "home", SlotSettings(cpu=1))


def test_a_run_in_the_foreground_is_not_ended_from_elsewhere(tmp_path: Path) -> None:
    with HomeLock(tmp_path, "run"), pytest.raises(StoreError, match="press Ctrl-C there"):
        ask_down(tmp_path, now=True)


def test_files_named_like_modules_in_the_working_directory_change_nothing(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("cli", "tui", "random", "l2t", "logging", "json", "typer", "torch"):
        (trap / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the working directory was imported')\n")
    home = tmp_path / "home"
    submit(home, [make_run()])
    script = (
        "import sys; from pathlib import Path\n"
        "from l2t.jobs.daemon import start; from l2t.jobs.slots import SlotSettings\n"
        f"start(Path(sys.argv[1]), SlotSettings(cpu=1), '{tiny_engine}')"
    )
    subprocess.run([sys.executable, "-P", "-c", script, home], check=True, cwd=trap)
    try:
        wait(lambda: rows(home)[0].state == State.DONE)
    finally:
        ask_down(home, now=True)
        assert wait_down(home, 30)


def test_the_supervisor_never_loads_torch(tmp_path: Path) -> None:
    script = "import sys, l2t.jobs.daemon; sys.exit(' '.join({'torch', 'scipy', 'pandas'} & set(sys.modules)) or None)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
