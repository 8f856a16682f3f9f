"""The switches that a result depends on."""

from collections.abc import Iterator

import pytest
import torch

from l2t.errors import UsageError
from l2t.spec.settings import TrainSettings
from l2t.train.device import check, ready


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Global switches as they were."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize(("precision", "tf32"), [("fp32", False), ("tf32", True), ("bf16", False)])
def test_every_switch_is_set_anew_for_each_job(precision: str, tf32: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not tf32
    torch.backends.cudnn.benchmark = True
    torch.set_num_threads(2)
    assert ready("cpu", TrainSettings(precision=precision)) == torch.device("cpu")
    assert torch.backends.cuda.matmul.allow_tf32 is tf32
    assert torch.backends.cudnn.allow_tf32 is tf32
    assert not torch.backends.cudnn.benchmark
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == 1


def test_a_gpu_has_its_whole_memory_and_the_default_stream_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.cuda is stood in for: there may be no GPU here."""
    said: list[tuple[object, ...]] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "default_stream", lambda: "default")
    for name in ("set_device", "set_stream", "set_per_process_memory_fraction", "empty_cache"):
        monkeypatch.setattr(torch.cuda, name, lambda *values, name=name: said.append((name, *values)))
    assert ready("cuda", TrainSettings()) == torch.device("cuda")
    expected = [
        ("set_device", 0),
        ("set_stream", "default"),
        ("set_per_process_memory_fraction", 1.0),
        ("empty_cache",),
    ]
    assert said == expected


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_cuda_run_without_cuda_is_refused() -> None:
    with pytest.raises(UsageError, match="no CUDA device"):
        ready("cuda", TrainSettings())


def test_a_device_that_computes_passes_and_one_that_is_not_there_does_not() -> None:
    check("cpu")
    if not torch.cuda.is_available():
        with pytest.raises((AssertionError, RuntimeError)):
            check("cuda")
