"""A worker process: `python -P -m l2t.jobs.worker --home HOME --device cpu`, bound to one device slot.

Takes one job after the other, computes it and tells the store. The engine, and torch with it, is imported with the
first job and stays warm. A line `drain` on its standard input lets it end after the present job; SIGTERM, SIGINT or the
end of that input (its parent died) make it checkpoint and stop.
"""

import argparse
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from l2t.errors import L2tError
from l2t.jobs.attempt import After, attempt
from l2t.jobs.code import stamp
from l2t.jobs.disk import of_disk
from l2t.jobs.engine import Engine
from l2t.jobs.exits import DISK_EXIT, UNFIT_EXIT
from l2t.jobs.memory import resident
from l2t.jobs.owner import current
from l2t.printable import printable
from l2t.registry import load_object
from l2t.spec.run import Device
from l2t.store.store import Store

POLL_SECONDS = 0.3
"""How often an idle worker looks for a job."""
IDLE_SECONDS = 60.0
"""Idle time after which it ends, so that an unused GPU's memory is free for others."""
MAX_JOBS = 200
"""Jobs after which a fresh process takes its place: whatever leaks, leaks no further."""
MAX_MEMORY = 6 << 30
"""Bytes in memory after a job above which a fresh process takes its place."""


class UnfitError(Exception):
    """The engine cannot be imported, or cannot compute on this device."""


@dataclass(frozen=True)
class Limits:
    """When a worker ends by itself."""

    idle: float = IDLE_SECONDS
    jobs: int = MAX_JOBS
    memory: int = MAX_MEMORY


@dataclass(frozen=True)
class Signals:
    """What a worker is told from outside."""

    stop: threading.Event
    """Checkpoint and end."""
    drain: threading.Event
    """End after the present job."""


def work(
    store: Store, device: Device, followed: bool, load: Callable[[], Engine], limits: Limits, signals: Signals
) -> After:
    """Do jobs for `device` until told to end, idle for long, or worn out; returns why the last attempt ended it.

    followed: only jobs of sweeps that somebody follows. load: gives the engine; called once, when there is a job, and
    the device is tried before one is taken. Raises UnfitError where either fails.
    """
    owner, code = current(), stamp()
    engine: Engine | None = None
    jobs, idle = 0, time.monotonic()
    while not (signals.stop.is_set() or signals.drain.is_set()) and jobs < limits.jobs and stamp() == code:
        waiting = store.claimable(followed).get(device)
        if waiting and engine is None:
            engine = _load(load, device)
            continue  # the code may have changed while it was imported
        job = store.claim(owner, device, followed) if waiting else None
        if job is None or engine is None:
            if time.monotonic() - idle >= limits.idle:
                break
            time.sleep(POLL_SECONDS)
            continue
        after = attempt(store, owner, job, engine, signals.stop)
        jobs, idle = jobs + 1, time.monotonic()
        if after is not After.NEXT:
            return after
        if resident() > limits.memory:
            return After.RECYCLE
    return After.NEXT


def _load(load: Callable[[], Engine], device: Device) -> Engine:
    try:
        engine = load()
        engine.check(device)
    except Exception as error:
        raise UnfitError(f"{type(error).__name__}: {error}".splitlines()[0]) from error
    return engine


def _listen(signals: Signals) -> None:
    """Follow the standard input: a line means drain, its end that the process at its other end is gone."""
    while os.read(sys.stdin.fileno(), 1024):
        signals.drain.set()
    signals.stop.set()


def _last_words(line: str, trace: str = "") -> None:
    """Print why the worker ends. Its log may lie on the full disk that is the reason: unbuffered, and without fail."""
    with suppress(OSError):
        os.write(sys.stderr.fileno(), f"{trace}l2t worker: {line}\n".encode(errors="backslashreplace"))


def main() -> int:
    """Entry point. Exit code: 0, failed jobs included; 75 where the disk took nothing; 76, with one line, where the
    engine or the device fails; 2, with one line, where the store could not be used."""
    parser = argparse.ArgumentParser(prog="l2t.jobs.worker", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="the home folder")
    parser.add_argument("--device", choices=["cpu", "cuda"], required=True, help="kind of device its jobs are for")
    parser.add_argument("--followed", action="store_true", help="only jobs of sweeps that somebody follows")
    parser.add_argument("--engine", default="l2t.jobs.engine:load", help="import string of what gives the engine")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without a job, then it ends")
    parser.add_argument("--max-jobs", type=int, default=MAX_JOBS, help="jobs, then it ends")
    parser.add_argument("--max-memory", type=int, default=MAX_MEMORY, help="bytes in use after a job, then it ends")
    options = parser.parse_args()
    signals = Signals(threading.Event(), threading.Event())

    def request_stop(number: int, frame: FrameType | None) -> None:
        signals.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request_stop)
    threading.Thread(target=_listen, args=(signals,), daemon=True).start()
    limits = Limits(options.idle, options.max_jobs, options.max_memory)
    try:
        with Store.open(options.home) as store:
            after = work(store, options.device, options.followed, load_object(options.engine), limits, signals)
    except L2tError as error:
        _last_words(str(error))
        return DISK_EXIT if of_disk(error) else 2
    except UnfitError as error:
        _last_words(printable(str(error)), traceback.format_exc())
        return UNFIT_EXIT
    return DISK_EXIT if after is After.WAIT else 0


if __name__ == "__main__":
    sys.exit(main())
