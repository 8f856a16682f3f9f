"""What looking after runs costs: an idle supervisor, a warm worker between two runs, and writing down what happens.

    python bench/running.py [idle] [warm] [events]

Real processes and the real engine in temporary homes, on the demo recipe; prints each figure against its budget and
fails where one is missed.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from l2t.data.catalog import quiet
from l2t.jobs.daemon import ask_down, start, wait_down
from l2t.jobs.inventory import Ready
from l2t.jobs.lock import Holder
from l2t.jobs.plan import Plan, plan
from l2t.jobs.slots import SlotSettings
from l2t.spec.recipe_file import read_recipe
from l2t.spec.request import SweepRequest
from l2t.spec.values import Setting
from l2t.store.filter import ALL
from l2t.store.folder import JobFolder
from l2t.store.rows import Submission
from l2t.store.state import State
from l2t.store.store import Store

IDLE_SECONDS = 30
QUEUED = 10_000
WARM_RUNS = 12


def asked(home: Path, seeds: int, epochs: int, *methods: str) -> Plan:
    """Runs of the demo recipe."""
    request = SweepRequest(
        recipe=read_recipe("demo"),
        methods=methods,
        seeds=tuple(range(seeds)),
        settings=(Setting("train", "epochs", str(epochs)),),
    )
    with Store.read(home) as store:
        return plan(request, Ready(store, lambda name: nullcontext(quiet)), "cpu")


def submit(home: Path, wanted: Plan) -> str:
    with Store.open(home) as store:
        return store.submit(Submission("l2t run", "demo", wanted.seeds_planned, wanted.runs, wanted.sources)).sweep


@contextmanager
def supervisor(home: Path) -> Iterator[Holder]:
    try:
        yield start(home, SlotSettings(cpu=1))
    finally:
        ask_down(home, now=True)
        wait_down(home, 60)


def idle(home: Path) -> tuple[str, bool]:
    """CPU share of a supervisor over 10,000 runs none of which can be done now."""
    submit(home, asked(home, QUEUED, 10, "scratch"))
    with Store.open(home) as store:
        store.pause(ALL)
    with supervisor(home) as holder:
        time.sleep(3)
        process = psutil.Process(holder.owner.pid)
        before = process.cpu_times()
        time.sleep(IDLE_SECONDS)
        after = process.cpu_times()
    used = (after.user + after.system - before.user - before.system) / IDLE_SECONDS * 100
    return f"supervisor, nothing to do, {QUEUED:,} runs paused: {used:.2f} % of a core (1)", used <= 1


def warm(home: Path) -> tuple[str, bool]:
    """Time between the end of one training and the beginning of the next in the same worker: claim, folder, provenance,
    result, store. The first gap is left out: caches fill."""
    sweep = submit(home, asked(home, WARM_RUNS, 10, "scratch"))
    with supervisor(home), Store.read(home) as store:
        while store.sweep(sweep).runs[State.DONE] < WARM_RUNS:
            time.sleep(0.2)
        rows = sorted(store.runs(), key=lambda row: row.claimed or 0)
    # Each run's own time is measured around the engine; the rest from claim to claim is what the worker costs.
    gaps = [((after.claimed or 0) - (row.claimed or 0)) - (row.seconds or 0) for row, after in pairwise(rows[1:])]
    middle = statistics.median(gaps)
    text = f"warm worker between two runs: {middle * 1e3:.1f} ms, {min(gaps) * 1e3:.1f}-{max(gaps) * 1e3:.1f} (50)"
    return f"{text}, median of {len(gaps)}", middle <= 0.050


def events(home: Path) -> tuple[str, bool]:
    """Share of a run's time that metrics, timing and notes of progress take."""
    import threading

    from l2t.jobs.engine import load
    from l2t.jobs.heartbeat import Heartbeat
    from l2t.jobs.owner import current
    from l2t.store.files import LineWriter

    spent = 0.0

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal spent
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent += time.perf_counter() - began

        return call

    os.environ["OMP_NUM_THREADS"] = "1"
    wanted = asked(home, 1, 100, "scratch")
    submit(home, wanted)
    engine, owner = load(), current()
    with Store.open(home) as store:
        job = store.claim(owner)
        assert job is not None
        folder = JobFolder.of(home, "run", job.id)
        folder.make()
        LineWriter.append = timed(LineWriter.append)  # type: ignore[method-assign]
        LineWriter.sync = timed(LineWriter.sync)  # type: ignore[method-assign]
        with Heartbeat(store, owner, job, threading.Event()) as control:
            control.progress = timed(control.progress)  # type: ignore[method-assign]
            began = time.perf_counter()
            engine.run(wanted.runs[0], folder, home, control)
            whole = time.perf_counter() - began
    share = spent / whole * 100
    epochs = wanted.runs[0].train.epochs
    text = f"writing events: {share:.2f} % of the demo's quickest epoch (scratch, {whole / epochs * 1e3:.1f} ms) (1)"
    return text, share <= 1


PARTS = {"idle": idle, "warm": warm, "events": events}


def main() -> int:
    missed = False
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            text, met = PARTS[name](Path(folder))
        print(text, "" if met else "  MISSED", flush=True)
        missed |= not met
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
