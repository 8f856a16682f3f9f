"""Power cuts: a process dies at any of its operations, and what it had not made durable is cut off, zeroed or
scrambled. Everything continues, and ends with the results of an undisturbed home.

A cut is a fork that ends at the n-th operation (a write, sync, rename or statement); then the tails of all files that
were not synced are damaged as file systems do it: lost, or (ext4, XFS) there as zeros.
"""

import os
import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import tiny_engine
from prepared import OWNER, jobs_of, table, work

from l2t.jobs.attempt import attempt
from l2t.spec import RunSpec, SourceSpec
from l2t.store import files, lifecycle
from l2t.store.check import check
from l2t.store.database import Database
from l2t.store.files import LineWriter, read_lines
from l2t.store.folder import JobFolder
from l2t.store.log import last_traceback
from l2t.store.rows import Owner, Submission
from l2t.store.state import State
from l2t.store.store import Store

RUNS, EPOCHS = 4, 8
OPERATIONS = 180
"""About as many as an undisturbed home takes."""


def asked(make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]) -> Submission:
    source = make_source(epochs=3)
    runs = [make_run(seed, epochs=EPOCHS, source=source.ref if seed % 2 else None) for seed in range(RUNS)]
    return Submission("l2t run", "demo", RUNS, runs, [source])


def go_on(home: Path, boot: str) -> None:
    """What a supervisor and its worker do after the machine booted: all owners are dead, work until nothing is left."""
    owner, engine = Owner("box", boot, 100, 1), tiny_engine.load()
    with Store.open(home) as store:
        store.reconcile(lambda other, heartbeat: False)
        while (job := store.claim(owner)) is not None:
            attempt(store, owner, job, engine, threading.Event())


class Power:
    """Counts the operations of this process; at the last one that it has power for, the process is gone."""

    def __init__(self, operations: int) -> None:
        self.left = operations
        self.synced: dict[tuple[int, int], int] = {}
        """Size that each file had when it was synced last, by device and inode."""
        self._report = Path(os.environ["L2T_SYNCED"])
        self._lock = threading.Lock()

    def spend(self, half: Callable[[], object] | None = None) -> None:
        with self._lock:
            self.left -= 1
            if self.left < 0:
                if half is not None:
                    half()
                self._report.write_text(repr(self.synced))
                os._exit(9)

    def connect(self) -> None:
        """Let every operation cost."""
        write = files._write

        def costly_write(descriptor: int, data: bytes) -> None:
            self.spend(lambda: os.write(descriptor, data[: len(data) // 2]))
            write(descriptor, data)

        def costly_fsync(descriptor: int) -> None:
            self.spend()
            found = os.fstat(descriptor)
            self.synced[found.st_dev, found.st_ino] = found.st_size

        files._write, os.fsync = costly_write, costly_fsync
        for owner, name in ((Path, "replace"), (Path, "rename"), (Path, "mkdir"), (Database, "_all")):
            setattr(owner, name, self._costly(getattr(owner, name)))

    def _costly(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.spend()
            return real(*arguments, **named)

        return call


def cut(home: Path, operations: int, boot: str) -> dict[tuple[int, int], int] | None:
    """Go on with the work of a home until the power fails; returns what was durable, None where all was done before."""
    report = Path(os.environ["L2T_SYNCED"])
    found = [path.stat() for path in home.rglob("*")]
    before = {(entry.st_dev, entry.st_ino): entry.st_size for entry in found}
    child = os.fork()
    if child == 0:
        _die_working(home, operations, boot)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9), code
    return before | eval(report.read_text()) if code else None  # our own file


def _die_working(home: Path, operations: int, boot: str) -> NoReturn:
    try:
        Power(operations).connect()
        go_on(home, boot)
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(1)


def lose(home: Path, synced: dict[tuple[int, int], int], draw: random.Random) -> None:
    """What the disk shows after the power came back."""
    for path in [path for path in home.rglob("*") if path.is_file()]:
        if path.name.endswith("-shm"):
            path.unlink()  # memory
            continue
        appended = path.suffix in (".jsonl", ".txt", ".tmp") or path.name.endswith("-wal")
        if not appended:
            continue  # renamed into place when it was synced, or SQLite's main file, which it syncs itself
        found = path.stat()
        safe = synced.get((found.st_dev, found.st_ino), 0)
        kept = draw.randint(min(safe, found.st_size), found.st_size)
        data = path.read_bytes()
        how = draw.choice(["lost", "zeros", "zeros", "scrambled"])
        tail = {"lost": b"", "zeros": bytes(len(data) - kept), "scrambled": draw.randbytes(len(data) - kept)}[how]
        path.write_bytes(data[:kept] + tail)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_engine: str) -> None:
    monkeypatch.setattr(lifecycle, "BACKOFF_SECONDS", 0.0)
    monkeypatch.setenv("L2T_SYNCED", str(tmp_path / "synced"))
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # there is no power cut that could tell


def outcome(home: Path, submission: Submission) -> dict[str, tuple[object, object]]:
    """What is under the bit guarantee: result and metrics of each run."""
    folders = {run.id: JobFolder.of(home, "run", run.id) for run in submission.runs}
    return {id: (folder.read_result(), folder.read_metrics()) for id, folder in folders.items()}


def undisturbed(home: Path, submission: Submission) -> dict[str, tuple[object, object]]:
    with Store.open(home) as store:
        store.submit(submission)
    go_on(home, "quiet")
    return outcome(home, submission)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("block", [*range(4), *(pytest.param(block, marks=pytest.mark.slow) for block in range(4, 40))])
def test_work_goes_on_after_a_power_cut_at_any_operation(
    block: int, tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]
) -> None:
    """20 homes, each cut off once or twice."""
    submission = asked(make_run, make_source)
    expected = undisturbed(tmp_path / "quiet", submission)
    met = 0
    for case in range(20):
        draw = random.Random(1000 * block + case)
        home = tmp_path / str(case)
        with Store.open(home) as store:
            store.submit(submission)
        for boot in range(draw.choice([1, 2])):
            synced = cut(home, draw.randrange(OPERATIONS), str(boot))
            if synced is not None:
                met += 1
                lose(home, synced, draw)
        go_on(home, "last")
        with Store.read(home) as store:
            assert store.count()[State.DONE] == RUNS, case
        assert outcome(home, submission) == expected, case
        assert [finding for finding in check(home).findings if not finding.harmless] == [], case
        assert not list(home.glob("*/.archive")), case
        shutil.rmtree(home)
    assert met > 15


@pytest.fixture
def logged(
    tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]
) -> tuple[Path, dict[str, tuple[Any, ...]]]:
    """A home whose last 20 jobs are in the WAL only, as a killed process leaves it; and how its tables end."""
    runs, source = jobs_of(make_run, make_source, 24)
    home = tmp_path / "logged"
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 24, runs, [source]))
    with Store.open(home) as store:
        store._all("PRAGMA wal_autocheckpoint = 0")
        work(store, 20)
        shutil.copytree(home, tmp_path / "killed")
        work(store)
    return tmp_path / "killed", table(home)


