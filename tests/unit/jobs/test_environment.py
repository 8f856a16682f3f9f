"""What `env.json` says."""

import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest
import torch

from l2t.jobs.environment import DECIDING, environment, fingerprint
from l2t.jobs.provenance import provenance
from l2t.spec import RunSpec


def test_a_runs_environment_is_plain_json_and_says_where_with_what_and_on_which_data(
    make_run: Callable[..., RunSpec],
) -> None:
    found = environment(make_run())
    assert json.loads(json.dumps(found)) == found
    assert found["packages"]["torch"] == version("torch")
    assert found["host"] == platform.node()
    assert found["command"] == sys.argv
    assert found["data"] == {"digits": "d" * 16}
    assert found["device"] == {"kind": "cpu", "name": found["fingerprint"]["cpu"]}
    assert found["code"] == provenance()["code"]


def test_a_variable_that_changes_arithmetic_is_part_of_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DECIDING:
        monkeypatch.delenv(name, raising=False)
    assert "variables" not in fingerprint("cpu", 1)
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert fingerprint("cpu", 1)["variables"] == {"MKL_CBWR": "COMPATIBLE"}


def test_the_fingerprint_of_a_cpu_knows_its_model_the_threads_and_torch() -> None:
    found = fingerprint("cpu", 3)
    assert found["threads"] == 3
    assert found["torch"] == torch.__version__
    assert found["cpu"]
    assert fingerprint("cpu", 3) == found != fingerprint("cpu", 2)
    assert "gpu" not in found
