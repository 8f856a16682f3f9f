"""What `examine` finds, and that it changes nothing."""

from pathlib import Path

import pytest

from l2t import doctor
from l2t.doctor import Check, Verdict, examine, usable


def found(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def test_a_fresh_machine_is_usable_and_nothing_is_created(tmp_path: Path) -> None:
    checks = examine(tmp_path / "home")
    assert usable(checks)
    assert found(checks, "home").found.startswith(f"{tmp_path / 'home'} (made when needed)")
    assert all(check.advice for check in checks if check.verdict is not Verdict.OK)
    assert list(tmp_path.iterdir()) == []


def test_a_home_under_a_file_is_a_problem_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    checks = examine(tmp_path / "file" / "home")
    assert not usable(checks)
    assert found(checks, "home").advice == "choose another folder with --home or L2T_HOME"


def test_a_torch_that_does_not_start_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE", "import no_such_torch")
    check = found(examine(tmp_path), "torch")
    assert (check.verdict, check.found) == (Verdict.PROBLEM, "ModuleNotFoundError: No module named 'no_such_torch'")


def test_a_torch_that_hangs_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.2)
    assert found(examine(tmp_path), "torch").verdict is Verdict.PROBLEM


def test_a_gpu_is_named_with_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = 'print(\'{"version": "2.9", "cuda": "12.8", "devices": [["H100", 85000000000]]}\')'
    monkeypatch.setattr(doctor, "PROBE", probe)
    assert found(examine(tmp_path), "GPU 0").found == "H100, 85 GB, CUDA 12.8"


def test_a_damaged_store_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "l2t.db").write_bytes(b"not a database, but long enough" * 10)
    check = found(examine(tmp_path), "store")
    assert check.verdict is Verdict.PROBLEM
    assert "l2t.db" in check.found
