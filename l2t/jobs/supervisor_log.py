"""`HOME/logs/supervisor.log`: what a supervisor did and why. Rotated, and patient with a full disk."""

import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from l2t.printable import printable
from l2t.store.files import append_text

SIZE = 1 << 20
"""Bytes of one file before the next is begun."""
KEPT = 3
"""Files that are kept, the present one included."""
WAITING = 1000
"""Lines that wait in memory while the disk takes none; older ones are dropped."""


class SupervisorLog:
    """A log of one line an event. Lines that cannot be written wait until one can."""

    def __init__(self, home: Path) -> None:
        self.path = home / "logs" / "supervisor.log"
        self._waiting: deque[str] = deque(maxlen=WAITING)
        self._writing = threading.RLock()  # the webhook's thread says things too

    def say(self, text: str) -> None:
        """Add a line, with the time, control characters escaped. Never fails."""
        with self._writing:
            self._waiting.append(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {printable(text)}\n")
            self.flush()

    def flush(self) -> None:
        """Write what waits, where the disk takes it."""
        with self._writing:
            while self._waiting:
                try:
                    self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._rotate()
                    append_text(self.path, self._waiting[0])
                except OSError:
                    return
                self._waiting.popleft()

    def _rotate(self) -> None:
        if not self.path.exists() or self.path.stat().st_size < SIZE:
            return
        for number in range(KEPT - 1, 0, -1):
            older = self.path if number == 1 else self.path.with_name(f"{self.path.name}.{number - 1}")
            if older.exists():
                older.replace(self.path.with_name(f"{self.path.name}.{number}"))
