"""A job in a warm worker gives the bits that it gives in a fresh one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import warm

from l2t.spec import RunSpec, SourceSpec


@pytest.fixture
def process(tmp_path: Path, spec: Callable[..., RunSpec], source: SourceSpec) -> Callable[..., list[Any]]:
    """Runs jobs in one new process, and gives what each found. A: l2tww; B: other threads and precision."""
    traced = {"trace": ("features.0.weight[0,0,0,0]", "lambda[2-0]")}
    runs = {
        "A": spec("l2tww", source=source.ref, train={"epochs": 3}, **traced),
        "B": spec(train={"epochs": 2, "threads": 2, "precision": "bf16"}, seed=5),
    }
    for name, run in runs.items():
        (tmp_path / f"{name}.json").write_text(run.model_dump_json())

    def work(*words: str) -> list[Any]:
        command = [sys.executable, "-P", "-W", "error", warm.__file__, str(tmp_path), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment())
        assert done.returncode == 0, done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found

    return work


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(warm.__file__).parent), "OMP_NUM_THREADS": "1"}


def test_warm_equals_cold_whatever_the_jobs_between_change(process: Callable[..., list[Any]]) -> None:
    cold_a, cold_b = process("A") + process("B")
    a, before, changed, b, again, after = process(
        "A", "switches", "hostile", "switches", "B", "hostile", "A", "switches"
    )
    assert a == again == cold_a
    assert b == cold_b != cold_a
    assert a["traces"]
    assert before == after
    assert [name for name in before if changed[name] == before[name]] == [], "the hostile job spares some"
