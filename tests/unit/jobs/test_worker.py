"""When a worker takes a job, and when it ends: in this process, with the tiny engine."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l2t.jobs import worker
from l2t.jobs.attempt import After
from l2t.jobs.code import stamp
from l2t.jobs.engine import Engine
from l2t.jobs.worker import Limits, Signals, UnfitError, work
from l2t.registry import load_object
from l2t.spec import RunSpec
from l2t.store.rows import Submission
from l2t.store.state import State
from l2t.store.store import Store

MakeRun = Callable[..., RunSpec]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as store:
        yield store


@pytest.fixture
def load(tiny_engine: str) -> Callable[[], Engine]:
    load: Callable[[], Engine] = load_object(tiny_engine)
    return load


def signals() -> Signals:
    return Signals(threading.Event(), threading.Event())


def states(store: Store) -> list[State]:
    return [row.state for row in store.runs(order="seed")]


def submit(store: Store, *runs: RunSpec) -> None:
    store.submit(Submission("l2t run", "", len(runs), runs))


def test_it_does_what_there_is_and_ends_when_it_is_idle_for_long(
    store: Store, load: Callable[[], Engine], make_run: MakeRun
) -> None:
    submit(store, make_run(0), make_run(1), make_run(2, device="cuda"))
    began = time.monotonic()
    assert work(store, "cpu", False, load, Limits(idle=0.5), signals()) is After.NEXT
    assert time.monotonic() - began >= 0.5
    assert states(store) == [State.DONE, State.DONE, State.QUEUED]


def test_a_worker_that_has_nothing_to_do_never_loads_the_engine(store: Store) -> None:
    def load() -> Engine:
        raise AssertionError("loaded")

    work(store, "cpu", False, load, Limits(idle=0.0), signals())


def test_it_is_recycled_after_so_many_jobs(store: Store, load: Callable[[], Engine], make_run: MakeRun) -> None:
    submit(store, *(make_run(seed) for seed in range(5)))
    work(store, "cpu", False, load, Limits(jobs=3), signals())
    assert states(store).count(State.DONE) == 3


def test_it_is_recycled_where_a_job_left_too_much_in_memory(
    store: Store, load: Callable[[], Engine], make_run: MakeRun
) -> None:
    submit(store, make_run(0), make_run(1))
    assert work(store, "cpu", False, load, Limits(memory=1), signals()) is After.RECYCLE
    assert states(store) == [State.DONE, State.QUEUED]


def test_it_ends_after_a_crash_and_when_it_was_drained(
    store: Store, load: Callable[[], Engine], make_run: MakeRun
) -> None:
    submit(store, make_run(0, options={"fail": "crash"}), make_run(1))
    assert work(store, "cpu", False, load, Limits(), signals()) is After.RECYCLE
    drained = signals()
    drained.drain.set()
    assert work(store, "cpu", False, load, Limits(), drained) is After.NEXT
    assert states(store) == [State.QUEUED, State.QUEUED]


def test_it_ends_before_the_next_job_when_the_installed_code_has_changed(
    store: Store, load: Callable[[], Engine], make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(store, *(make_run(seed) for seed in range(3)))
    monkeypatch.setattr(worker, "stamp", lambda: [("a.py", states(store).count(State.DONE) // 2, 0)])
    work(store, "cpu", False, load, Limits(), signals())
    assert states(store).count(State.DONE) == 2


def test_no_job_is_taken_where_the_code_changed_while_it_was_imported(
    store: Store, load: Callable[[], Engine], make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(store, make_run())
    changed = False

    def change() -> Engine:
        nonlocal changed
        changed = True
        return load()

    monkeypatch.setattr(worker, "stamp", lambda: [("a.py", int(changed), 0)])
    assert work(store, "cpu", False, change, Limits(), signals()) is After.NEXT
    row = store.runs()[0]
    assert (row.state, row.attempts) == (State.QUEUED, 0)


def test_an_engine_or_device_that_fails_is_found_before_a_job_is_taken(
    store: Store, load: Callable[[], Engine], make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken() -> Engine:
        raise ImportError("libcuda.so.1: cannot open\nmore")

    submit(store, make_run())
    with pytest.raises(UnfitError, match=r"^ImportError: libcuda.so.1: cannot open$"):
        work(store, "cpu", False, broken, Limits(), signals())
    monkeypatch.setenv("TINY_BROKEN", str(tmp_path))
    with pytest.raises(UnfitError, match="cpu has fallen off the bus"):
        work(store, "cpu", False, load, Limits(), signals())
    assert store.runs()[0].attempts == 0


def test_the_stamp_tells_edited_added_and_removed_modules(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    module = tmp_path / "sub" / "a.py"
    module.write_text("x = 1\n")
    (tmp_path / "note.txt").write_text("")
    before = stamp(tmp_path)
    assert stamp(tmp_path) == before
    (tmp_path / "note.txt").write_text("no module")
    assert stamp(tmp_path) == before
    module.write_text("x = 23\n")
    edited = stamp(tmp_path)
    assert edited != before
    (tmp_path / "b.py").write_text("")
    assert stamp(tmp_path) != edited
    (tmp_path / "b.py").unlink()
    assert stamp(tmp_path) == edited
    assert stamp() == stamp() != []
