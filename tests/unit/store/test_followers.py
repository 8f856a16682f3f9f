"""Who wants which sweep worked on now."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from l2t.jobs import owner as owners
from l2t.spec import RunSpec
from l2t.store.filter import parse
from l2t.store.lifecycle import NEAR
from l2t.store.rows import Owner, Submitted
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]


def test_only_followed_sweeps_are_worked_on_where_that_is_asked_for(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(70)])
    sweep = submit([make_run(69), make_run(100)]).sweep
    assert store.claim(owner, followed=True) is None
    assert store.claimable(followed=True) == {"cpu": 0, "cuda": 0}
    store.follow(sweep, owner)
    store.follow(sweep, owner)
    assert (store.claimable(followed=True)["cpu"], store.claimable()["cpu"]) == (2, 64)
    jobs = [store.claim(owner, "cpu", followed=True), store.claim(owner, followed=True)]
    assert {job.id for job in jobs if job is not None} == {make_run(69).id, make_run(100).id}
    assert store.claim(owner, followed=True) is None
    assert store.claim(owner) is not None


def test_followed_jobs_are_found_in_their_order_behind_any_number_of_others(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    submit([make_run(seed) for seed in range(2 * NEAR)])
    for seeds in ((1000, 1001), (1001, 1002)):  # one run that two followers want
        store.follow(submit([make_run(seed) for seed in seeds]).sweep, owner)
    store.move(parse(["seed=1000,1001,1002"]), "last")
    store.move(parse(["seed=1002"]), "first")
    store.prioritise(parse([f"seed=0-{2 * NEAR - 1}"]), 1)
    store.prioritise(parse(["seed=1001"]), 2)  # the only one that is near
    assert store.claimable(followed=True)["cpu"] == 3
    found = [store.claim(owner, followed=True) for _ in range(3)]
    assert [job.id for job in found if job] == [make_run(seed).id for seed in (1001, 1002, 1000)]
    assert store.claim(owner, followed=True) is None
    assert store.claimable(followed=True)["cpu"] == 0


def test_a_follower_leaves_or_is_gone_with_its_process(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun
) -> None:
    sweep = submit([make_run(seed) for seed in range(3)]).sweep
    other = Owner(owner.host, owner.boot_id, owner.pid, owner.start_ticks + 1)  # the same pid, used again
    for follower in (owner, other):
        store.follow(sweep, follower)
    store.unfollow(sweep, other)
    assert store.claim(owner, followed=True) is not None
    store.follow(sweep, other)
    store.drop_followers(lambda follower, heartbeat: follower == other)
    assert store.claim(owner, followed=True) is not None
    store.drop_followers(lambda follower, heartbeat: False)
    assert store.claim(owner, followed=True) is None


def test_a_follower_on_another_host_that_is_silent_is_dropped(
    store: Store, owner: Owner, submit: Submit, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.follow(submit([make_run()]).sweep, replace(owner, host="elsewhere"))
    alive = owners.Liveness()
    store.drop_followers(alive)
    assert store.claimable(followed=True)["cpu"] == 1
    monkeypatch.setattr(owners, "SILENCE", 0.0)
    store.drop_followers(alive)
    assert store.claimable(followed=True)["cpu"] == 0
