"""Progress of fetching and decoding a data set while something else was asked for: a line now and then on stderr."""

import time

from cli.diagnostics import say
from cli.follow import QUIET_SECONDS


class Preparing:
    """A `Progress` that says a step when it has lasted a second, and again every ten seconds."""

    def __init__(self) -> None:
        self._step = ""
        self._next = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step != self._step:
            self._step, self._next = step, now + 1.0
        elif now >= self._next:
            self._next = now + QUIET_SECONDS
            say(f"preparing data: {step}" + (f", {100 * done / total:.0f} %" if total else ""))
