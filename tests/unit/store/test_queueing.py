"""Operations on the queue, requests to workers, endings, tags and notes; many processes that claim at once."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from l2t.errors import UsageError
from l2t.spec import RunSpec, SourceSpec
from l2t.store import lifecycle
from l2t.store.filter import parse
from l2t.store.folder import JobFolder
from l2t.store.rows import Changed, Owner, Submitted
from l2t.store.state import Reason, Request, State
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]
MakeSource = Callable[..., SourceSpec]

CLAIM_ALL = """
import sys
from pathlib import Path
from l2t.store.rows import Owner
from l2t.store.store import Store
store, owner = Store.open(Path(sys.argv[1])), Owner("h", "b", int(sys.argv[2]), 1)
while job := store.claim(owner):
    print(job.id)
"""


def claim(store: Store, owner: Owner) -> str:
    job = store.claim(owner)
    assert job is not None
    return job.id


def test_eight_processes_claim_each_of_5000_runs_once(store: Store, submit: Submit, make_run: MakeRun) -> None:
    runs = [make_run(seed) for seed in range(5000)]
    submit(runs)
    children = [
        subprocess.Popen([sys.executable, "-c", CLAIM_ALL, str(store.home), str(number)], stdout=subprocess.PIPE)
        for number in range(8)
    ]
    claimed = [id.decode() for child in children for id in child.communicate()[0].split()]
    assert [child.returncode for child in children] == [0] * 8
    assert sorted(claimed) == sorted(run.id for run in runs)


def test_two_sweeps_take_turns_and_priority_goes_first(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(3)])
    submit([make_run(seed) for seed in range(10, 13)])
    store.prioritise(parse(["seed=12"]), 1)
    order = [claim(store, owner) for _ in range(6)]
    assert order == [make_run(seed).id for seed in (12, 0, 10, 1, 11, 2)]


def test_a_running_job_is_asked_and_stops_where_it_was_asked_to(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(3)])
    ids = [claim(store, owner) for _ in range(2)]
    assert store.pause(parse(["seed=0,2"]), now=True) == Changed(changed=1, asked=1)
    assert store.cancel(parse(["seed=1"])) == Changed(asked=1)
    assert [store.requested(id, owner) for id in ids] == [Request.PAUSE, Request.CANCEL]
    assert [store.interrupt(id, owner) for id in ids] == [State.PAUSED, State.CANCELLED]
    assert store.claim(owner) is None
    assert store.resume(parse([])).changed == 2
    assert store.retry(parse([])).changed == 1
    assert store.claimable()["cpu"] == 3


def test_cancelling_a_sweep_leaves_what_another_wants(
    store: Store, submit: Submit, make_run: MakeRun, make_source: MakeSource
) -> None:
    source = make_source()
    mine = submit([make_run(seed, source=source.ref) for seed in (0, 1)], [source]).sweep
    submit([make_run(1, source=source.ref)], [source])
    assert store.cancel_sweep(mine) == Changed(changed=1, kept=1)
    assert store.sources()[0].state == State.QUEUED
    assert store.cancel(parse(["seed=1"])) == Changed(changed=1)
    assert store.sources()[0].state == State.CANCELLED
    assert "cancelled" in json.loads((store.home / "sweeps" / f"{mine}.json").read_text())
    store.retry(parse(["seed=1"]))
    assert store.sources()[0].state == State.QUEUED


def test_a_crash_is_tried_again_later_and_not_for_ever(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit([make_run()])
    assert store.fail(claim(store, owner), owner, Reason.CRASHED, "x") == State.QUEUED
    assert store.claim(owner) is None
    assert store.runs()[0].not_before is not None
    store._all("UPDATE jobs SET not_before = not_before + 1e6")  # the clock was set back
    monkeypatch.setattr(lifecycle, "BACKOFF_SECONDS", 0.0)
    states = [store.fail(claim(store, owner), owner, Reason.CRASHED, "x") for _ in range(lifecycle.ATTEMPTS - 1)]
    assert states[-1] == State.FAILED


def test_an_ending_is_never_given_twice(store: Store, owner: Owner, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run(0), make_run(1)])
    store.fail(claim(store, owner), owner, Reason.DIVERGED, "nan")
    seen = store.last_ending()
    store.retry(parse([]))
    store.finish(claim(store, owner), owner, {"accuracy": 1.0}, 1.0, 1)
    assert [job.ending for job in store.ended_after(seen)] == [seen + 1]


def test_only_followed_sweeps_are_claimed_and_followers_die(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(0)])
    store.follow(submit([make_run(1)]).sweep, owner)
    job = store.claim(owner, followed=True)
    assert job is not None
    assert job.id == make_run(1).id
    assert store.claim(owner, followed=True) is None
    store.drop_followers(lambda owner, heartbeat: False)
    assert store._all("SELECT * FROM followers") == []


def test_clearing_forgets_what_failed_and_keeps_its_files(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(0), make_run(1)])
    id = claim(store, owner)
    JobFolder.of(store.home, "run", id).make()
    store.fail(id, owner, Reason.DIVERGED, "nan")
    assert store.clear(parse([])) == Changed(changed=1)
    assert [row.id for row in store.runs()] == [make_run(1).id]
    assert (store.home / "runs" / ".archive" / id / "1").is_dir()


@pytest.mark.parametrize("tag", ["", "../x", "a b", "a\n", "-x", "é", "\x1b[2J", "\udcff", "'", '"', "a" * 65, "a,b"])
def test_what_is_no_tag_changes_nothing(store: Store, submit: Submit, make_run: MakeRun, tag: str) -> None:
    submit([make_run()])
    for add, remove in (([tag], []), (["good"], [tag])):
        with pytest.raises(UsageError, match="tag") as caught:
            store.tag(parse([]), add, remove)
        assert str(caught.value).isprintable()
    assert store.runs()[0].tags == ()
    assert not (store.home / "marks.jsonl").exists()


@pytest.mark.parametrize("note", ["a\nb", "\x1b[31m", "\udcff", "\u202e", "'; DROP TABLE jobs; --", '"', "../.."])
def test_a_note_is_one_harmless_line(store: Store, submit: Submit, make_run: MakeRun, note: str) -> None:
    submit([make_run()])
    store.annotate(parse([]), note)
    kept = store.runs()[0].note
    assert kept is not None
    assert kept.isprintable()
    lines = [json.loads(line) for line in (store.home / "marks.jsonl").read_text().splitlines()]
    assert [line["note"] for line in lines] == [kept]
    assert store.runs(parse(["note=*"])) == store.runs()
    store.annotate(parse([]), None)
    assert store.runs()[0].note is None
