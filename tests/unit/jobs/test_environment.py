"""What `env.json` says."""

import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version

import torch

from l2t.jobs.environment import environment, fingerprint
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


def test_the_fingerprint_of_a_cpu_knows_its_model_the_threads_and_torch() -> None:
    found = fingerprint("cpu", 3)
    assert found["threads"] == 3
    assert found["torch"] == torch.__version__
    assert found["cpu"]
    assert fingerprint("cpu", 3) == found != fingerprint("cpu", 2)
    assert "gpu" not in found
