"""The supervisor with real worker processes and the tiny engine."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from l2t.errors import StoreError
from l2t.jobs import disk as disk_module
from l2t.jobs import supervisor as supervisor_module
from l2t.jobs.gpus import Gpu, NoGpus, Process
from l2t.jobs.lock import HomeLock
from l2t.jobs.owner import current
from l2t.jobs.slots import SlotSettings
from l2t.jobs.status import Snapshot, read_snapshot
from l2t.jobs.supervisor import Supervisor
from l2t.jobs.watch import SweepStatus, SweepWatch
from l2t.spec import RunSpec, SourceSpec
from l2t.store import files, lifecycle
from l2t.store.filter import ALL, parse
from l2t.store.folder import JobFolder
from l2t.store.rows import RunRow, Submission
from l2t.store.state import Reason, State
from l2t.store.store import Store

MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]


def submit(home: Path, runs: list[RunSpec], sources: list[SourceSpec] | None = None, force: bool = False) -> str:
    with Store.open(home) as store:
        return store.submit(Submission("l2t run", "demo", len(runs), runs, sources or [], force)).sweep


@contextmanager
def supervised(home: Path, engine: str, slots: int = 1, followed: bool = False) -> Iterator[Supervisor]:
    settings = SlotSettings(cpu=slots)
    with HomeLock(home, "up") as lock, Supervisor(lock, settings, followed, NoGpus(), engine) as supervisor:
        yield supervisor


def until(supervisor: Supervisor, holds: Callable[[], object], seconds: float = 60) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        supervisor.poll()
        time.sleep(0.05)


def finish(home: Path, sweep: str, engine: str, slots: int = 1) -> list[SweepStatus]:
    """Work until the sweep has ended; how it stood after each poll."""
    seen = []

    def ended() -> bool:
        seen.append(watch.poll())
        return seen[-1].finished

    with SweepWatch(home, sweep) as watch, supervised(home, engine, slots) as supervisor:
        until(supervisor, ended)
    return seen


def rows(home: Path, *words: str) -> list[RunRow]:
    with Store.read(home) as store:
        return store.runs(parse(words), order="seed")


def running(home: Path) -> Callable[[], RunRow | None]:
    """The run that runs, once it is past its third epoch."""
    return lambda: next((row for row in rows(home, "state=running") if row.epoch > 3), None)


def test_runs_wait_for_their_source_and_all_are_done(
    tmp_path: Path, make_run: MakeRun, make_source: MakeSource, tiny_engine: str
) -> None:
    source = make_source()
    runs = [make_run(seed, source=source.ref) for seed in range(6)]
    seen = finish(tmp_path, submit(tmp_path, runs, [source]), tiny_engine, 2)
    ended = [job for status in seen for job in status.ended]
    assert ended[0].kind == "source"
    assert sorted(job.id for job in ended) == sorted([source.id, *(run.id for run in runs)])
    assert all(job.state == State.DONE and job.accuracy is not None for job in ended)
    with Store.read(tmp_path) as store:
        artefact = store.artefact("glyphs")
    assert artefact is not None
    assert artefact.hash == source.id
    assert [(row.state, row.attempts) for row in rows(tmp_path)] == [(State.DONE, 1)] * 6
    assert all(row.peak_memory for row in rows(tmp_path))


def test_a_failed_source_fails_its_runs_with_the_reason(
    tmp_path: Path, make_run: MakeRun, make_source: MakeSource, tiny_engine: str
) -> None:
    source = make_source(dataset="diverged")
    finish(tmp_path, submit(tmp_path, [make_run(source=source.ref), make_run(1)], [source]), tiny_engine)
    waiting, other = rows(tmp_path)
    assert (waiting.state, waiting.reason) == (State.FAILED, Reason.ARTEFACT)
    assert waiting.message == "its source glyphs failed: loss is nan in epoch 1"
    assert other.state == State.DONE


def test_one_worker_stays_warm_for_all_runs_of_its_slot(tmp_path: Path, make_run: MakeRun, tiny_engine: str) -> None:
    finish(tmp_path, submit(tmp_path, [make_run(seed) for seed in range(8)]), tiny_engine)
    log = (tmp_path / "logs" / "supervisor.log").read_text()
    assert log.count(" starts (cpu 0)") == 1
    assert log.count(" done: scratch digits 5 shots seed ") == 8
    assert "sweep" in log


def test_stop_lets_runs_checkpoint_and_the_next_supervisor_goes_on_to_the_same_result(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run(epochs=50, options={"sleep": 0.02})
    quiet = tmp_path / "quiet"
    finish(quiet, submit(quiet, [run]), tiny_engine)

    home = tmp_path / "home"
    sweep = submit(home, [run])
    with supervised(home, tiny_engine) as supervisor:
        until(supervisor, running(home))
    row = rows(home)[0]
    assert (row.state, row.reason) == (State.QUEUED, Reason.STOPPED)
    assert JobFolder.of(home, "run", run.id).checkpoint.exists()

    finish(home, sweep, tiny_engine)
    one, other = JobFolder.of(home, "run", run.id), JobFolder.of(quiet, "run", run.id)
    assert one.result.read_bytes() == other.result.read_bytes()
    assert one.read_metrics() == other.read_metrics()
    assert not one.checkpoint.exists()


def test_a_killed_worker_is_replaced_and_its_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run(epochs=60, options={"sleep": 0.02})
    sweep = submit(tmp_path, [run])
    with supervised(tmp_path, tiny_engine) as supervisor:
        until(supervisor, running(tmp_path))
        pid = rows(tmp_path)[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with SweepWatch(tmp_path, sweep) as watch:
            until(supervisor, lambda: watch.poll().finished)
    row = rows(tmp_path)[0]
    assert (row.state, row.attempts) == (State.DONE, 2)
    assert [metric["epoch"] for metric in JobFolder.of(tmp_path, "run", run.id).read_metrics()] == list(range(1, 61))
    assert f"worker {pid} (cpu 0) was killed by signal 9" in (tmp_path / "logs" / "supervisor.log").read_text()


def test_a_run_that_kills_every_worker_fails_in_the_end_and_the_others_are_done(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "BACKOFF_SECONDS", 0.1)
    runs = [make_run(0, options={"fail": "kill", "at": 2}), make_run(1)]
    finish(tmp_path, submit(tmp_path, runs), tiny_engine)
    poisoned, other = rows(tmp_path)
    assert (poisoned.state, poisoned.reason) == (State.FAILED, Reason.CRASHED)
    assert "died 3 times" in (poisoned.message or "")
    assert other.state == State.DONE


def test_workers_stop_when_their_supervisor_is_killed(tmp_path: Path, make_run: MakeRun, tiny_engine: str) -> None:
    submit(tmp_path, [make_run(epochs=10_000, options={"sleep": 0.01})])
    parent = (
        "import os, sys, time; from pathlib import Path\n"
        "from l2t.jobs.gpus import NoGpus; from l2t.jobs.lock import HomeLock\n"
        "from l2t.jobs.slots import SlotSettings\n"
        "from l2t.jobs.status import read_snapshot; from l2t.jobs.supervisor import Supervisor\n"
        "home = Path(sys.argv[1])\n"
        "one = Supervisor(HomeLock(home, 'up'), SlotSettings(cpu=1), False, NoGpus(), 'tiny_engine:load')\n"
        "while not read_snapshot(home) or not any(slot.job for slot in read_snapshot(home).slots):\n"
        "    one.poll(); time.sleep(0.05)\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", parent, tmp_path], check=True)
    deadline = time.monotonic() + 20
    while rows(tmp_path)[0].state == State.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    row = rows(tmp_path)[0]
    assert (row.state, row.reason) == (State.QUEUED, Reason.STOPPED)


def test_only_followed_sweeps_are_worked_on_in_the_foreground(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    submit(tmp_path, [make_run(0)])
    sweep = submit(tmp_path, [make_run(1)])
    with Store.open(tmp_path) as store:
        store.follow(sweep, current())
    with SweepWatch(tmp_path, sweep) as watch, supervised(tmp_path, tiny_engine, 2, followed=True) as supervisor:
        until(supervisor, lambda: watch.poll().finished)
        for _ in range(10):
            supervisor.poll()
            time.sleep(0.05)
    assert [row.state for row in rows(tmp_path)] == [State.QUEUED, State.DONE]


def test_drained_it_ends_after_what_runs(tmp_path: Path, make_run: MakeRun, tiny_engine: str) -> None:
    submit(tmp_path, [make_run(seed, epochs=30, options={"sleep": 0.02}) for seed in range(3)])
    with supervised(tmp_path, tiny_engine) as supervisor:
        until(supervisor, running(tmp_path))
        supervisor.drain()
        until(supervisor, lambda: supervisor.finished)
    assert sorted(row.state for row in rows(tmp_path)) == [State.DONE, State.QUEUED, State.QUEUED]


def test_paused_runs_leave_their_slot_to_others_and_go_on_from_where_they_were(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run, other = make_run(0, epochs=60, options={"sleep": 0.02}), make_run(1)
    sweep = submit(tmp_path, [run, other])
    with Store.open(tmp_path) as store, supervised(tmp_path, tiny_engine) as supervisor:
        until(supervisor, running(tmp_path))
        assert store.pause(parse(["seed=0"]), now=True).asked == 1
        until(supervisor, lambda: rows(tmp_path)[1].state == State.DONE)
        assert rows(tmp_path)[0].state == State.PAUSED
        assert store.resume(ALL).changed == 1
        with SweepWatch(tmp_path, sweep) as watch:
            until(supervisor, lambda: watch.poll().finished)
    assert [(row.state, row.attempts) for row in rows(tmp_path)] == [(State.DONE, 2), (State.DONE, 1)]
    assert "on from its checkpoint" in JobFolder.of(tmp_path, "run", run.id).log.read_text()


def test_a_cancelled_run_ends_at_once(tmp_path: Path, make_run: MakeRun, tiny_engine: str) -> None:
    submit(tmp_path, [make_run(epochs=10_000, options={"sleep": 0.02})])
    with Store.open(tmp_path) as store, supervised(tmp_path, tiny_engine) as supervisor:
        until(supervisor, running(tmp_path))
        store.cancel(ALL)
        until(supervisor, lambda: rows(tmp_path)[0].state == State.CANCELLED, 10)


def test_workers_that_cannot_start_end_a_foreground_loop_with_their_last_words(
    tmp_path: Path, make_run: MakeRun
) -> None:
    sweep = submit(tmp_path, [make_run()])
    with Store.open(tmp_path) as store:
        store.follow(sweep, current())
    with (
        supervised(tmp_path, "no_such_module:load", followed=True) as supervisor,
        pytest.raises(StoreError, match="no_such_module"),
    ):
        until(supervisor, lambda: False)


def test_workers_that_cannot_start_are_tried_again_by_a_supervisor_that_nobody_looks_at(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "REST_SECONDS", 0.2)
    submit(tmp_path, [make_run()])
    with supervised(tmp_path, "no_such_module:load") as supervisor:
        until(supervisor, lambda: supervisor.problem)
        shown = read_snapshot(tmp_path)
        assert shown is not None
        assert shown.doing == "paused"
        assert "no_such_module" in (shown.problem or "")
        until(supervisor, lambda: supervisor.problem is None)
        assert rows(tmp_path)[0].state == State.QUEUED


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_pauses_the_work_and_it_goes_on_when_there_is_room(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(disk_module, "RETRY_SECONDS", 0.1)
    full = tmp_path / "full"
    monkeypatch.setenv("TINY_DISK_FULL", str(full))
    monkeypatch.setenv("TINY_DISK_ERROR", str(number))
    real = files._write

    def write(descriptor: int, data: bytes | memoryview) -> None:
        if full.exists():
            os.write(descriptor, bytes(data[: len(data) // 2]))
            raise OSError(number, os.strerror(number))
        real(descriptor, data)

    home = tmp_path / "home"
    runs = [make_run(seed, epochs=40, options={"sleep": 0.02}) for seed in range(3)]
    sweep = submit(home, runs)
    with supervised(home, tiny_engine, 2) as supervisor:
        until(supervisor, running(home))
        monkeypatch.setattr(files, "_write", write)
        full.write_text("")
        until(supervisor, lambda: supervisor.problem)
        assert os.strerror(number) in (supervisor.problem or "")
        assert "pauses" not in supervisor.log.path.read_text()
        full.unlink()
        with SweepWatch(home, sweep) as watch:
            until(supervisor, lambda: watch.poll().finished)
    log = supervisor.log.path.read_text()
    assert "pauses: " in log
    assert "the disk takes data again: work goes on" in log
    assert [row.state for row in rows(home)] == [State.DONE] * 3
    for run in runs:
        metrics = JobFolder.of(home, "run", run.id).read_metrics()
        assert [metric["epoch"] for metric in metrics] == list(range(1, 41))
    assert not list(home.rglob("*.tmp"))
    assert not list(home.glob(".space-*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True)
    if mount.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_disk_that_is_really_full_pauses_the_work_and_readers_see_it(
    small_disk: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "RETRY_SECONDS", 0.2)
    home = small_disk / "home"
    submit(home, [make_run(seed, epochs=80, options={"sleep": 0.02}) for seed in range(3)])
    with supervised(home, tiny_engine, 2) as supervisor:
        until(supervisor, running(home))
        with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
            for size in (1 << 16, 1 << 8, 1):
                with suppress(OSError):
                    while filler.write(bytes(size)):
                        pass
        until(supervisor, lambda: supervisor.problem)
        until(supervisor, lambda: (shown := read_snapshot(home)) is not None and shown.problem)
        (small_disk / "filler").unlink()
        until(supervisor, lambda: all(row.state == State.DONE for row in rows(home)))
        until(supervisor, lambda: (shown := read_snapshot(home)) is not None and not shown.problem)
    with Store.read(home) as store:
        assert store._all("PRAGMA integrity_check") == [("ok",)]


def test_what_is_no_folder_fails_its_run_and_no_other(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "BACKOFF_SECONDS", 0.0)
    bad, good = make_run(0), make_run(1)
    submit(tmp_path, [bad, good])
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / bad.id).write_text("in the way")
    with supervised(tmp_path, tiny_engine) as supervisor:
        until(supervisor, lambda: rows(tmp_path)[1].state == State.DONE)
    first = rows(tmp_path)[0]
    assert first.state in (State.QUEUED, State.FAILED)
    assert first.reason == Reason.CRASHED


def test_a_device_that_fails_costs_no_run_and_its_slot_is_tried_again(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "REST_SECONDS", 0.3)
    broken = tmp_path / "broken"
    broken.write_text("")
    monkeypatch.setenv("TINY_BROKEN", str(broken))
    home = tmp_path / "home"
    submit(home, [make_run(seed) for seed in range(3)])
    with supervised(home, tiny_engine) as supervisor:
        until(supervisor, lambda: supervisor.log.path.read_text().count("is left alone for") >= 2)
        shown = read_snapshot(home)
        assert shown is not None
        broken.unlink()
        until(supervisor, lambda: all(row.state == State.DONE for row in rows(home)))
    assert [row.attempts for row in rows(home)] == [1, 1, 1]
    log = supervisor.log.path.read_text()
    assert "cpu 0 is left alone for 0 s: l2t worker: RuntimeError: cpu has fallen off the bus" in log


def test_where_no_device_works_a_foreground_loop_ends_with_the_reason(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_BROKEN", str(tmp_path))
    sweep = submit(tmp_path, [make_run()])
    with Store.open(tmp_path) as store:
        store.follow(sweep, current())
    with (
        supervised(tmp_path, tiny_engine, followed=True) as supervisor,
        pytest.raises(StoreError, match=r"no worker can compute: .*fallen off the bus"),
    ):
        until(supervisor, lambda: False)
    assert rows(tmp_path)[0].state == State.QUEUED


def test_trouble_that_passes_is_said_once_and_borne(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*arguments: object) -> None:
        raise StoreError("locked by another program")

    submit(tmp_path, [make_run()])
    with supervised(tmp_path, tiny_engine) as supervisor:
        with monkeypatch.context() as trouble:
            trouble.setattr(Store, "reconcile", locked)
            for _ in range(5):
                supervisor.poll()
            assert supervisor.problem == "locked by another program"
            trouble.setattr(supervisor_module, "TROUBLE_SECONDS", -1.0)
            with pytest.raises(StoreError, match="locked"):
                supervisor.poll()
        until(supervisor, lambda: rows(tmp_path)[0].state == State.DONE)
        assert supervisor.problem is None
    assert supervisor.log.path.read_text().count("locked by another program") == 1


def test_a_system_without_room_for_processes_is_no_end(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crowded(*arguments: object, **named: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(supervisor_module, "REST_SECONDS", 0.2)
    submit(tmp_path, [make_run()])
    with supervised(tmp_path, tiny_engine) as supervisor:
        with monkeypatch.context() as full:
            full.setattr("l2t.jobs.pool.subprocess.Popen", crowded)
            until(supervisor, lambda: supervisor.problem)
            assert "no worker can be started" in (supervisor.problem or "")
        until(supervisor, lambda: rows(tmp_path)[0].state == State.DONE)


def test_a_worker_killed_after_its_grace_costs_its_run_no_attempt(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run(epochs=3, options={"sleep": 30.0})
    submit(tmp_path, [run])
    for _ in range(lifecycle.ATTEMPTS + 1):
        with supervised(tmp_path, tiny_engine) as supervisor:
            until(supervisor, lambda: rows(tmp_path)[0].state == State.RUNNING)
            supervisor.stop(grace=0.1)
        assert rows(tmp_path)[0].state == State.QUEUED


class Card:
    """One GPU, as a test sets it."""

    reason: str | None = None

    def __init__(self) -> None:
        self.processes: tuple[Process, ...] = ()

    def look(self) -> list[Gpu]:
        return [Gpu("GPU-1", "0", "Fake", 80 << 30, 0, self.processes, 0.0)]


def slot(home: Path) -> tuple[Snapshot, list[str | None]]:
    shown = read_snapshot(home)
    assert shown is not None
    return shown, [slot.job for slot in shown.slots]


def test_a_gpu_that_somebody_else_uses_is_left_alone_until_it_is_free(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "LOOK_SECONDS", 0.1)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    card = Card()
    card.processes = (Process(1, 5 << 30),)
    submit(tmp_path, [make_run(device="cuda")])
    with HomeLock(tmp_path, "up") as lock, Supervisor(lock, SlotSettings(cpu=1), False, card, tiny_engine) as one:
        for _ in range(10):
            one.poll()
            time.sleep(0.05)
        assert rows(tmp_path)[0].state == State.QUEUED
        shown = read_snapshot(tmp_path)
        assert shown is not None
        assert len(shown.closed) == 1
        assert not any(slot.device == "cuda" for slot in shown.slots)
        card.processes = ()
        until(one, lambda: rows(tmp_path)[0].state == State.DONE)
    assert "is left alone" in (tmp_path / "logs" / "supervisor.log").read_text()


def test_an_idle_supervisor_costs_next_to_nothing(tmp_path: Path, make_run: MakeRun, tiny_engine: str) -> None:
    finish(tmp_path, submit(tmp_path, [make_run(seed) for seed in range(50)]), tiny_engine)
    statements = 0

    def count(statement: str) -> None:
        nonlocal statements
        statements += 1

    with supervised(tmp_path, tiny_engine) as supervisor:
        supervisor.poll()
        supervisor._store._connection.set_trace_callback(count)
        supervisor.poll()
        supervisor._store._connection.set_trace_callback(None)
    assert statements <= 8


def test_forced_runs_are_computed_again_and_the_old_attempt_is_archived(
    tmp_path: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run()
    finish(tmp_path, submit(tmp_path, [run]), tiny_engine)
    folder = JobFolder.of(tmp_path, "run", run.id)
    first = folder.read_result()
    seen = finish(tmp_path, submit(tmp_path, [run], force=True), tiny_engine)
    assert [job.id for status in seen for job in status.ended] == [run.id]
    assert folder.read_result() == first
    archived = JobFolder(tmp_path / "runs" / ".archive" / run.id / "1")
    assert archived.read_result() == first
