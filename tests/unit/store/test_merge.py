"""Another home's finished runs added to ours, and a hostile home refused."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prepared import WEIGHTS, compute, jobs_of, table, work

from l2t.errors import DiskError, UsageError
from l2t.spec import RunSpec, SourceSpec
from l2t.store import files, filter
from l2t.store.check import check
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.found import imported_hash
from l2t.store.merge import merge
from l2t.store.rebuild import rebuild
from l2t.store.rows import Owner, Submission
from l2t.store.state import Reason, State
from l2t.store.store import Store

Make = Callable[..., RunSpec]


def fill(home: Path, runs: list[RunSpec], source: SourceSpec, done: int = -1) -> None:
    with Store.open(home) as store:
        store.submit(Submission(f"l2t run {len(runs)}", "demo", len(runs), runs, [source]))
        work(store, done)


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    """All that is in a folder: contents, modes and times."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


@pytest.fixture
def other(tmp_path: Path, make_run: Make, make_source: Callable[..., SourceSpec]) -> Path:
    """Another box's home: a source and runs of seeds 0 to 3 done, 4 and 5 in the queue."""
    runs, source = jobs_of(make_run, make_source, 6)
    fill(tmp_path / "other", runs, source, 5)
    return tmp_path / "other"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_an_empty_home_takes_everything_that_is_done_and_the_other_is_only_read(home: Path, other: Path) -> None:
    for path in other.glob("l2t.db*"):
        path.unlink()  # it is not even needed
    before = snapshot(other)
    merged = merge(home, other)
    assert (len(merged.added), merged.equal, merged.unfinished, merged.conflicts) == (5, 0, 0, [])
    assert (merged.refused, merged.sweeps) == ([], 1)
    assert snapshot(other) == before
    assert len(table(home)) == 4
    assert check(home).findings == []
    for folder in other.glob("*/*/"):
        ours = home / folder.relative_to(other)
        assert {name: entry[2] for name, entry in snapshot(ours).items()} == {
            name: entry[2] for name, entry in snapshot(folder).items()
        }
        assert ours.stat().st_mode & 0o777 == 0o700
    with Store.read(home) as store:
        [sweep] = store.sweeps()
        assert (sweep.command, sweep.seeds_planned, sweep.runs[State.DONE], sweep.sources[State.DONE]) == (
            "l2t run 6",
            6,
            4,
            1,
        )
        [artefact] = store.artefacts()
        assert artefact.accuracy is not None


def test_what_another_home_did_is_told_to_nobody_and_hides_nothing_that_is_to_be_told(
    home: Path, other: Path, make_run: Make
) -> None:
    merge(home, other)
    with Store.open(home) as store:
        assert (store.last_ending(), store.told()) == (5, 5)
        store.submit(Submission("", "", 1, [make_run(100)]))
        work(store, 1)
    with Store.open(other) as store:
        work(store)
    merge(home, other)
    with Store.read(home) as store:
        assert (store.last_ending(), store.told()) == (8, 5)
        assert store.ended_after(5)[0].id == make_run(100).id


def test_repeating_it_changes_nothing(home: Path, other: Path) -> None:
    merge(home, other)
    before, files_before = table(home), snapshot(home / "runs")
    merged = merge(home, other)
    assert (merged.added, merged.equal, merged.sweeps) == ([], 5, 0)
    assert (table(home), snapshot(home / "runs")) == (before, files_before)


def test_what_waits_here_is_done_afterwards(home: Path, other: Path, make_run: Make, owner: Owner) -> None:
    """Queued, failed, paused and cancelled runs take the result; a running one is left alone."""
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 4, [make_run(0), make_run(2), make_run(7), make_run(8)]))
        job = store.claim(owner)
        assert job is not None
        compute(home, job).result.unlink()
        store.fail(job.id, owner, Reason.DIVERGED, "nan")
        failed = job.id
        running = store.claim(owner)
        assert running is not None
        merged = merge(home, other)
        assert merged.busy == [running.id]
        assert failed in merged.added
        states = {row.id: row.state for row in store.runs()}
        assert states[failed] is State.DONE
        assert states[running.id] is State.RUNNING
        store.interrupt(running.id, owner)
        for change, where in ((store.pause, "state=queued"), (store.cancel, "seed=7")):
            change(filter.parse([where]))
        assert running.id in merge(home, other).added
        assert store.count() == dict.fromkeys(State, 0) | {State.DONE: 4, State.PAUSED: 1, State.CANCELLED: 1}
    assert check(home).good
    assert (home / "runs" / ".archive" / failed / "1").is_dir()


