"""Why a job failed, told from the exception that ended it. Knows torch's errors by name only, and never imports it."""

import errno

from pydantic import ValidationError

from l2t.errors import DataError, DivergedError, UsageError
from l2t.store.state import Reason

_DISK = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EROFS: "it is read-only"}

_NO_MEMORY = ("can't allocate memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")


def classify(error: BaseException) -> tuple[Reason, str]:
    """The reason of a failure, and one line that says what happened."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    if isinstance(error, DivergedError):
        return Reason.DIVERGED, line
    if isinstance(error, ValidationError):  # options that a plug-in no longer has, say
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return Reason.INVALID, f"its settings are not those of this version: {where}: {first['msg']}; ask for it again"
    if isinstance(error, UsageError | DataError):
        return Reason.INVALID, line
    if isinstance(error, OSError) and error.errno in _DISK:
        return Reason.DISK, f"{error.filename or 'its folder'}: {_DISK[error.errno]}"
    if _out_of_memory(error):
        return Reason.OUT_OF_MEMORY, f"out of memory: {line}"
    return Reason.CRASHED, line if isinstance(error, OSError) else f"{type(error).__name__}: {line}"


def _out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _NO_MEMORY)
