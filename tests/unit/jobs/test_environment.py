"""What `env.json` says."""

import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace

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


def test_a_run_on_a_gpu_tells_its_model_and_which_one_it_was(
    make_run: Callable[..., RunSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch is stood in for: there may be no GPU here."""
    gpu = SimpleNamespace(name="NVIDIA H100", uuid="1234-abcd", total_memory=85 * 10**9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: gpu.name)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1234-abcd")
    found = environment(make_run(device="cuda"))
    assert found["device"].items() >= {"kind": "cuda", "uuid": "1234-abcd", "visible": "GPU-1234-abcd"}.items()
    assert found["fingerprint"].items() >= {"device": "cuda", "gpu": "NVIDIA H100", "cuda": torch.version.cuda}.items()
    assert "uuid" not in found["fingerprint"]
