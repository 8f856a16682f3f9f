"""How long a report takes: 3 data sets × 5 shots × 9 rows × 30 seeds, against what its imports take.

    python bench/report.py

Prints, for the tables alone, the default report, all tests and the HTML file, the CPU time (user + system) of the
process beyond that of its imports: median of five, least and most. Fails where a budget is missed. Makes its store in
a temporary folder, through the Store as workers use it; accuracies are drawn, with ties as test sets of 10,000 images
make them.
"""

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from l2t.spec import DataSettings, RunSpec, SourceRef, TrainSettings
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store

REPEATS = 5
DATASETS = {"cifar10": (10, "c32a1d4ab5d03f1284b67883e8d87530"), "cifar100": (100, "03b5dce01913d631647c71ecec9e9cb8")}
DATASETS |= {"stl10": (10, "91f7769df0f17e558f3565bffb0c7dfb")}
SHOTS = (5, 10, 20, 30, 50)
ROWS = [("scratch", None), *((method, beta) for method in ("ufm", "l2tww") for beta in (0.1, 0.5, 1.0, 2.0))]
SEEDS = 30
ASKED = ("report", "--split-by", "method.beta", "--baseline", "l2tww beta=0.5")
IMPORTS = "import typer, scipy.stats, rich.console, l2t.store.store, l2t.report.build, l2t.methods.registry, cli.report"


def fill(home: Path) -> None:
    """A store of finished runs, each with the folder that its worker would have left."""
    source = SourceRef(hash="0123456789abcdef", name="tinyimagenet-200", model="resnet32", outputs=200)
    specs = [
        RunSpec(
            method=method,
            options={} if beta is None else {"beta": beta},
            dataset=dataset,
            checksum=checksum,
            classes=classes,
            shots=shots,
            seed=seed,
            source=None if method == "scratch" else source,
            target="vgg9",
            train=TrainSettings(epochs=200),
            data=DataSettings(),
        )
        for dataset, (classes, checksum) in DATASETS.items()
        for method, beta in ROWS
        for shots in SHOTS
        for seed in range(SEEDS)
    ]
    owner = Owner("bench", "boot", os.getpid(), 1)
    rng = random.Random(0)
    with Store.open(home) as store:
        store.submit(Submission("bench", "bench", SEEDS, specs))
        while job := store.claim(owner):
            store.finish(job.id, owner, {"accuracy": round(rng.gauss(50, 3), 2)}, 60.0, 10**8)


def cpu(*command: str) -> list[float]:
    """User and system time of REPEATS processes, seconds, in rising order; one more before, that is not counted."""
    times = []
    for _ in range(REPEATS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return sorted(times[1:])


def main() -> int:
    l2t = str(Path(sys.executable).with_name("l2t"))
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["L2T_HOME"] = temporary
        fill(Path(temporary))
        imports = statistics.median(cpu(sys.executable, "-c", IMPORTS))
        print(f"{len(DATASETS) * len(SHOTS)} columns × {len(ROWS)} rows × {SEEDS} seeds; imports alone {imports:.2f} s")
        for what, options, budget in (
            ("tables only", ["--brief"], 1.0),
            ("default report", [], 3.0),
            ("--all-tests", ["--all-tests"], None),
            ("--format html", ["--format", "html"], None),
        ):
            times = [time - imports for time in cpu(l2t, *ASKED, *options)]
            middle = statistics.median(times)
            verdict = "" if budget is None else f"budget {budget:.1f}  {'ok' if middle <= budget else 'MISSED'}"
            missed += budget is not None and middle > budget
            print(f"{what:<16}{middle:>6.2f} s ({times[0]:.2f}-{times[-1]:.2f})  {verdict}".rstrip())
        page = subprocess.run([l2t, *ASKED, "--format", "html"], check=True, capture_output=True).stdout
        missed += len(page) > 3_000_000
        print(f"{'HTML':<16}{len(page) / 1e6:>6.2f} MB  budget 3.0  {'ok' if len(page) <= 3_000_000 else 'MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
