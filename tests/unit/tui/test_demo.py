"""The recorded home: what is in it, and that it goes on."""

import os
import platform
import re
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from l2t.jobs.overview import Overview, overview
from l2t.jobs.owner import current
from l2t.store.filter import parse
from l2t.store.folder import JobFolder
from l2t.store.rows import Owner
from l2t.store.state import Reason, State
from l2t.store.store import Store
from tui.demo.recording import Recording
from tui.demo.replay import Replay
from tui.demo.unpack import ARCHIVE, Demo

NOW = 1_800_000_000.0


def seen(home: Path) -> Overview:
    """What an overview tells, but for the estimate, which follows the clock."""
    found = overview(home)
    return replace(found, sweeps=[replace(sweep, eta=None) for sweep in found.sweeps])


def wait(met: object, seconds: float = 20.0) -> None:
    assert callable(met)
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_two_unpacked_demos_look_the_same(tmp_path: Path) -> None:
    with Demo(tmp_path / "a", NOW) as one, Demo(tmp_path / "b", NOW) as two:
        assert seen(one.home) == seen(two.home)
        with Store.read(one.home) as a, Store.read(two.home) as b:
            assert a.runs() == b.runs()
            assert a.queue() == b.queue()
            assert a.sweeps() == b.sweeps()
            assert a._all("SELECT * FROM cells") == b._all("SELECT * FROM cells")


