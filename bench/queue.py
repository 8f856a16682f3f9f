"""What the queue costs: asking for 10,000 runs, and claims and finishes on one process.

    python -P bench/queue.py [enqueue] [claims]

With -P, since its name is one of the standard library's.
Prints medians of five against the budgets; fails where one is missed. Stores lie in temporary folders.
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
WAITING = 100_000
CLAIMS = 1_000
REPEATS = 5
TRAIN = TrainSettings()
"""One for all runs, as a recipe's is."""
OWNER = Owner("bench", "boot", os.getpid(), 1)


def run(seed: int, shots: int, source: SourceRef | None) -> RunSpec:
    return RunSpec(
        method="scratch" if source is None else "l2tww",
        options={} if source is None else {"beta": 0.5, "inner_steps": 2},
        dataset="cifar10",
        checksum="c32a1d4ab5d03f1284b67883e8d87530",
        classes=10,
        shots=shots,
        seed=seed,
        source=source,
        target="vgg9",
        train=TRAIN,
        data=DataSettings(),
    )


def enqueue() -> float:
    """Seconds to submit RUNS runs whose hashes nobody has computed yet."""
    source = SourceRef(hash="0123456789abcdef", name="tinyimagenet-200", model="resnet32", outputs=200)
    specs = [run(number // 4, (5, 10, 30, 50)[number % 4], source) for number in range(RUNS)]
    with tempfile.TemporaryDirectory() as home, Store.open(Path(home)) as store:
        start = time.perf_counter()
        store.submit(Submission("bench", "bench", RUNS // 4, specs))
        return time.perf_counter() - start


def claims() -> tuple[float, float]:
    """Claims and finishes a second, and the median time of one pair in ms, while WAITING runs wait for a source."""
    source = SourceSpec(
        name="slow",
        dataset="glyphs",
        checksum="c",
        classes=62,
        model="resnet8",
        train=TRAIN,
        data=DataSettings(),
    )
    with tempfile.TemporaryDirectory() as home, Store.open(Path(home)) as store:
        store.submit(Submission("bench", "bench", 1, [run(n, 5, source.ref) for n in range(WAITING)], [source]))
        store.submit(Submission("bench", "bench", 1, [run(n, 5, None) for n in range(CLAIMS * REPEATS)]))
        assert store.claim(OWNER) is not None  # the source, which takes long
        rates, times = [], []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            for _ in range(CLAIMS):
                start = time.perf_counter()
                job = store.claim(OWNER)
                times.append(time.perf_counter() - start)
                assert job is not None
                store.finish(job.id, OWNER, {"accuracy": 50.0}, 60.0, 10**8)
            rates.append(CLAIMS / (time.perf_counter() - begun))
    return statistics.median(rates), 1e3 * statistics.median(times)


def line(what: str, value: float, unit: str, budget: float, good: bool) -> bool:
    print(f"{what:<44}{value:>9.2f} {unit:<3} budget {budget:>7.2f}  {'ok' if good else 'MISSED'}")
    return good


def part_enqueue() -> bool:
    value = statistics.median(enqueue() for _ in range(REPEATS))
    return line(f"enqueue {RUNS:,} runs", value, "s", 0.5, value <= 0.5)


def part_claims() -> bool:
    rate, pause = claims()
    return all(
        [
            line("claims and finishes", rate, "/s", 500, rate >= 500),
            line(f"a claim while {WAITING:,} runs wait", pause, "ms", 2, pause < 2),
        ]
    )


PARTS: dict[str, Callable[[], bool]] = {"enqueue": part_enqueue, "claims": part_claims}


def main() -> int:
    done = [PARTS[name]() for name in sys.argv[1:] or PARTS]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
