"""The foreground loop with real worker processes and the tiny engine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from l2t.errors import StoreError
from l2t.jobs import loop as loop_module
from l2t.jobs.loop import Loop, SweepStatus
from l2t.spec import RunSpec, SourceSpec
from l2t.store.folder import JobFolder
from l2t.store.rows import Submission
from l2t.store.state import Reason, State
from l2t.store.store import Store

MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]


def submit(home: Path, runs: list[RunSpec], sources: list[SourceSpec] | None = None, force: bool = False) -> str:
    with Store.open(home) as store:
        return store.submit(Submission("l2t run", "demo", len(runs), runs, sources or [], force)).sweep


def follow(loop: Loop, until: Callable[[SweepStatus], bool] = lambda status: status.finished) -> list[SweepStatus]:
    """Poll until the condition holds."""
    seen = []
    deadline = time.monotonic() + 60
    while True:
        seen.append(loop.poll())
        if until(seen[-1]):
            return seen
        assert time.monotonic() < deadline, seen[-1]
        time.sleep(0.05)


def test_runs_wait_for_their_source_and_all_are_done(
    tmp_path: Path, make_run: MakeRun, make_source: MakeSource, tiny_engine: str
) -> None:
    source = make_source()
    runs = [make_run(seed, source=source.ref) for seed in range(6)]
    sweep = submit(tmp_path, runs, [source])
    with Loop(tmp_path, sweep, 2, tiny_engine) as loop:
        seen = follow(loop)
    ended = [job for status in seen for job in status.ended]
    assert ended[0].kind == "source"
    assert sorted(job.id for job in ended) == sorted([source.id, *(run.id for run in runs)])
    assert all(job.state == State.DONE and job.accuracy is not None for job in ended)
    with Store.read(tmp_path) as store:
        artefact = store.artefact("glyphs")
        assert artefact is not None
        assert artefact.hash == source.id
        assert [row.state for row in store.runs()] == [State.DONE] * 6
        assert all(row.attempts == 1 and row.peak_memory for row in store.runs())


def test_a_failed_source_fails_its_runs_with_the_reason(
    tmp_path: Path, make_run: MakeRun, make_source: MakeSource, tiny_engine: str
) -> None:
    source = make_source(dataset="diverged")
    sweep = submit(tmp_path, [make_run(source=source.ref), make_run(1)], [source])
    with Loop(tmp_path, sweep, 1, tiny_engine) as loop:
        follow(loop)
    with Store.read(tmp_path) as store:
        waiting, other = store.runs(order="seed")
    assert (waiting.state, waiting.reason) == (State.FAILED, Reason.ARTEFACT)
    assert waiting.message == "its source glyphs failed: loss is nan in epoch 1"
    assert other.state == State.DONE


def test_stop_lets_runs_checkpoint_and_the_same_command_goes_on_to_the_same_result(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run(epochs=50, options={"sleep": 0.02})
    quiet = tmp_path / "quiet"
    with Loop(quiet, submit(quiet, [run]), 1, tiny_engine) as loop:
        follow(loop)

    home = tmp_path / "home"
    sweep = submit(home, [run])
    with Loop(home, sweep, 1, tiny_engine) as loop:
        seen = follow(loop, lambda status: bool(status.running) and status.running[0].job.epoch > 3)
        assert seen[-1].running[0].metrics is not None
    with Store.read(home) as store:
        row = store.runs()[0]
    assert (row.state, row.reason) == (State.QUEUED, Reason.STOPPED)
    assert JobFolder.of(home, "run", run.id).checkpoint.exists()

    with Loop(home, submit(home, [run]), 1, tiny_engine) as loop:
        follow(loop)
    one, other = JobFolder.of(home, "run", run.id), JobFolder.of(quiet, "run", run.id)
    assert one.result.read_bytes() == other.result.read_bytes()
    assert one.read_metrics() == other.read_metrics()
    assert not one.checkpoint.exists()


def test_a_killed_worker_is_replaced_and_its_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run(epochs=60, options={"sleep": 0.02})
    sweep = submit(tmp_path, [run])
    with Loop(tmp_path, sweep, 1, tiny_engine) as loop:
        seen = follow(loop, lambda status: bool(status.running) and status.running[0].job.epoch > 3)
        pid = seen[-1].running[0].job.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        follow(loop)
    with Store.read(tmp_path) as store:
        row = store.runs()[0]
    assert (row.state, row.attempts) == (State.DONE, 2)
    assert [metric["epoch"] for metric in JobFolder.of(tmp_path, "run", run.id).read_metrics()] == list(range(1, 61))


def test_a_run_that_kills_every_worker_fails_in_the_end_and_the_others_are_done(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    runs = [make_run(0, options={"fail": "kill", "at": 2}), make_run(1)]
    with Loop(tmp_path, submit(tmp_path, runs), 1, tiny_engine) as loop:
        follow(loop)
    with Store.read(tmp_path) as store:
        poisoned, other = store.runs(order="seed")
    assert (poisoned.state, poisoned.reason) == (State.FAILED, Reason.CRASHED)
    assert "died 3 times" in (poisoned.message or "")
    assert other.state == State.DONE


def test_workers_stop_when_their_parent_dies(tmp_path: Path, make_run: MakeRun, tiny_engine: str) -> None:
    sweep = submit(tmp_path, [make_run(epochs=10_000, options={"sleep": 0.01})])
    parent = (
        "import sys, time; from pathlib import Path; from l2t.jobs.loop import Loop\n"
        "loop = Loop(Path(sys.argv[1]), sys.argv[2], 1, 'tiny_engine:load')\n"
        "while not loop.poll().running: time.sleep(0.05)\n"
        "import os; os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", parent, tmp_path, sweep], check=True)
    deadline = time.monotonic() + 20
    with Store.open(tmp_path) as store:
        while store.runs()[0].state == State.RUNNING and time.monotonic() < deadline:
            time.sleep(0.05)
        assert (store.runs()[0].state, store.runs()[0].reason) == (State.QUEUED, Reason.STOPPED)


def test_two_loops_share_a_sweep_and_each_run_is_computed_once(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    sweep = submit(tmp_path, [make_run(seed, options={"sleep": 0.01}) for seed in range(12)])
    with Loop(tmp_path, sweep, 1, tiny_engine) as one, Loop(tmp_path, sweep, 1, tiny_engine) as other:
        deadline = time.monotonic() + 60
        while not (one.poll().finished and other.poll().finished):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    with Store.read(tmp_path) as store:
        assert {(row.state, row.attempts) for row in store.runs()} == {(State.DONE, 1)}


def test_workers_that_cannot_start_end_the_loop_with_their_last_words(tmp_path: Path, make_run: MakeRun) -> None:
    sweep = submit(tmp_path, [make_run()])
    with Loop(tmp_path, sweep, 1, "no_such_module:load") as loop, pytest.raises(StoreError, match="no_such_module"):
        follow(loop)


def test_workers_that_die_of_a_full_disk_are_said_to(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = submit(tmp_path, [make_run()])
    monkeypatch.setattr(loop_module, "ROOM", 1 << 62)
    with Loop(tmp_path, sweep, 1, "no_such_module:load") as loop, pytest.raises(StoreError, match="the disk is full"):
        follow(loop)


def test_forced_runs_are_computed_again_and_the_old_attempt_is_archived(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run()
    with Loop(tmp_path, submit(tmp_path, [run]), 1, tiny_engine) as loop:
        follow(loop)
    folder = JobFolder.of(tmp_path, "run", run.id)
    first = folder.read_result()
    with Loop(tmp_path, submit(tmp_path, [run], force=True), 1, tiny_engine) as loop:
        seen = follow(loop)
    assert [job.id for status in seen for job in status.ended] == [run.id]
    assert folder.read_result() == first
    archived = JobFolder(tmp_path / "runs" / ".archive" / run.id / "1")
    assert archived.read_result() == first
