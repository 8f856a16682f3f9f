"""The last line of growing metrics files, read by offset: a poll costs what was written since the one before."""

import json
from pathlib import Path
from typing import Any

_FIRST = 1 << 16
"""Bytes read from the end of a file that is seen for the first time."""


class MetricsTail:
    """Follows the metrics files of the runs that are shown."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[int, dict[str, Any] | None]] = {}

    def last(self, path: Path) -> dict[str, Any] | None:
        """The last whole readable line of `path`; None where there is none yet. A torn line is read when it is ended,
        and skipped where it was ended torn."""
        offset, row = self._seen.get(path, (-1, None))
        try:
            size = path.stat().st_size
            if size < offset:  # the run started over
                offset, row = 0, None
            if offset < 0:
                offset = max(0, size - _FIRST)
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
        except OSError:
            return row
        whole = data[: data.rfind(b"\n") + 1]
        for line in reversed(whole.splitlines()):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                row = value
                break
        self._seen[path] = (offset + len(whole), row)
        return row