def test_every_state_that_lasts_is_there_and_nothing_is_in_the_future(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo", NOW) as demo:
        found = seen(demo.home)
        assert {state for state, number in found.runs.items() if number} == set(State) - {State.INTERRUPTED}
        assert (found.runs[State.RUNNING], found.runs[State.PAUSED], found.runs[State.CANCELLED]) == (2, 3, 1)
        assert found.doing == "working"
        assert [slot.job for slot in found.slots] == [job.id for job in found.running]
        assert {row.reason for row in found.failures} == {Reason.DIVERGED}
        with Store.read(demo.home) as store:
            rows = store.runs()
            assert sum(bool(row.tags) for row in rows) > 0
            assert sum(bool(row.note) for row in rows) > 0
            times = [at for row in rows for at in (row.created, row.claimed, row.finished, row.heartbeat) if at]
            times += store._all("SELECT max(finished) FROM cells")[0]
            assert NOW - 86400 < min(times) < max(times) <= NOW
            assert len(store.live_sweeps()) == 1
            for job in store.running():
                assert JobFolder.of(demo.home, "run", job.id).last_epoch() == job.epoch < job.epochs


def test_counts_of_cells_are_those_of_the_runs(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo", NOW) as demo, Store.read(demo.home) as store:
        kept = store._all("SELECT cell, planned, queued, running, paused, done, failed, cancelled FROM cells")
        counted = store._all(
            "SELECT cell, count(*), sum(state = 'queued'), sum(state = 'running'), sum(state = 'paused'),"
            " sum(state = 'done'), sum(state = 'failed'), sum(state = 'cancelled')"
            " FROM runs JOIN jobs USING (number) GROUP BY cell ORDER BY cell"
        )
        assert sorted(kept) == counted


def test_running_runs_are_this_process_s_and_not_lost(tmp_path: Path) -> None:
    def is_this(owner: Owner, heartbeat: float) -> bool:
        return owner == current()

    with Demo(tmp_path / "demo") as demo, Store.open(demo.home) as store:
        assert store.reconcile(is_this) == 0


def test_replay_finishes_a_run_with_what_was_recorded_and_goes_on_to_the_next(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo") as demo, Store.read(demo.home) as store:
        first, _ = (job.id for job in store.running())
        following = next(row.id for row in store.queue(parse(["state=queued"])))
        replay = Replay(demo, tick=0.01)
        replay.start()
        try:
            wait(lambda: store.run(first).row.state is State.DONE)
            wait(lambda: store.run(following).row.state in (State.RUNNING, State.DONE))
        finally:
            begun = time.monotonic()
            replay.stop()
        assert time.monotonic() - begun < 2
        recorded, played = JobFolder(demo.recorded / first), JobFolder.of(demo.home, "run", first)
        result = recorded.read_result()
        assert result is not None
        assert store.run(first).row.accuracy == result["accuracy"]
        for name in ("metrics", "timing", "result", "spec", "env", "log"):
            assert getattr(played, name).read_bytes() == getattr(recorded, name).read_bytes()
        traces = {path.name: path.read_bytes() for path in recorded.traces.iterdir()}
        assert {path.name: path.read_bytes() for path in played.traces.iterdir()} == traces


def test_replay_plays_all_that_is_queued_and_heeds_pause_cancel_resume_and_retry(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo") as demo, Store.open(demo.home) as store:
        one, two = (job.id for job in store.running())
        failed = store.runs(parse(["state=failed"]))[0].id
        store.pause(parse([f"id={one}"]), now=True)
        store.cancel(parse([f"id={two}"]))
        store.retry(parse([f"id={failed}"]))
        replay = Replay(demo, tick=0.005)
        replay.start()
        try:
            wait(lambda: store.run(one).row.state is State.PAUSED)
            wait(lambda: store.run(two).row.state is State.CANCELLED)
            store.resume(parse(["state=paused"]))
            wait(lambda: not store.queue(), seconds=120)
        finally:
            replay.stop()
        assert store.run(one).row.state is State.DONE
        assert (store.run(failed).row.state, store.run(failed).row.reason) == (State.FAILED, Reason.INVALID)
        lines = JobFolder.of(demo.home, "run", one).metrics.read_bytes()
        assert lines == Recording(demo.recorded / one).files.metrics.read_bytes()
        assert [slot.job for slot in overview(demo.home).slots] == [None, None]


def test_a_forced_run_is_played_again(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo") as demo, Store.open(demo.home) as store:
        row = store.runs(parse(["state=done"]), limit=1)[0]
        store.cancel(parse(["state=queued,paused"]))
        store._queue_done([store._one(f"SELECT number FROM jobs WHERE id = '{row.id}'")], "run", 9)
        replay = Replay(demo, tick=0.005)
        replay.start()
        try:
            wait(lambda: not store.queue(), seconds=60)
        finally:
            replay.stop()
        assert store.run(row.id).row.accuracy == row.accuracy


def test_the_archive_is_small_and_tells_nothing_of_the_recording_machine(tmp_path: Path) -> None:
    assert ARCHIVE.stat().st_size <= 1_500_000
    # Words of a path, of env.json's host, of this machine: traces are numbers, in which any may stand by chance.
    telling = re.compile(rb'/(home|root|tmp|work|usr|Users)/|"host": "(?!demo")|site-packages')
    with tarfile.open(ARCHIVE) as archive:
        members = archive.getmembers()
        assert {(member.mode, member.uid, member.gid, member.uname, member.mtime) for member in members} == {
            (0o600, 0, 0, "", 0)
        }
        assert not [member.name for member in members if member.name.endswith(".pt")]
        for member in members:
            file = archive.extractfile(member)
            assert file is not None
            if not member.name.endswith(".npz"):
                assert telling.search(file.read()) is None, member.name
        archive.extractall(tmp_path, filter="data")
    with Store.open(tmp_path) as store:
        assert store._all("SELECT 1 FROM jobs WHERE coalesce(host, boot_id, pid, start_ticks) IS NOT NULL") == []
        assert store._all("SELECT 1 FROM followers") == []


def test_nothing_is_written_outside_the_folder_and_no_numbers_library_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.demo.unpack import Demo; from tui.demo.replay import Replay\n"
        "with Demo(Path('x/demo')) as demo:\n"
        "    replay = Replay(demo, 0.01); replay.start(); replay.stop()\n"
        "print(*({'torch', 'numpy', 'scipy', 'pandas', 'matplotlib', 'pydantic'} & set(sys.modules)))"
    )
    top = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(top), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(platform.system() != "Linux", reason="a bound for the machines that are measured")
def test_unpacking_is_quick(tmp_path: Path) -> None:
    taken = []
    for number in range(3):
        begun = time.perf_counter()
        Demo(tmp_path / str(number), NOW).close()
        taken.append(time.perf_counter() - begun)
    assert min(taken) < 2  # 0.4 s where nothing else runs


def test_the_archive_s_store_is_a_whole_one_of_this_schema(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo", NOW) as demo, Store.open(demo.home) as recorded, Store.open(tmp_path / "new") as new:
        schema = "SELECT name, sql FROM sqlite_master ORDER BY name"
        assert recorded._all(schema) == new._all(schema)
        assert recorded._all("PRAGMA foreign_key_check") == []
