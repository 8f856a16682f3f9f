"""How long the command line takes to answer: `l2t --help`, `l2t ls` and `l2t report` on 10,000 runs.

    python bench/startup.py

Prints medians of five, each a process of its own, against the budgets; fails where a budget is missed or where a
command loads what it must not. Makes its store in a temporary folder, through the Store as workers use it.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from l2t.spec import DataSettings, RunSpec, SourceRef, TrainSettings
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store

RUNS = 10_000
REPEATS = 5
HEAVY = ("torch", "pandas", "scipy", "textual")
METHODS = ("scratch", "ufm", "l2tww", "l2twww")
SHOTS = (5, 10, 20, 30, 50)
SEEDS = 50
"""10 recipes' worth of epochs × 4 methods × 5 shots × 50 seeds = 10,000 runs in 200 cells and 10 tables."""

LOADED = """
import sys
from cli.app import main
try:
    main()
finally:
    found = [name for name in {heavy} if name in sys.modules]
    print(*found, file=open({file!r}, "w"))
"""


def fill(home: Path) -> None:
    """A store of RUNS finished runs."""
    source = SourceRef(hash="0123456789abcdef", name="tinyimagenet-200", model="resnet32", outputs=200)
    specs = [
        RunSpec(
            method=method,
            options={} if method == "scratch" else {"beta": 0.5},
            dataset="cifar10",
            checksum="c32a1d4ab5d03f1284b67883e8d87530",
            classes=10,
            shots=shots,
            seed=seed,
            source=None if method == "scratch" else source,
            target="vgg9",
            train=TrainSettings(epochs=epochs),
            data=DataSettings(),
        )
        for epochs in range(20, 220, 20)
        for method in METHODS
        for shots in SHOTS
        for seed in range(SEEDS)
    ]
    assert len(specs) == RUNS
    owner = Owner("bench", "boot", os.getpid(), 1)
    rng = random.Random(0)
    with Store.open(home) as store:
        store.submit(Submission("bench", "bench", SEEDS, specs))
        while job := store.claim(owner):
            store.finish(job.id, owner, {"accuracy": round(rng.gauss(50, 5), 2)}, 60.0, 10**8)


def median(*command: str) -> float:
    """Median of REPEATS wall times of a process, seconds; one more before, that is not counted."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def loaded(folder: Path, *arguments: str) -> list[str]:
    """Which of the heavy packages `l2t ARGUMENTS` imports."""
    file = folder / "loaded.txt"
    code = LOADED.format(heavy=HEAVY, file=str(file))
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL)
    return file.read_text().split()


def main() -> int:
    l2t = str(Path(sys.executable).with_name("l2t"))
    missed = 0

    def line(what: str, value: float, unit: str, budget: float, note: str) -> None:
        nonlocal missed
        missed += value > budget
        print(
            f"{what:<28}{value:>7.2f} {unit:<3} budget {budget:>5.2f}  {'ok' if value <= budget else 'MISSED':<7}{note}"
        )

    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        os.environ["L2T_HOME"] = temporary
        fill(home)
        typer = median(sys.executable, "-c", "import typer")
        shown = median(l2t, "--help")
        line("l2t --help / import typer", shown / typer, "×", 3.0, f"{shown:.3f} s / {typer:.3f} s")
        line(f"l2t ls, {RUNS:,} runs", median(l2t, "ls"), "s", 0.5, "")
        imports = median(sys.executable, "-c", "import typer, scipy.stats, rich.console, l2t.store.store")
        whole = median(l2t, "report", "--brief")
        note = f"{whole:.2f} s in all, imports {imports:.2f} s"
        line(f"l2t report --brief, {RUNS:,} runs", whole - imports, "s", 1.5, note)
        for arguments, allowed in ((["--help"], []), (["ls"], []), (["report"], ["scipy"])):
            found = [name for name in loaded(home, *arguments) if name not in allowed]
            missed += bool(found)
            print(f"{'l2t ' + arguments[0]:<28}loads {', '.join(found) or 'none'} of {', '.join(HEAVY)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
