"""What may go from a home, and what never does."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from prepared import age, compute, jobs_of, table, work

from l2t.errors import StoreError
from l2t.spec import RunSpec, SourceSpec
from l2t.store.check import check
from l2t.store.folder import JobFolder
from l2t.store.gc import Kind, find, remove
from l2t.store.rows import Owner, Submission
from l2t.store.state import Reason
from l2t.store.store import Store


@pytest.fixture
def home(
    tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec], owner: Owner
) -> Path:
    """Three runs done; one running, one failed, one queued again, each with a folder and a checkpoint."""
    home = tmp_path / "home"
    runs, source = jobs_of(make_run, make_source, 3)
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 3, runs, [source]))
        work(store)
        store.submit(Submission("l2t run", "demo", 3, [make_run(seed) for seed in (10, 11, 12)]))
        jobs = [job for _ in range(3) if (job := store.claim(owner))]
        for job in jobs:
            folder = compute(home, job)
            folder.result.unlink()
            folder.checkpoint.write_bytes(b"x" * 10_000)
            age(folder.path)
        store.fail(jobs[0].id, owner, Reason.DIVERGED, "nan")
        store.interrupt(jobs[1].id, owner)
    return home


def kinds(home: Path, archived: bool = False) -> dict[str, Kind]:
    return {item.path.name: item.kind for item in find(home, archived)}


def test_nothing_goes_from_a_home_at_work(home: Path) -> None:
    assert find(home, archived=True) == []


def test_checkpoints_of_done_runs_go_and_no_others(home: Path) -> None:
    with Store.read(home) as store:
        done = next(row.id for row in store.runs() if row.state == "done")
    checkpoint = JobFolder.of(home, "run", done).checkpoint
    checkpoint.write_bytes(b"x" * 100_000)
    garbage = find(home)
    assert [(item.path, item.kind) for item in garbage] == [(checkpoint, Kind.CHECKPOINT)]
    before = table(home)
    assert remove(garbage) >= 100_000
    assert not checkpoint.exists()
    assert len(list(home.glob("runs/*/checkpoint.pt"))) == 3
    assert table(home) == before
    assert remove(garbage) == 0  # another process was first


def test_temporaries_go_when_their_writer_must_be_dead(home: Path) -> None:
    folder = next((home / "runs").iterdir())
    left = [folder / ".result.json.01234567.tmp", home / "sweeps" / ".a.json.01234567.tmp", home / ".space-01234567"]
    left += [folder / "traces" / ".000001.npz.01234567.tmp"]
    for path in left:
        path.touch()
    assert find(home) == []
    for path in left:
        age(path)
    assert kinds(home) == dict.fromkeys((path.name for path in left), Kind.TEMPORARY)
    remove(find(home))
    assert not any(path.exists() for path in left)


def test_folders_that_are_no_jobs_go_but_lost_jobs_stay(home: Path) -> None:
    with Store.open(home) as store:
        lost = next(row.id for row in store.runs() if row.state == "done")
        store._all("DELETE FROM jobs WHERE id = ?", [lost])
    (home / "runs" / "mine").mkdir()
    (home / "runs" / "0123456789abcdef").mkdir()  # as a run whose first files are not written yet
    age(home / "runs" / "mine")
    age(home / "runs" / lost)
    assert kinds(home) == {"mine": Kind.ORPHAN}


def test_links_are_removed_and_never_followed(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (home / "runs" / "link").symlink_to(outside)
    (home / "runs" / ".a.01234567.tmp").symlink_to(outside)
    for name in ("link", ".a.01234567.tmp"):
        age(home / "runs" / name)
    remove(find(home))
    assert not os.path.lexists(home / "runs" / "link")
    assert not os.path.lexists(home / "runs" / ".a.01234567.tmp")
    assert (outside / "precious").exists()


def test_old_attempts_go_where_they_are_named(home: Path, make_run: Callable[..., RunSpec]) -> None:
    done = make_run(0)
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 3, [done], force=True))
    JobFolder.of(home, "run", done.id).archive()
    assert find(home) == []
    assert kinds(home, archived=True) == {done.id: Kind.ARCHIVED}
    assert remove(find(home, archived=True)) > 0
    assert list((home / "runs" / ".archive").iterdir()) == []
    assert check(home).good


def test_without_a_readable_database_nothing_goes(home: Path) -> None:
    (home / "l2t.db").write_bytes(b"\xff" * 10_000)
    with pytest.raises(StoreError, match="rebuild"):
        find(home)