def test_a_source_from_there_lets_our_runs_begin(
    home: Path, other: Path, make_run: Make, make_source: Callable[..., SourceSpec]
) -> None:
    source = make_source()
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [make_run(99, source=source.ref)], [source]))
        assert store.claimable(False) == {"cpu": 1, "cuda": 0}
        merge(home, other)
        assert work(store) == [make_run(99, source=source.ref).id]


def test_the_same_run_with_another_result_is_reported_and_ours_kept(home: Path, other: Path, make_run: Make) -> None:
    merge(home, other)
    run = make_run(0)
    theirs = JobFolder.of(other, "run", run.id)
    result = json.loads(theirs.result.read_bytes())
    write_json(theirs.result, result | {"accuracy": 12.5, "new": 1})
    write_json(theirs.env, {"fingerprint": {"cpu": "other"}})
    before = table(home)
    merged = merge(home, other)
    [conflict] = merged.conflicts
    assert (conflict.id, conflict.name) == (run.id, run.name)
    assert conflict.accuracies == (result["accuracy"], 12.5)
    assert conflict.fingerprints == ({"cpu": "tiny"}, {"cpu": "other"})
    assert conflict.differing == ("accuracy", "new")
    assert (conflict.ours, conflict.theirs) == (home / "runs" / run.id, other / "runs" / run.id)
    assert table(home) == before
    assert merged.equal == 4


def test_tags_and_notes_are_added_and_ours_stay(home: Path, other: Path) -> None:
    with Store.open(other) as store:
        store.tag(filter.parse(["seed=0-2"]), add=["theirs"])
        store.annotate(filter.parse(["seed=0,1"]), "their note")
    merge(home, other)
    with Store.open(home) as store:
        store.annotate(filter.parse(["seed=0"]), "our note")
        store.tag(filter.parse(["seed=0"]), add=["ours"])
    merge(home, other)
    with Store.read(home) as store:
        marks = {row.seed: (set(row.tags), row.note) for row in store.runs()}
    assert marks[0] == ({"theirs", "ours"}, "our note")
    assert marks[1] == ({"theirs"}, "their note")
    assert marks[2] == ({"theirs"}, None)
    lines = (home / "marks.jsonl").read_bytes()
    merge(home, other)
    assert (home / "marks.jsonl").read_bytes() == lines
    rebuild(home)
    with Store.read(home) as store:
        assert {row.seed: (set(row.tags), row.note) for row in store.runs()} == marks


