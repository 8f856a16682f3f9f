"""The switches that a result depends on."""

from collections.abc import Iterator

import pytest
import torch

from l2t.errors import UsageError
from l2t.spec.settings import TrainSettings
from l2t.train.device import ready


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


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_cuda_run_without_cuda_is_refused() -> None:
    with pytest.raises(UsageError, match="no CUDA device"):
        ready("cuda", TrainSettings())
