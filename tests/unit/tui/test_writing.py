"""Changes of the store are made one after the other, in the order of asking, also after the one who asked has gone."""

import threading
import time

from tui.writing import Writing


def test_changes_are_made_in_the_order_of_asking_one_at_a_time() -> None:
    writing, made, at_once, most = Writing(), [], [0], [0]
    done = threading.Event()

    def change(number: int) -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.001)
        made.append(number)
        at_once[0] -= 1
        if number == 49:
            done.set()

    for number in range(50):
        writing.ask(lambda number=number: change(number))
    assert done.wait(10)
    assert made == list(range(50))
    assert most == [1]


def test_asking_returns_at_once_and_the_thread_ends_when_nothing_is_left() -> None:
    writing, free, done = Writing(), threading.Event(), threading.Event()
    before = time.monotonic()
    writing.ask(free.wait)
    writing.ask(done.set)
    assert time.monotonic() - before < 1
    assert not done.is_set()
    [thread] = [thread for thread in threading.enumerate() if thread.name == "writing"]
    assert not thread.daemon  # the process ends after it: what was asked for is not lost
    free.set()
    assert done.wait(10)
    thread.join(10)
    assert not thread.is_alive()
    writing.ask(free.clear)  # a new thread does what is asked for later
    deadline = time.monotonic() + 10
    while free.is_set() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not free.is_set()
