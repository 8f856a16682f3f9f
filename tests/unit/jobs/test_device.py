"""Choosing the device."""

from pathlib import Path

import pytest
from fake_gpus import These, gpu

from l2t.errors import UsageError
from l2t.jobs import device
from l2t.jobs.device import choose_device
from l2t.jobs.gpus import Gpu


def there(monkeypatch: pytest.MonkeyPatch, *gpus: Gpu, reason: str | None = None) -> None:
    """A machine with an NVIDIA device, of which the driver tells `gpus`; by default one."""
    found = These(list(gpus) or ([] if reason else [gpu(0)]), reason)
    monkeypatch.setattr(device, "_nvidia_devices", lambda: [Path("/dev/nvidia0")])
    monkeypatch.setattr(device, "Nvml", lambda: found)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


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
    there(monkeypatch)
    monkeypatch.setattr(device, "_PROBE", "print(True)")
    assert choose_device("auto", tmp_path) == "cuda"
    monkeypatch.setattr(device, "_PROBE", "print(False)")
    assert choose_device("cuda", tmp_path) == "cuda"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert choose_device("auto", tmp_path) == "cpu"
    with pytest.raises(UsageError, match="torch cannot use"):
        choose_device("cuda", tmp_path)


def test_a_gpu_that_no_slot_can_have_is_not_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs for a device without a slot would wait for ever."""
    monkeypatch.setattr(device, "_PROBE", "print(True)")
    there(monkeypatch)
    assert choose_device("auto", tmp_path, ("0",)) == "cuda"
    assert choose_device("auto", tmp_path, ()) == "cpu"
    with pytest.raises(UsageError, match="--gpus none"):
        choose_device("cuda", tmp_path, ())
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert choose_device("auto", tmp_path) == "cpu"
    with pytest.raises(UsageError, match='every GPU is not in CUDA_VISIBLE_DEVICES="-1"'):
        choose_device("cuda", tmp_path)
    there(monkeypatch, reason="the NVIDIA driver is not loaded")
    with pytest.raises(UsageError, match=r"--device cuda: the NVIDIA driver is not loaded\. Take --device cpu"):
        choose_device("cuda", tmp_path)


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch)
    monkeypatch.setattr(device, "_PROBE", "print(True)")
    assert choose_device("auto", tmp_path / "home") == "cuda"
    assert not (tmp_path / "home").exists()