def test_an_imported_network_is_added(home: Path, other: Path) -> None:
    result = {
        "model": "resnet32",
        "outputs": 200,
        "weights": "abc",
        "name": "tiny",
        "origin": "f.pth",
        "accuracy": 51.0,
    }
    folder = JobFolder.of(other, "source", imported_hash(result))
    folder.make()
    folder.weights.write_bytes(WEIGHTS)
    write_json(folder.result, result)
    assert folder.path.name in merge(home, other).added
    assert merge(home, other).equal == 6
    with Store.read(home) as store:
        assert store.artefact("tiny") is not None
    assert check(home).findings == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_in_the_middle_leaves_whole_runs_only(
    home: Path, other: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real, left = files._write, 20

    def full(descriptor: int, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.write(descriptor, data[:1])
            raise OSError(number, os.strerror(number))
        real(descriptor, data)

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(DiskError, match="repeat the command"):
        merge(home, other)
    monkeypatch.undo()
    assert 0 < len(table(home)) < 4
    assert all(finding.harmless for finding in check(home).findings)
    assert not list(home.rglob("*.tmp"))
    merge(home, other)
    assert len(table(home)) == 4
    assert check(home).findings == []


def test_killed_between_the_rename_and_the_row_it_can_be_repeated(
    home: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("l2t.store.merge.sync_folder", killed)
    with pytest.raises(KeyboardInterrupt):
        merge(home, other)
    monkeypatch.undo()
    assert len(list((home / "artefacts").iterdir())) == 1
    assert table(home) == {}
    assert len(merge(home, other).added) == 5
    assert check(home).findings == []


def test_what_is_no_home_or_this_one_is_refused(home: Path, other: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no home"):
        merge(home, tmp_path / "nowhere")
    (tmp_path / "link").symlink_to(other)
    with pytest.raises(UsageError, match="this home itself"):
        merge(other, tmp_path / "link")
    assert not home.exists()


# A hostile home


def link(path: Path, secret: Path) -> None:
    path.unlink()
    path.symlink_to(secret)


def pipe(path: Path, secret: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def directory(path: Path, secret: Path) -> None:
    path.unlink()
    path.mkdir()


def device(path: Path, secret: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def huge(path: Path, secret: Path) -> None:
    os.truncate(path, 10 << 30)  # sparse


FILES = ["spec.json", "result.json", "env.json", "metrics.jsonl", "log.txt", "timing.jsonl"]


@pytest.mark.parametrize("trick", [link, pipe, directory, device, huge])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_plain_one_refuses_its_run_and_is_not_followed(
    home: Path, other: Path, tmp_path: Path, make_run: Make, name: str, trick: Callable[[Path, Path], None]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"password": "hunter2"}')
    path = JobFolder.of(other, "run", make_run(0).id).path / name
    path.touch()
    trick(path, secret)
    merged = merge(home, other)
    [line] = merged.refused
    assert line.startswith(f"runs/{make_run(0).id}: ")
    assert len(merged.added) == 4
    assert not any(b"hunter2" in entry.read_bytes() for entry in home.rglob("*") if entry.is_file())
    assert not list(home.rglob("*.tmp"))
    assert check(home).good


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\0" * 100, b"\xff\xfe", b"[" * 100_000),
        *(b'{"accuracy": NaN}', b'{"accuracy": 1e999}', b'{"accuracy": "50"}', b'{"accuracy": 101}'),
        *(b'{"accuracy": true}', b'{"best_val": [1]}', b'{"steps": 1e30}', b'{"steps": 99999999999999999999}'),
        b'{"steps": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_result_that_is_none_refuses_its_run(home: Path, other: Path, make_run: Make, content: bytes) -> None:
    JobFolder.of(other, "run", make_run(0).id).result.write_bytes(content)
    merged = merge(home, other)
    assert len(merged.refused) == 1
    assert len(table(home)) == 3


@pytest.mark.parametrize(
    "changes",
    [{"seed": 5}, {"seed": -1}, {"shots": 6}, {"unknown": 1}, {"train": None}, {"recipe": "\ud800"}],
)
def test_a_specification_that_does_not_hash_to_its_name_is_refused(
    home: Path, other: Path, make_run: Make, changes: dict[str, Any]
) -> None:
    folder = JobFolder.of(other, "run", make_run(0).id)
    folder.spec.write_text(json.dumps(json.loads(folder.spec.read_bytes()) | changes))
    merged = merge(home, other)
    assert len(merged.refused) == 1
    assert len(table(home)) == 3


@pytest.mark.parametrize(
    "name", ["..x", "nine", "A" * 16, "0" * 15, "0" * 17, "new\nline", "caf\udce9", "'; DROP", "é"]
)
def test_a_folder_of_another_name_is_refused_with_one_line(home: Path, other: Path, make_run: Make, name: str) -> None:
    JobFolder.of(other, "run", make_run(0).id).path.rename(other / "runs" / name)
    merged = merge(home, other)
    assert merged.refused == [f"runs/{name}: its name is no id"]
    assert len(table(home)) == 3


def test_linked_folders_are_refused(home: Path, other: Path, make_run: Make, tmp_path: Path) -> None:
    moved = [JobFolder.of(other, "run", make_run(0).id).path, JobFolder.of(other, "run", make_run(2).id).traces]
    for number, path in enumerate(moved):
        path.rename(tmp_path / str(number))
        path.symlink_to(tmp_path / str(number))
    assert len(merge(home, other).refused) == 2
    assert len(table(home)) == 2
    (other / "runs").rename(tmp_path / "runs")
    (other / "runs").symlink_to(tmp_path / "runs")
    (other / "sweeps").rename(tmp_path / "sweeps")
    (other / "sweeps").symlink_to(tmp_path / "sweeps")
    assert {"runs: it is a link", "sweeps: it is a link"} <= set(merge(home, other).refused)


def test_further_files_are_left_behind(home: Path, other: Path, make_run: Make) -> None:
    folder = JobFolder.of(other, "run", make_run(0).id)
    (folder.path / "run.sh").write_text("rm -rf /")
    folder.checkpoint.write_bytes(b"pickle")
    (folder.traces / "..evil.npz").write_bytes(b"x")
    (folder.traces / "link.npz").symlink_to("/etc/passwd")
    assert merge(home, other).refused == []
    names = {path.name for path in home.rglob("*")}
    assert not names & {"run.sh", "checkpoint.pt", "..evil.npz", "link.npz"}


@pytest.mark.parametrize("name", ["../../evil", "\x1b[2J", "", "a" * 200, 5, None])
def test_a_source_of_a_hostile_name_is_refused(home: Path, other: Path, name: object) -> None:
    [path] = (other / "artefacts").iterdir()
    spec = JobFolder(path).spec
    spec.write_text(json.dumps(json.loads(spec.read_bytes()) | {"name": name}))
    merged = merge(home, other)
    assert len(merged.refused) == 1
    with Store.read(home) as store:
        assert store.artefacts() == []


@pytest.mark.parametrize(
    "changes",
    [
        *({"jobs": ["../../x"]}, {"jobs": None}, {"jobs": []}, {"command": 5}, {"command": "\ud800"}),
        *({"seeds_planned": -1}, {"seeds_planned": True}, {"created": "now"}, {"created": 1e300}, {"cancelled": []}),
    ],
)
def test_a_sweep_that_is_none_is_refused(home: Path, other: Path, changes: dict[str, Any]) -> None:
    [path] = (other / "sweeps").iterdir()
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))
    merged = merge(home, other)
    assert (len(merged.refused), merged.sweeps, len(merged.added)) == (1, 0, 5)


def test_hostile_marks_are_skipped_or_made_harmless(home: Path, other: Path, make_run: Make) -> None:
    id = make_run(0).id
    lines = [
        *({"ids": [id], "add": ["../../x", "a b", "", 5, "good"]}, {"ids": 5}, {"ids": [id], "note": "\x1b[2Jx\ny"}),
        *({"ids": ["../"], "add": ["x"]}, {"ids": [id], "add": {"a": 1}, "note": {"a": 1}}),
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\n" + "[" * 100_000 + '\n{"ids": ["' + id
    (other / "marks.jsonl").write_text(text)
    assert merge(home, other).refused == []
    with Store.read(home) as store:
        [row] = [row for row in store.runs() if row.id == id]
    assert (row.tags, row.note) == (("good",), "\\x1b[2Jx\\ny")
    link(other / "marks.jsonl", Path("/etc/passwd"))
    assert merge(home, other).refused == ["marks.jsonl is a link"]


def test_a_disk_of_links_that_lead_in_circles_ends(home: Path, other: Path) -> None:
    (other / "runs" / "loop").symlink_to(other / "runs")
    shutil.rmtree(other / "artefacts")
    (other / "artefacts").symlink_to(other / "artefacts")
    merged = merge(home, other)
    assert len(merged.added) == 4
    assert len(merged.refused) == 2
