"""Whatever happens to jobs, in whatever order, they follow the transition table and a plain model of it."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from l2t.spec import ArtefactSpec, DataSettings, RunSpec, SourceRef, SourceSpec, TrainSettings
from l2t.store import lifecycle
from l2t.store.filter import parse
from l2t.store.folder import JobFolder
from l2t.store.lifecycle import ATTEMPTS
from l2t.store.rows import Owner, Submission
from l2t.store.state import TRANSITIONS, ClaimLostError, Reason, Request, State
from l2t.store.store import Store
from l2t.store.transitions import move

PLAIN = {"train": TrainSettings(epochs=9), "data": DataSettings(), "checksum": "c"}
SOURCE = SourceSpec.model_validate(PLAIN | {"name": "s", "dataset": "glyphs", "classes": 2, "model": "resnet8"})
MIDDLE = ArtefactSpec(phase="tiny", name="m", options={}, needs=(SOURCE.id,), train=TrainSettings(epochs=9))
WHAT = {"method": "ufm", "options": {}, "dataset": "digits", "classes": 2, "shots": 5, "target": "vgg9"}
REFS = (None, None, SOURCE.ref, SourceRef(hash=MIDDLE.id, name="m", model="resnet8", outputs=2))
RUNS = [RunSpec.model_validate(PLAIN | WHAT | {"seed": seed, "source": ref}) for seed, ref in enumerate(REFS)]
KINDS = {SOURCE.id: "source", MIDDLE.id: "artefact"} | {run.id: "run" for run in RUNS}
NEEDS = {SOURCE.id: None, MIDDLE.id: SOURCE.id} | {run.id: run.source.hash if run.source else None for run in RUNS}
"""What each job needs; none needs more than one other."""

LIVE = (State.QUEUED, State.RUNNING, State.PAUSED)
ENDED = (State.DONE, State.FAILED, State.CANCELLED)
AGAIN = (State.FAILED, State.CANCELLED)

# What one step of the machine below may do to a job, besides a single transition of the table.
SEVERAL = {
    (State.RUNNING, State.QUEUED),  # by way of interrupted
    (State.PAUSED, State.FAILED),  # by way of queued, with what it needs
}

chosen_runs = st.sets(st.sampled_from(range(len(RUNS))), min_size=1)


def chain(id: str) -> list[str]:
    """All that a job needs, the nearest first."""
    needed = NEEDS[id]
    return [] if needed is None else [needed, *chain(needed)]


class Jobs(RuleBasedStateMachine):
    """Four runs: one needs a source, one an artefact that needs the source; owners that live and die; sweeps that are
    followed and cancelled. The model: id → state."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = lifecycle.BACKOFF_SECONDS, lifecycle.DISK_SECONDS
        lifecycle.BACKOFF_SECONDS = lifecycle.DISK_SECONDS = 0.0
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.store = Store.open(self.home)
        self.model: dict[str, State] = {}
        self.owners: dict[str, Owner] = {}
        self.requests: dict[str, Request] = {}
        self.lost = dict.fromkeys(KINDS, 0)
        self.sweeps: dict[str, set[str]] = {}
        self.cancelled: set[str] = set()
        self.followed: set[str] = set()
        self.tags: dict[str, set[str]] = {}
        self.next_pid = 1
        self.before: dict[str, State] = {}
        self.endings: dict[str, int] = {}
        self.last = 0

    def teardown(self) -> None:
        lifecycle.BACKOFF_SECONDS, lifecycle.DISK_SECONDS = self.seconds
        self.store.close()
        self.folder.cleanup()

    def states(self) -> dict[str, State]:
        return {id: State(state) for id, state in self.store._all("SELECT id, state FROM jobs")}

    def claimed(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.owners)))

    def ready(self) -> set[str]:
        return {
            id
            for id, state in self.model.items()
            if state == State.QUEUED and all(self.model[needed] == State.DONE for needed in chain(id))
        }

    def known(self, chosen: Iterable[int]) -> tuple[list[str], str]:
        """The chosen runs that are there, and the filter for them."""
        return [RUNS[n].id for n in chosen if RUNS[n].id in self.model], f"seed={','.join(map(str, chosen))}"

    def queue_again(self, ids: Iterable[str], also: tuple[State | None, ...] = ()) -> None:
        for id in ids:
            if self.model.get(id) in (*AGAIN, *also):
                self.model[id] = State.QUEUED
                self.lost[id] = 0

    @rule(chosen=chosen_runs, force=st.booleans(), priority=st.integers(-1, 1))
    def submit(self, chosen: set[int], force: bool, priority: int) -> None:
        runs = [RUNS[index] for index in sorted(chosen)]
        needed = {id for run in runs for id in chain(run.id)}
        sources = [spec for spec in (SOURCE, MIDDLE) if spec.id in needed]
        asked = Submission("l2t run", "demo", 1, runs, sources, force, priority)
        planned = self.store.preview(asked)
        done = self.store.submit(asked)
        assert (done.runs, done.sources) == (planned.runs, planned.sources)
        for run in runs:
            if force and self.model.get(run.id) == State.DONE:
                JobFolder.of(self.home, "run", run.id).result.unlink()
        self.queue_again([run.id for run in runs], (None, *[State.DONE] * force))
        self.asked(done.sweep, {run.id for run in runs} | needed)

    @rule(force=st.booleans(), priority=st.integers(-1, 1))
    def submit_source(self, force: bool, priority: int) -> None:
        done = self.store.submit(Submission("l2t run", "", 0, [], [SOURCE], force, priority))
        if force and self.model.get(SOURCE.id) == State.DONE:
            JobFolder.of(self.home, "source", SOURCE.id).result.unlink()
            self.queue_again([SOURCE.id], (State.DONE,))
        self.asked(done.sweep, {SOURCE.id})

    def asked(self, sweep: str, ids: set[str]) -> None:
        self.queue_again(ids, (None,))
        self.sweeps[sweep] = set(ids)
        self.cancelled.discard(sweep)
        self.requests = {
            id: request for id, request in self.requests.items() if id not in ids or request is not Request.CANCEL
        }

    @rule(followed=st.booleans(), device=st.sampled_from([None, "cpu", "cuda"]))
    def claim(self, followed: bool, device: Literal["cpu", "cuda"] | None) -> None:
        owner = Owner("h", "b", self.next_pid, 7)
        self.next_pid += 1
        ready = self.ready()
        if followed:
            ready &= {id for sweep in self.followed for id in self.sweeps[sweep]}
        assert self.store.claimable(followed) == {"cpu": len(ready), "cuda": 0}
        ready = set() if device == "cuda" else ready
        priorities = dict(self.store._all("SELECT id, priority FROM jobs"))
        job = self.store.claim(owner, device, followed)
        if job is None:
            assert not ready
            return
        assert job.id in ready
        assert priorities[job.id] == max(priorities[id] for id in ready)
        self.model[job.id] = State.RUNNING
        self.owners[job.id] = owner
        if job.redo:
            self.store.archived(job.id, owner)

    @precondition(lambda self: self.owners)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        id = self.claimed(data)
        self.write_result(id)
        self.store.finish(id, self.owners.pop(id), {"accuracy": 50.0}, 1.0, 1)
        self.ends(id, State.DONE)

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), reason=st.sampled_from([Reason.DIVERGED, Reason.CRASHED, Reason.DISK]))
    def fail(self, data: st.DataObject, reason: Reason) -> None:
        id = self.claimed(data)
        state = self.store.fail(id, self.owners.pop(id), reason, "x")
        if reason is Reason.DIVERGED:
            self.ends(id, State.FAILED)
        else:
            self.stops(id, counts=reason is Reason.CRASHED)
        assert state == self.model[id]

    @precondition(lambda self: self.owners)
    @rule(data=st.data())
    def interrupt(self, data: st.DataObject) -> None:
        id = self.claimed(data)
        state = self.store.interrupt(id, self.owners.pop(id))
        self.stops(id, counts=False)
        assert state == self.model[id]

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), after_its_result=st.booleans(), forgiven=st.booleans())
    def die(self, data: st.DataObject, after_its_result: bool, forgiven: bool) -> None:
        id = self.claimed(data)
        owner = self.owners.pop(id)
        if after_its_result:
            self.write_result(id)
        assert self.store.reconcile(lambda other, heartbeat: other != owner, lambda dead: forgiven) == 1
        with pytest.raises(ClaimLostError):
            self.store.requested(id, owner)
        if after_its_result:
            self.ends(id, State.DONE)
        else:
            self.stops(id, counts=not forgiven)

    def write_result(self, id: str) -> None:
        folder = JobFolder.of(self.home, KINDS[id], id)
        folder.make()
        folder.write_result({"accuracy": 50.0})

    def stops(self, id: str, counts: bool) -> None:
        self.lost[id] += counts
        request = self.requests.get(id)
        if request is Request.CANCEL:
            self.ends(id, State.CANCELLED)
        elif counts and self.lost[id] >= ATTEMPTS:
            self.ends(id, State.FAILED)
        else:
            self.ends(id, State.PAUSED if request in (Request.PAUSE, Request.HOLD) else State.QUEUED)

    def ends(self, id: str, state: State) -> None:
        self.requests.pop(id, None)
        self.model[id] = state
        if state is State.FAILED:
            for other in self.model:
                if NEEDS[other] == id and self.model[other] in (State.QUEUED, State.PAUSED):
                    self.ends(other, State.FAILED)

    @rule(chosen=chosen_runs, now=st.booleans())
    def pause(self, chosen: set[int], now: bool) -> None:
        ids, words = self.known(chosen)
        changed = self.store.pause(parse([words]), now)
        queued = [id for id in ids if self.model[id] == State.QUEUED]
        running = [id for id in ids if self.model[id] == State.RUNNING]
        self.model |= dict.fromkeys(queued, State.PAUSED)
        spared = [id for id in running if self.requests.get(id) is not Request.CANCEL]
        if now:
            self.requests |= dict.fromkeys(spared, Request.PAUSE)
        else:
            self.requests |= {id: self.requests.get(id, Request.HOLD) for id in spared}
        assert (changed.changed, changed.finishing) == (len(queued), 0 if now else len(running))
        assert changed.asked == (len(spared) if now else 0)

    @rule(chosen=chosen_runs)
    def resume(self, chosen: set[int]) -> None:
        ids, words = self.known(chosen)
        self.store.resume(parse([words]))
        for id in ids:
            if self.model[id] == State.PAUSED:
                self.model[id] = State.QUEUED
            if self.requests.get(id) in (Request.PAUSE, Request.HOLD):
                del self.requests[id]

    @rule(chosen=chosen_runs)
    def cancel(self, chosen: set[int]) -> None:
        ids, words = self.known(chosen)
        self.store.cancel(parse([words]))
        self.cancels(ids)

    @precondition(lambda self: self.sweeps)
    @rule(data=st.data())
    def cancel_sweep(self, data: st.DataObject) -> None:
        sweep = data.draw(st.sampled_from(sorted(self.sweeps)))
        changed = self.store.cancel_sweep(sweep)
        self.cancelled.add(sweep)
        mine = {
            id
            for id in self.sweeps[sweep]
            if self.model[id] in LIVE and (KINDS[id] == "run" or not self.has_runs(sweep))
        }
        wanted = {id for other in self.sweeps.keys() - self.cancelled for id in self.sweeps[other]}
        wanted |= {NEEDS[id] for id, state in self.model.items() if state in LIVE}
        assert changed.kept == len(mine & wanted)
        self.cancels(mine - wanted)

    def has_runs(self, sweep: str) -> bool:
        return any(KINDS[id] == "run" for id in self.sweeps[sweep])

    def cancels(self, ids: Iterable[str]) -> None:
        for id in ids:
            if self.model[id] in (State.QUEUED, State.PAUSED):
                self.ends(id, State.CANCELLED)
            elif self.model[id] == State.RUNNING:
                self.requests[id] = Request.CANCEL
        alone = {
            id for sweep in self.sweeps.keys() - self.cancelled if not self.has_runs(sweep) for id in self.sweeps[sweep]
        }
        for id in (MIDDLE.id, SOURCE.id):
            needing = [other for other in self.model if NEEDS[other] == id]
            unused = needing and not any(self.model[other] in LIVE for other in needing)
            if not unused or id in alone:
                continue
            if self.model.get(id) == State.QUEUED:
                self.ends(id, State.CANCELLED)
            elif self.model.get(id) == State.RUNNING:
                self.requests[id] = Request.CANCEL

    @rule(chosen=chosen_runs)
    def retry(self, chosen: set[int]) -> None:
        ids, words = self.known(chosen)
        failed = [id for id in ids if self.model[id] in AGAIN]
        spared = [id for id in ids if self.requests.get(id) is Request.CANCEL]
        assert self.store.retry(parse([words])).changed == len(failed) + len(spared)
        wanted = {id for sweep in self.sweeps.keys() - self.cancelled for id in self.sweeps[sweep]}
        self.cancelled -= {sweep for sweep, jobs in self.sweeps.items() if jobs & set(failed) - wanted}
        needed = [other for id in [*failed, *spared] for other in chain(id)]
        self.queue_again([*failed, *needed])
        for id in [*needed, *spared]:
            if self.requests.get(id) is Request.CANCEL:
                del self.requests[id]

    @rule(chosen=chosen_runs)
    def clear(self, chosen: set[int]) -> None:
        ids, words = self.known(chosen)
        gone = {id for id in ids if self.model[id] in AGAIN}
        assert self.store.clear(parse([words])).changed == len(gone)
        for id in gone:
            for known in (self.model, self.before, self.endings, self.tags):
                known.pop(id, None)
        self.sweeps = {sweep: jobs - gone for sweep, jobs in self.sweeps.items()}

    @rule(chosen=chosen_runs, priority=st.integers(-2, 2))
    def prioritise(self, chosen: set[int], priority: int) -> None:
        ids, words = self.known(chosen)
        self.store.prioritise(parse([words]), priority)
        set_to = {row.id for row in self.store.runs() if row.priority == priority}
        assert {id for id in ids if self.model[id] in LIVE} <= set_to

    @rule(chosen=chosen_runs, to=st.sampled_from(["first", "last"]))
    def move(self, chosen: set[int], to: Literal["first", "last"]) -> None:
        ids, words = self.known(chosen)
        waiting = {id for id in ids if self.model[id] in (State.QUEUED, State.PAUSED)}
        assert self.store.move(parse([words]), to).changed == len(waiting)

    @rule(chosen=chosen_runs, tag=st.sampled_from("ab"), take=st.booleans())
    def tag(self, chosen: set[int], tag: str, take: bool) -> None:
        ids, words = self.known(chosen)
        self.store.tag(parse([words]), () if take else [tag], [tag] if take else ())
        for id in ids:
            self.tags[id] = self.tags.get(id, set()) - {tag} | (set() if take else {tag})

    @precondition(lambda self: self.sweeps)
    @rule(data=st.data(), leave=st.booleans())
    def follow(self, data: st.DataObject, leave: bool) -> None:
        sweep = data.draw(st.sampled_from(sorted(self.sweeps)))
        follower = Owner("h", "b", 0, 0)
        if leave:
            self.store.unfollow(sweep, follower)
        else:
            self.store.follow(sweep, follower)
        self.followed = self.followed - {sweep} | (set() if leave else {sweep})

    @invariant()
    def states_are_the_models(self) -> None:
        assert self.states() == self.model

    @invariant()
    def only_transitions_of_the_table_happened(self) -> None:
        after = self.states()
        for id, state in self.before.items():
            if after[id] != state and (state, after[id]) not in SEVERAL:
                assert after[id] in TRANSITIONS[state]
        self.before = after

    @invariant()
    def what_runs_has_an_owner_and_nothing_else_has(self) -> None:
        rows = self.store._all("SELECT id FROM jobs WHERE pid IS NOT NULL")
        assert {id for (id,) in rows} == set(self.owners)

    @invariant()
    def requests_are_the_models_and_only_running_jobs_have_one(self) -> None:
        assert dict(self.store._all("SELECT id, request FROM jobs WHERE request IS NOT NULL")) == self.requests
        assert all(self.model[id] == State.RUNNING for id in self.requests)

    @invariant()
    def what_waits_can_come_to_its_turn(self) -> None:
        waits = dict(self.store._all("SELECT id, waits FROM jobs"))
        for id, state in self.model.items():
            needed = NEEDS[id]
            if needed is not None and state in LIVE:
                assert waits[id] == (self.model[needed] != State.DONE)
                assert self.model[needed] not in AGAIN

    @invariant()
    def what_is_needed_is_as_urgent_as_what_waits_for_it(self) -> None:
        priorities = dict(self.store._all("SELECT id, priority FROM jobs"))
        for id, state in self.model.items():
            needed = NEEDS[id]
            if needed is not None and state in LIVE and self.model[needed] in LIVE:
                assert priorities[needed] >= priorities[id]

    @invariant()
    def endings_only_grow(self) -> None:
        endings = dict(self.store._all("SELECT id, ending FROM jobs WHERE ending IS NOT NULL"))
        assert endings.keys() == {id for id, state in self.model.items() if state in ENDED}
        new = [ending for id, ending in endings.items() if self.endings.get(id) != ending]
        assert all(ending > self.last for ending in new)
        self.last = max(new, default=self.last)
        assert self.store.last_ending() == self.last
        self.endings = endings

    @invariant()
    def tags_and_sweeps_are_the_models(self) -> None:
        assert {row.id: set(row.tags) for row in self.store.runs() if row.tags} == {
            id: tags for id, tags in self.tags.items() if tags
        }
        assert {sweep.id for sweep in self.store.live_sweeps()} == {
            sweep
            for sweep in self.sweeps.keys() - self.cancelled
            if any(self.model[id] in LIVE for id in self.sweeps[sweep])
        }


TestJobs = Jobs.TestCase
TestJobs.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_change_that_the_table_has_not_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        for state in State:
            for other in State:
                if other not in TRANSITIONS[state]:
                    with pytest.raises(ValueError, match=f"from {state} to {other}"):
                        move(store._connection, [state], other, "1", {}, {})


def test_every_state_can_be_left_and_reached() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(TRANSITIONS.values())
    assert set().union(*TRANSITIONS.values()) == set(State)