@pytest.mark.parametrize("how", ["lost", "zeros", "scrambled"])
def test_a_write_ahead_log_cut_off_anywhere_loses_no_result(
    logged: tuple[Path, dict[str, tuple[Any, ...]]], tmp_path: Path, how: str
) -> None:
    killed, expected = logged
    wal = (killed / "l2t.db-wal").read_bytes()
    assert len(wal) > 50_000
    draw = random.Random(how)
    results = {path: path.read_bytes() for path in killed.glob("*/*/result.json")}
    main = (killed / "l2t.db").read_bytes()
    for case in range(60):
        kept = draw.randrange(len(wal) + 1)
        lost = len(wal) - kept
        tail = {"lost": b"", "zeros": bytes(lost), "scrambled": draw.randbytes(lost)}[how]
        for path in killed.glob("l2t.db*"):
            path.unlink()
        (killed / "l2t.db").write_bytes(main)
        (killed / "l2t.db-wal").write_bytes(wal[:kept] + tail)
        with Store.open(killed) as store:
            store.reconcile(lambda owner, heartbeat: False)
            while (job := store.claim(OWNER)) is not None:  # as a worker does: a result that is there is not computed
                result = JobFolder.of(killed, job.kind, job.id).read_result()
                if result is None:
                    store.interrupt(job.id, OWNER)
                    break
                store.finish(job.id, OWNER, result, 1.5, 1 << 20)
            assert store._all("PRAGMA integrity_check") == [("ok",)]
        shown = {id: row for id, row in table(killed).items() if row[0] is State.DONE}
        assert len(shown) == 19, case
        assert all(expected[id] == row for id, row in shown.items()), case
    assert {path: path.read_bytes() for path in killed.glob("*/*/result.json")} == results


LINES = ['{"epoch": 1, "text": "γ → λ"}', '{"epoch": 2, "text": "日本語 🙂"}', '{"epoch": 3, "text": "end"}']


@pytest.mark.parametrize("tail", ["lost", "zeros"])
def test_a_line_torn_in_a_character_of_several_bytes_is_skipped_and_ended(tmp_path: Path, tail: str) -> None:
    data = "".join(line + "\n" for line in LINES).encode()
    for kept in range(len(data) + 1):
        path = tmp_path / "metrics.jsonl"
        path.write_bytes(data[:kept] + (bytes(len(data) - kept) if tail == "zeros" else b""))
        whole = data[:kept].count(b"\n")
        assert [row["epoch"] for row in read_lines(path)] == list(range(1, whole + 1))
        with LineWriter(path) as writer:
            writer.append({"epoch": 9, "text": "γ"})
        rows = list(read_lines(path))
        # A line that lost nothing but its end is whole again.
        assert [row["epoch"] for row in rows if row["epoch"] != 9][:whole] == list(range(1, whole + 1))
        assert rows[-1] == {"epoch": 9, "text": "γ"}
        assert last_traceback(path) is None


@pytest.mark.parametrize("name", ["spec.json", "env.json", "timing.jsonl", "log.txt", "metrics.jsonl", "checkpoint.pt"])
@pytest.mark.usefixtures("quick")
def test_any_file_of_an_unfinished_run_may_be_zeros_or_gone(
    name: str, tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]
) -> None:
    """Beyond what a power cut does: a file that was durable is damaged all the same."""
    submission = asked(make_run, make_source)
    expected = undisturbed(tmp_path / "quiet", submission)
    half = tmp_path / "half"
    with Store.open(half) as store:
        store.submit(submission)
    assert cut(half, 150, "0") is not None
    draw = random.Random(name)
    for case in range(12):
        home = tmp_path / str(case)
        shutil.copytree(half, home)
        for path in home.glob(f"*/*/{name}"):
            if (path.parent / "result.json").exists():
                continue
            data = path.read_bytes()
            kept = draw.randrange(len(data) + 1)
            path.write_bytes(data[:kept] + (bytes(len(data) - kept) if case % 2 else b""))
        go_on(home, "last")
        assert outcome(home, submission) == expected, case
        assert [finding for finding in check(home).findings if not finding.harmless] == [], case
