"""A database made anew from the folders."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prepared import WEIGHTS, age, compute, jobs_of, table, work

from l2t.errors import StoreError
from l2t.spec import ArtefactSpec, RunSpec, SourceSpec, TrainSettings
from l2t.store import filter, presence, rebuild
from l2t.store.check import check
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.merge import merge
from l2t.store.rows import ArtefactRow, Owner, Submission
from l2t.store.state import Reason, State
from l2t.store.store import Store

Make = Callable[..., RunSpec]


@pytest.fixture
def home(tmp_path: Path, make_run: Make, make_source: Callable[..., SourceSpec]) -> Path:
    """A source and four of six runs done; two in the queue, without a folder."""
    home = tmp_path / "home"
    runs, source = jobs_of(make_run, make_source, 6)
    with Store.open(home) as store:
        store.submit(Submission("l2t run --seeds 6", "demo", 6, runs, [source]))
        work(store, 5)
    return home


def by_state(home: Path) -> dict[State, int]:
    with Store.read(home) as store:
        return {state: number for state, number in store.count().items() if number}


def test_a_whole_home_is_the_same_afterwards(home: Path) -> None:
    before = table(home)
    with Store.read(home) as store:
        sweeps, artefacts = store.sweeps(), store.artefacts()
    rebuilt = rebuild.rebuild(home)
    assert (rebuilt.done, rebuilt.queued, rebuilt.sweeps, rebuilt.unknown, rebuilt.refused) == (5, 2, 1, 0, [])
    assert table(home) == before
    with Store.read(home) as store:
        assert store.sweeps() == sweeps
        assert [(row.hash, row.accuracy) for row in store.artefacts()] == [
            (row.hash, row.accuracy) for row in artefacts
        ]
        assert (store.last_ending(), store.told()) == (5, 5)  # nobody is told of it all again
    assert check(home).findings == []
    assert rebuilt.damaged == home / "l2t.db.damaged-1"
    assert rebuilt.damaged.is_file()
    with Store.open(home) as store:
        assert len(work(store)) == 2
        assert store._all("PRAGMA journal_mode") == [("wal",)]


def test_without_a_database_what_had_no_folder_is_counted(home: Path) -> None:
    before = table(home)
    for path in home.glob("l2t.db*"):
        path.unlink()
    rebuilt = rebuild.rebuild(home)
    assert (rebuilt.done, rebuilt.queued, rebuilt.unknown, rebuilt.damaged) == (5, 0, 2, None)
    assert table(home) == {id: row for id, row in before.items() if row[0] is State.DONE}


def test_specifications_come_back_out_of_the_bytes_of_a_database_that_is_none_any_more(home: Path) -> None:
    before = table(home)
    path = home / "l2t.db"
    data = bytearray(path.read_bytes())
    data[:100] = b"\0" * 100
    path.write_bytes(data)
    rebuilt = rebuild.rebuild(home)
    assert (rebuilt.done, rebuilt.queued, rebuilt.unknown) == (5, 2, 0)
    assert table(home) == before


def test_what_was_cleared_stays_forgotten(home: Path, make_run: Make, owner: Owner) -> None:
    with Store.open(home) as store:
        store.cancel(filter.parse(["state=queued"]))
        store.clear(filter.parse(["state=cancelled"]))
    rebuilt = rebuild.rebuild(home)
    assert (rebuilt.done, rebuilt.queued, rebuilt.unknown) == (5, 0, 2)


def test_old_attempts_and_interrupted_runs_are_queued(home: Path, make_run: Make, owner: Owner) -> None:
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [make_run(20), make_run(21)]))
        store.prioritise(filter.parse(["seed=20,21"]), 5)
        for _ in range(2):
            job = store.claim(owner)
            assert job is not None
            compute(home, job).result.unlink()
        store.fail(job.id, owner, Reason.DIVERGED, "nan")
    rebuilt = rebuild.rebuild(home)
    assert (rebuilt.done, rebuilt.queued, rebuilt.unknown) == (5, 4, 0)
    with Store.open(home) as store:
        assert len(work(store)) == 4


def test_a_cancelled_sweep_stays_cancelled_but_what_others_want_is_queued(
    home: Path, make_run: Make, make_source: Callable[..., SourceSpec]
) -> None:
    source = make_source(epochs=9)
    mine, shared = make_run(30, source=source.ref), make_run(31, source=source.ref)
    with Store.open(home) as store:
        sweep = store.submit(Submission("l2t run a", "demo", 2, [mine, shared], [source])).sweep
        store.submit(Submission("l2t run b", "demo", 1, [shared], [source]))
        store.cancel_sweep(sweep)
        before = {row.id: row.state for row in store.runs()}
        assert before[mine.id] is State.CANCELLED
        assert before[shared.id] is State.QUEUED
    assert rebuild.rebuild(home).cancelled == 1
    assert {id: row[0] for id, row in table(home).items()} == before
    with Store.read(home) as store:
        assert store.sweep(sweep).cancelled is not None
        assert [job.state for job in store.sources() if job.id == source.id] == [State.QUEUED]


def test_tags_and_notes_come_back(home: Path) -> None:
    with Store.open(home) as store:
        store.tag(filter.parse(["seed=0-3"]), add=["first", "best"])
        store.tag(filter.parse(["seed=1"]), remove=["first"])
        store.annotate(filter.parse(["seed=0"]), "look\nagain")
        before = {row.id: (row.tags, row.note) for row in store.runs()}
    with (home / "marks.jsonl").open("ab") as file:
        file.write(b'{"at": 1, "ids": ["x"], "add": ["../"]}\n\xff\xfe{"ids":')
    rebuild.rebuild(home)
    with Store.read(home) as store:
        assert {row.id: (row.tags, row.note) for row in store.runs()} == before
        assert any(tags for tags, _ in before.values())


def test_a_source_without_weights_is_trained_anew(home: Path) -> None:
    [folder] = [JobFolder(path) for path in (home / "artefacts").iterdir()]
    folder.weights.unlink()
    assert not check(home).good
    rebuild.rebuild(home)
    with Store.open(home) as store:
        job = store.claim(Owner("h", "b", 1, 1))
        assert job is not None
        assert (job.id, job.redo) == (folder.path.name, True)


def test_an_imported_network_comes_back(home: Path) -> None:
    from l2t.store.found import imported_hash

    result = {"model": "resnet32", "outputs": 200, "weights": "abc", "name": "tiny", "origin": "file.pth"}
    folder = JobFolder.of(home, "source", imported_hash(result))
    folder.make()
    folder.weights.write_bytes(WEIGHTS)
    write_json(folder.result, result | {"accuracy": 51.0})
    with Store.open(home) as store:
        row = ArtefactRow(folder.path.name, "source", "tiny", "resnet32", "", 200, "file.pth", 51.0, None, 1.0)
        store.add_artefact(row)
    assert check(home).findings == []
    age(folder.result, 1000)
    assert rebuild.rebuild(home).imported == 1
    with Store.read(home) as store:
        found = store.artefact("tiny")
    assert found is not None
    assert (found.hash, found.model, found.outputs, found.accuracy) == (row.hash, "resnet32", 200, 51.0)


def test_damaged_files_are_told_and_mended_where_they_can_be(home: Path) -> None:
    with Store.read(home) as store:
        done = [row.id for row in store.runs() if row.state is State.DONE]
    spec, result = (JobFolder.of(home, "run", id) for id in done[:2])
    spec.spec.write_bytes(b"{")
    result.result.write_bytes(b'{"accuracy": "high"}')
    (home / "runs" / "mine").mkdir()
    (home / "sweeps" / "note.txt").touch()
    before = table(home)
    rebuilt = rebuild.rebuild(home)
    assert {line.partition(":")[0] for line in rebuilt.refused} == {"runs/mine", "sweeps/note.txt"}
    after = table(home)
    assert after.pop(done[1])[0] is State.QUEUED
    before.pop(done[1])
    assert after == before
    assert check(home).good


def test_the_old_database_is_kept_under_a_name_of_its_own_with_its_log(home: Path) -> None:
    with Store.open(home) as store:
        store._all("UPDATE jobs SET note = 'in the log'")
        data = {end: (home / f"l2t.db{end}").read_bytes() for end in ("", "-wal")}
        for end, content in data.items():
            (home / f"saved{end}").write_bytes(content)
    for end in data:  # as a killed process leaves it
        (home / f"saved{end}").rename(home / f"l2t.db{end}")
    rebuild.rebuild(home)
    assert (home / "l2t.db.damaged-1").read_bytes() == data[""]
    assert (home / "l2t.db.damaged-1-wal").read_bytes() == data["-wal"]
    assert not (home / "l2t.db-wal").exists()
    rebuild.rebuild(home)
    assert (home / "l2t.db.damaged-2").is_file()


def test_a_database_in_use_is_not_replaced(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from l2t.store.store import Store\n"
        "store = Store.open(Path(sys.argv[1])); store.runs(); print(flush=True); sys.stdin.read()"
    )
    before = (home / "l2t.db").read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        user.stdout.readline()
        with pytest.raises(StoreError, match="in use by another process"):
            rebuild.rebuild(home)
        user.communicate()
    assert (home / "l2t.db").read_bytes() == before
    assert rebuild.rebuild(home).done == 5


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(source: int) -> None:
        raise OSError(number, os.strerror(number))

    before = sorted(path.name for path in home.iterdir())
    monkeypatch.setattr(rebuild.os, "fsync", full)
    with pytest.raises(StoreError, match="Nothing was changed"):
        rebuild.rebuild(home)
    monkeypatch.undo()
    assert sorted(path.name for path in home.iterdir()) == before
    assert by_state(home) == {State.DONE: 4, State.QUEUED: 2}


@pytest.mark.parametrize("step", range(4))
def test_killed_at_any_step_of_the_exchange_it_can_be_repeated(
    home: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every rename and link of the exchange is a place to die at; there always is a database."""
    before = table(home)
    calls = 0

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            nonlocal calls
            calls += 1
            if calls > step:
                raise KeyboardInterrupt
            return real(*arguments)

        return call

    with Store.open(home) as store:
        store._all("UPDATE jobs SET note = 'in the log'")
        saved = {end: (home / f"l2t.db{end}").read_bytes() for end in ("", "-wal")}
    for end, content in saved.items():
        (home / f"l2t.db{end}").write_bytes(content)
    with monkeypatch.context() as patch:
        for name in ("hardlink_to", "rename", "replace"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        try:
            rebuild.rebuild(home)
        except KeyboardInterrupt:
            assert calls > step
    assert (home / "l2t.db").is_file()
    rebuild.rebuild(home)
    assert table(home) == before
    assert check(home).good


def test_artefacts_and_what_they_need_come_back_in_their_order(
    tmp_path: Path, make_source: Callable[..., SourceSpec]
) -> None:
    source = make_source()
    first = ArtefactSpec(
        phase="hint", name="hint stage of a", options={"layer": 1}, needs=(source.id,), train=TrainSettings(epochs=2)
    )
    train = TrainSettings(epochs=2)
    second = ArtefactSpec(phase="hint", name="hint stage of b", options={}, needs=(first.id,), train=train)
    home = tmp_path / "home"
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [], [source, first, second]))
        work(store, 1)
    assert rebuild.rebuild(home).queued == 2
    with Store.open(home) as store:
        assert work(store) == [first.id, second.id]
    other = tmp_path / "other"
    assert sorted(merge(other, home).added) == sorted([source.id, first.id, second.id])
    assert check(other).findings == []
    with Store.read(other) as store:
        assert {row.name: row.kind for row in store.artefacts()}[second.name] == "artefact"
    weights = JobFolder.of(home, "artefact", second.id).weights
    weights.write_bytes(weights.read_bytes().replace(b"weights", b"wEights"))
    [finding] = check(home).findings
    assert (finding.where, finding.what) == (f"artefacts/{second.id}", "its weights are damaged")
    assert rebuild.rebuild(home).queued == 1
    with Store.open(home) as store:
        assert work(store) == [second.id]


def test_nothing_that_is_queued_meanwhile_is_lost(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = rebuild._fill

    def fill(*arguments: Any) -> Any:
        with pytest.raises(StoreError, match="another program rebuilds the store"):
            Store.open(home)
        return real(*arguments)

    monkeypatch.setattr(rebuild, "_fill", fill)
    monkeypatch.setattr(presence, "WAIT_SECONDS", 0.1)
    rebuild.rebuild(home)
    with Store.open(home), pytest.raises(StoreError, match="in use by another process"):
        rebuild.rebuild(home)
