"""Whatever happens to jobs, in whatever order, they follow the transition table and a plain model of it."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from l2t.spec import DataSettings, RunSpec, SourceSpec, TrainSettings
from l2t.store.folder import JobFolder
from l2t.store.lifecycle import ATTEMPTS
from l2t.store.rows import Owner, Submission
from l2t.store.state import TRANSITIONS, ClaimLostError, Reason, State
from l2t.store.store import Store
from l2t.store.transitions import move

PLAIN = {"train": TrainSettings(epochs=9), "data": DataSettings(), "checksum": "c"}
SOURCE = SourceSpec.model_validate(PLAIN | {"name": "s", "dataset": "glyphs", "classes": 2, "model": "resnet8"})
WHAT = {"method": "ufm", "options": {}, "dataset": "digits", "classes": 2, "shots": 5, "target": "vgg9"}
RUNS = [RunSpec.model_validate(PLAIN | WHAT | {"seed": seed, "source": None}) for seed in range(3)]
DEPENDENT = RunSpec.model_validate(PLAIN | WHAT | {"seed": 0, "source": SOURCE.ref})

# What one step of the machine below may do to a job, besides a single transition of the table.
SEVERAL = {
    (State.RUNNING, State.QUEUED),  # by way of interrupted
}


class Jobs(RuleBasedStateMachine):
    """Four runs, one of which needs a source; owners that live and die. The model: id → state."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.store = Store.open(self.home)
        self.model: dict[str, State] = {}
        self.owners: dict[str, Owner] = {}
        self.lost = dict.fromkeys([SOURCE.id, DEPENDENT.id, *(run.id for run in RUNS)], 0)
        self.next_pid = 1
        self.before: dict[str, State] = {}

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def states(self) -> dict[str, State]:
        return {id: State(state) for id, state in self.store._all("SELECT id, state FROM jobs")}

    def claimed(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.owners)))

    @rule(chosen=st.sets(st.sampled_from(range(4)), min_size=1), force=st.booleans())
    def submit(self, chosen: set[int], force: bool) -> None:
        runs = [[*RUNS, DEPENDENT][index] for index in sorted(chosen)]
        asked = Submission("l2t run", "demo", 1, runs, [SOURCE] if DEPENDENT in runs else [], force)
        planned = self.store.preview(asked)
        done = self.store.submit(asked)
        assert (done.runs, done.sources) == (planned.runs, planned.sources)
        for id in [run.id for run in runs] + [source.id for source in asked.sources]:
            again = [State.FAILED, State.CANCELLED] + [State.DONE] * (force and id != SOURCE.id)
            if self.model.get(id) in (None, *again):
                if self.model.get(id) == State.DONE:
                    JobFolder.of(self.home, "run", id).result.unlink()
                self.model[id] = State.QUEUED
                self.lost[id] = 0

    @rule()
    def claim(self) -> None:
        owner = Owner("h", "b", self.next_pid, 7)
        self.next_pid += 1
        job = self.store.claim(owner)
        ready = {id for id, state in self.model.items() if state == State.QUEUED}
        if self.model.get(SOURCE.id) != State.DONE:
            ready -= {DEPENDENT.id}
        if job is None:
            assert not ready
            return
        assert job.id in ready
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
        self.model[id] = State.DONE

    @precondition(lambda self: self.owners)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        id = self.claimed(data)
        self.store.fail(id, self.owners.pop(id), Reason.DIVERGED, "nan")
        self.model_failed(id)

    @precondition(lambda self: self.owners)
    @rule(data=st.data())
    def interrupt(self, data: st.DataObject) -> None:
        id = self.claimed(data)
        self.store.interrupt(id, self.owners.pop(id))
        self.model[id] = State.QUEUED

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), after_its_result=st.booleans())
    def die(self, data: st.DataObject, after_its_result: bool) -> None:
        id = self.claimed(data)
        owner = self.owners.pop(id)
        if after_its_result:
            self.write_result(id)
        assert self.store.reconcile(lambda other, heartbeat: other != owner) == 1
        with pytest.raises(ClaimLostError):
            self.store.progress(id, owner, 1, 9)
        if after_its_result:
            self.model[id] = State.DONE
            return
        self.lost[id] += 1
        if self.lost[id] == ATTEMPTS:
            self.model_failed(id)
        else:
            self.model[id] = State.QUEUED

    def write_result(self, id: str) -> None:
        folder = JobFolder.of(self.home, "source" if id == SOURCE.id else "run", id)
        folder.make()
        folder.write_result({"accuracy": 50.0})

    def model_failed(self, id: str) -> None:
        self.model[id] = State.FAILED
        if id == SOURCE.id and self.model.get(DEPENDENT.id) == State.QUEUED:
            self.model[DEPENDENT.id] = State.FAILED

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


TestJobs = Jobs.TestCase
TestJobs.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


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
