"""Reasons of failures."""

import errno
import os

import pytest
from pydantic import ValidationError

from l2t.errors import DataError, DivergedError, UsageError
from l2t.jobs.failure import classify
from l2t.methods.registry import methods
from l2t.store.state import Reason


class OutOfMemoryError(RuntimeError):
    """Of torch's name, for CUDA."""


@pytest.mark.parametrize(
    ("error", "reason", "message"),
    [
        (DivergedError("loss is nan in epoch 3"), Reason.DIVERGED, "loss is nan in epoch 3"),
        (UsageError("no layer 9"), Reason.INVALID, "no layer 9"),
        (DataError("digits: corrupt"), Reason.INVALID, "digits: corrupt"),
        (MemoryError(), Reason.OUT_OF_MEMORY, "out of memory: MemoryError"),
        (OutOfMemoryError("CUDA"), Reason.OUT_OF_MEMORY, "out of memory: CUDA"),
        (RuntimeError("[enforce] DefaultCPUAllocator: can't allocate memory: 1 bytes"), Reason.OUT_OF_MEMORY, "memory"),
        (RuntimeError("CUDA error: out of memory"), Reason.OUT_OF_MEMORY, "out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"), Reason.OUT_OF_MEMORY, "ALLOC_FAILED"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/x"), Reason.DISK, "runs/x: the disk is full"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), Reason.DISK, "its folder: it is read-only"),
        (OSError(errno.EDQUOT, "quota"), Reason.DISK, "quota"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x"), Reason.CRASHED, "No such file"),
        (RuntimeError("shapes\n\ndiffer\n"), Reason.CRASHED, "RuntimeError: differ"),
        (KeyError("epoch"), Reason.CRASHED, "KeyError: 'epoch'"),
        (AssertionError(), Reason.CRASHED, "AssertionError: AssertionError"),
    ],
)
def test_an_error_has_a_reason_and_one_line(error: Exception, reason: Reason, message: str) -> None:
    found = classify(error)
    assert found[0] == reason
    assert message in found[1]
    assert "\n" not in found[1]


def test_settings_of_another_version_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        methods.get("kd")(temprature=3)
    reason, said = classify(caught.value)
    assert reason is Reason.INVALID
    assert said == (
        "its settings are not those of this version: temprature: Extra inputs are not permitted; ask for it again"
    )
