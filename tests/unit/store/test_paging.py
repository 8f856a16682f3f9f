"""Long tables by number: every order agrees with plain sorting of the rows."""

import pytest

from l2t.errors import UsageError
from l2t.store.filter import ALL, parse
from l2t.store.paging import ORDERS
from l2t.store.state import Reason


@pytest.fixture
def mixed(store, submit, make_run, owner):
    """Runs in every state, of two data sets; some accuracies are equal."""
    submit([make_run(seed, shots=shots, dataset=name) for seed in range(4) for shots in (10, 5) for name in "ba"])
    for accuracy in (50.0, 70.0, 50.0, None):
        store.finish(store.claim(owner).id, owner, {"accuracy": accuracy}, 1.0, 1)
    store.fail(store.claim(owner).id, owner, Reason.DIVERGED, "loss")
    store.claim(owner)
    store.pause(parse(["seed=2", "shots=5"]))
    store.cancel(parse(["seed=3", "shots=5", "dataset=a"]))
    store.prioritise(parse(["seed=3"]), 2)
    return store


@pytest.mark.parametrize("filter", [ALL, parse(["shots=5"]), parse(["accuracy>1", "dataset=a*"])])
@pytest.mark.parametrize("order", [sign + order for order in ORDERS if order != "queue" for sign in ("", "-")])
def test_every_order_is_that_of_the_rows(mixed, filter, order):
    assert mixed.rows_of(mixed.ordered(filter, order)) == mixed.runs(filter, order)


def test_the_queue_is_what_runs_what_waits_and_what_has_ended_last(mixed):
    rows = mixed.rows_of(mixed.ordered(ALL, "queue"))
    waiting = mixed.queue()
    assert rows[: len(waiting)] == waiting
    ended = [row.finished for row in rows[len(waiting) :]]
    assert len(ended) == 6
    assert ended == sorted(ended, reverse=True)
    assert list(mixed.ordered(ALL, "-queue")) == list(mixed.ordered(ALL, "queue"))[::-1]


@pytest.mark.parametrize("order", ["queue", "-queue"])
def test_a_window_of_the_queue_is_a_part_of_its_order(mixed, order):
    whole = list(mixed.ordered(ALL, order))
    assert len(whole) == 16
    for first in range(18):
        for count in (0, 1, 5, 16, 40):
            assert list(mixed.window(first, count, order)) == whole[first : first + count]


def test_rows_come_in_the_order_asked_for_and_what_is_gone_is_left_out(mixed):
    numbers = [7, 3, 999, 5]
    rows = mixed.rows_of(numbers)
    assert [mixed.number_of(row.id) for row in rows] == [7, 3, 5]
    assert (mixed.number_of("none"), mixed.rows_of([])) == (None, [])
    with pytest.raises(UsageError, match="sorted"):
        mixed.ordered(ALL, "name; DROP TABLE jobs")
