"""Many processes at one queue."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from l2t.spec import RunSpec
from l2t.store.rows import Submission
from l2t.store.state import State
from l2t.store.store import Store

RUNS = 5_000
PROCESSES = 8

CLAIM_ALL = """
import sys
from pathlib import Path
from l2t.store.rows import Owner
from l2t.store.store import Store
store, owner = Store.open(Path(sys.argv[1])), Owner("h", "b", int(sys.argv[2]), 1)
sys.stdin.readline()
while job := store.claim(owner):
    print(job.id)
"""


def test_eight_processes_claim_each_of_5000_runs_once(tmp_path: Path, make_run: Callable[..., RunSpec]) -> None:
    runs = [make_run(seed) for seed in range(RUNS)]
    with Store.open(tmp_path) as store:
        store.submit(Submission("", "", RUNS, runs))
        children = [
            subprocess.Popen(
                [sys.executable, "-c", CLAIM_ALL, str(tmp_path), str(number)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
            for number in range(PROCESSES)
        ]
        for child in children:
            assert child.stdin is not None
            child.stdin.write("begin\n")  # read once its imports are done
            child.stdin.flush()
        claimed = [id for child in children for id in child.communicate()[0].split()]
        assert [child.returncode for child in children] == [0] * PROCESSES
        assert sorted(claimed) == sorted(run.id for run in runs)
        assert store.count()[State.RUNNING] == RUNS
        assert store._all("SELECT count(DISTINCT number), max(attempts) FROM jobs") == [(RUNS, 1)]
