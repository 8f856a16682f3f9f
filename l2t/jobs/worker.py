"""A worker process: `python -P -m l2t.jobs.worker --home HOME --sweep ID`.

Takes one job after the other, computes it and tells the store; ends when nothing of the sweep is left that it could do.
The engine, and torch with it, is imported with the first job. SIGTERM, SIGINT or the end of its standard input (its
parent died) make it checkpoint and stop.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from l2t.errors import L2tError
from l2t.jobs.attempt import attempt
from l2t.jobs.engine import Engine
from l2t.jobs.owner import alive, current
from l2t.registry import load_object
from l2t.store.state import State
from l2t.store.store import Store

POLL_SECONDS = 0.5
"""How often a worker looks whether a job that it waits for is done."""


def work(store: Store, sweep: str, load: Callable[[], Engine], stop: threading.Event) -> None:
    """Do jobs of the sweep until none is queued, or `stop` is set. Waits for those that need another one first.
    Ends early where a crash left this process unfit: whoever started it starts a fresh one.

    load: gives the engine; called once, after the first claim.
    """
    owner = current()
    engine: Engine | None = None
    while not stop.is_set():
        job = store.claim(owner, sweep)
        if job is not None:
            engine = engine or load()
            if not attempt(store, owner, job, engine, stop):
                return
            continue
        row = store.sweep(sweep)
        if not row.runs[State.QUEUED] + row.sources[State.QUEUED]:
            return
        # What is queued but cannot be claimed waits for another worker's job, and that worker may be dead.
        if not store.reconcile(alive):
            stop.wait(POLL_SECONDS)


def _stop_with_parent(stop: threading.Event) -> None:
    """Set `stop` when the standard input ends: the process that holds its other end is gone."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()


def main() -> int:
    """Entry point. Exit code: 0, failed jobs included; 2, with one line, where the store could not be used."""
    parser = argparse.ArgumentParser(prog="l2t.jobs.worker", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="the home folder")
    parser.add_argument("--sweep", required=True, help="the sweep whose jobs are done")
    parser.add_argument("--engine", default="l2t.jobs.engine:load", help="import string of what gives the engine")
    options = parser.parse_args()
    stop = threading.Event()

    def request_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request_stop)
    threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
    try:
        with Store.open(options.home) as store:
            work(store, options.sweep, load_object(options.engine), stop)
    except L2tError as error:
        print(f"l2t worker: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
