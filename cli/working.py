"""Progress of work that a command does in this process (downloading, decoding), on stderr."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cli.diagnostics import say
from l2t.data.base import Progress
from l2t.words import size

QUIET_SECONDS = 5.0
"""At least this long between two lines where stderr is no terminal, so that quick work says nothing."""

BYTES = ("download", "verify")
"""First words of the steps that count bytes (see `l2t.data.base.Progress`)."""


@contextmanager
def working(what: str) -> Iterator[Progress]:
    """Within: tell the yielded function how far the work on `what` is. Bars on a terminal, else a line now and then."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bars(what) as progress:
            yield progress
    else:
        yield _Lines(what)


@contextmanager
def _bars(what: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeRemainingColumn(compact=True),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def progress(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(f"{what}: {step}", amount="")
            bars.update(tasks[step], completed=done, total=total or None, amount=describe(step, done, total))

        yield progress


class _Lines:
    """Plain lines, for logs."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._spoke = time.monotonic()

    def __call__(self, step: str, done: int, total: int) -> None:
        if time.monotonic() - self._spoke >= QUIET_SECONDS:
            self._spoke = time.monotonic()
            say(f"{self._what}: {step} {describe(step, done, total)}")


def describe(step: str, done: int, total: int) -> str:
    """`12.3 MB of 170.0 MB` for the steps that count bytes, `500 of 10000` for those that count images."""
    amounts = [size(done), size(total)] if step.startswith(BYTES) else [str(done), str(total)]
    return " of ".join(amounts if total else amounts[:1])
