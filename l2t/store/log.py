"""Reading a job's `log.txt`: the last traceback."""

import re
from pathlib import Path

_STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ")
"""Beginning of a line that the worker wrote; a traceback is what stands between two of them."""

_LAST = 1 << 20
"""Bytes at the end of a log that are read."""


def last_traceback(log: Path) -> str | None:
    """The traceback of the last failure in the log; None where there is none, or a later attempt is going or done."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LAST))
            lines = file.read().decode(errors="backslashreplace").splitlines()
    except OSError:
        return None
    starts = [number for number, line in enumerate(lines) if _STAMPED.match(line)]
    after = lines[starts[-1] + 1 :] if starts else []
    return "\n".join(after) if after and after[0].startswith("Traceback") else None
