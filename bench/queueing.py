"""What the queue costs: asking for ten thousand runs, taking and ending them, and taking one where many wait.

    python bench/queueing.py [enqueue] [claims] [waiting]

Real stores in temporary homes, one process; prints each figure against its budget and fails where one is missed.
Budgets are wall time; the processor's time stands behind it, for machines with other work. `running.py` measures what
looking after runs costs. (Not `queue.py`: beside a script of that name nothing finds Python's own module.)
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from l2t.spec import DataSettings, RunSpec, SourceRef, SourceSpec, TrainSettings
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store

RUNS = 10_000
REPEATS = 5
CLAIMS = 5_000
WAITING = 100_000
SEEDS = 500
"""4 methods × 5 shots × 500 seeds = 10,000 runs in 20 cells."""

OWNER = Owner("bench", "boot", os.getpid(), 1)


def specs(source: SourceRef, methods: tuple[str, ...], shots: tuple[int, ...], seeds: range) -> list[RunSpec]:
    """New specifications, of which no hash is computed yet, as the plan of a sweep makes them: settings are shared."""
    train, data = TrainSettings(), DataSettings()
    return [
        RunSpec(
            method=method,
            options={"beta": 0.5, "inner": 2, "pairs": "one-to-one"},
            dataset="cifar10",
            checksum="c32a1d4ab5d03f1284b67883e8d87530",
            classes=10,
            shots=number,
            seed=seed,
            source=source,
            target="vgg9",
            train=train,
            data=data,
        )
        for method in methods
        for number in shots
        for seed in seeds
    ]


def sweep() -> list[RunSpec]:
    source = SourceRef(hash="0123456789abcdef", name="tinyimagenet-200", model="resnet32", outputs=200)
    runs = specs(source, ("ufm", "l2tw", "l2tww", "l2twww"), (5, 10, 20, 30, 50), range(SEEDS))
    assert len(runs) == RUNS
    return runs


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor time of a call, seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def line(what: str, value: float, unit: str, budget: float, note: str, at_least: bool = False) -> bool:
    """Print a figure; returns whether it keeps its budget."""
    kept = value >= budget if at_least else value <= budget
    bound = "at least" if at_least else "at most"
    print(
        f"{what:<44}{value:>9,.2f} {unit:<3} {bound} {budget:>7,.2f}  {'ok' if kept else 'MISSED':<7}{note}", flush=True
    )
    return kept


def enqueue(home: Path) -> bool:
    """From specifications to a committed sweep; the median of REPEATS new stores."""

    def once(repeat: int) -> tuple[float, float]:
        asked = Submission("l2t run", "thesis", SEEDS, sweep())
        with Store.open(home / str(repeat)) as store:
            return timed(lambda: store.submit(asked))

    times = [once(repeat) for repeat in range(REPEATS)]
    wall, processor = (statistics.median(each) for each in zip(*times, strict=True))
    return line(f"enqueue {RUNS:,} runs", wall, "s", 0.5, f"{processor:.2f} s of processor time")


def claims(home: Path) -> bool:
    """Claims and finishes in turn, by one process."""
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "thesis", SEEDS, sweep()))

        def work() -> None:
            for _ in range(CLAIMS):
                job = store.claim(OWNER, "cpu")
                assert job is not None
                store.finish(job.id, OWNER, {"accuracy": 50.0}, 60.0, 10**8)

        wall, processor = timed(work)
    note = f"{processor / CLAIMS * 1e3:.2f} ms of processor time each"
    return line("claims and finishes a second", CLAIMS / wall, "/s", 500, note, at_least=True)


def waiting(home: Path) -> bool:
    """A claim, and the look whether there is one, where WAITING runs wait for their source."""
    source = SourceSpec(
        name="tinyimagenet-200",
        dataset="tinyimagenet",
        checksum="c",
        classes=200,
        model="resnet32",
        train=TrainSettings(),
        data=DataSettings(),
    )
    here = SourceRef(hash="0123456789abcdef", name="imported", model="resnet32", outputs=200)
    with Store.open(home) as store:
        runs = specs(source.ref, ("l2tww",), (5,), range(WAITING))
        store.submit(Submission("l2t run", "thesis", WAITING, runs, [source]))
        first = store.claim(OWNER)
        assert first is not None
        assert first.kind == "source"
        store.submit(Submission("l2t run", "thesis", 1000, specs(here, ("l2tww",), (10,), range(1000))))
        claimed = [timed(lambda: store.claim(OWNER, "cpu"))[0] * 1e3 for _ in range(500)]
        looked = [timed(store.claimable)[0] * 1e3 for _ in range(500)]
    of = f"{WAITING:,} waiting"
    kept = line(f"a claim, {of}", statistics.median(claimed), "ms", 2.0, f"99 of 100 within {_late(claimed):.1f} ms")
    note = f"99 of 100 within {_late(looked):.1f} ms"
    return line(f"how many could be claimed, {of}", statistics.median(looked), "ms", 2.0, note) and kept


def _late(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


PARTS: dict[str, Callable[[Path], bool]] = {"enqueue": enqueue, "claims": claims, "waiting": waiting}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in PARTS]:
        print(f"no part {unknown[0]!r}. Parts: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    kept = True
    for name in names or PARTS:
        with tempfile.TemporaryDirectory() as temporary:
            kept &= PARTS[name](Path(temporary))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
