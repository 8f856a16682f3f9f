"""Choosing the device."""

from pathlib import Path

import pytest

from l2t.errors import UsageError
from l2t.jobs import device
from l2t.jobs.device import choose_device


def test_the_cpu_needs_no_question(tmp_path: Path) -> None:
    assert choose_device("cpu", tmp_path) == "cpu"
    assert list(tmp_path.iterdir()) == []


def test_without_an_nvidia_device_torch_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_nvidia_devices", list)
    monkeypatch.setattr(device, "_PROBE", "raise SystemExit('asked')")
    assert choose_device("auto", tmp_path) == "cpu"
    with pytest.raises(UsageError, match="no NVIDIA device"):
        choose_device("cuda", tmp_path)


def test_the_answer_of_torch_is_kept_for_what_it_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_nvidia_devices", lambda: [Path("/dev/nvidia0")])
    monkeypatch.setattr(device, "_PROBE", "print(True)")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert choose_device("auto", tmp_path) == "cuda"
    monkeypatch.setattr(device, "_PROBE", "print(False)")
    assert choose_device("cuda", tmp_path) == "cuda"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert choose_device("auto", tmp_path) == "cpu"
    with pytest.raises(UsageError, match="torch cannot use"):
        choose_device("cuda", tmp_path)


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_nvidia_devices", lambda: [Path("/dev/nvidia0")])
    monkeypatch.setattr(device, "_PROBE", "print(True)")
    assert choose_device("auto", tmp_path / "home") == "cuda"
    assert not (tmp_path / "home").exists()
