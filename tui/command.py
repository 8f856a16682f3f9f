"""The command line as a process of its own: what the form shows and does is what `l2t run` would, by construction.

Plans import pydantic, decode images and may ask torch for devices; none of it comes into this process.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from l2t.printable import printable

if TYPE_CHECKING:
    from tui.app import L2TApp

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    said: str
    """Its last line on stderr, without the program's name."""


def answer(
    home: Path,
    arguments: Sequence[str],
    started: Callable[["subprocess.Popen[bytes]"], object] = lambda _: None,
    **settings: str,
) -> Answer:
    """Run `l2t ARGUMENTS` for this home and wait for its end.

    started: gets the process, so that it can be ended. settings: of its environment; without colours unless they say
    otherwise.
    """
    line = [sys.executable, "-P", "-c", "from cli.app import main; main()", *arguments]
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(
            line,
            stdout=pipe,
            stderr=pipe,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"L2T_HOME": str(home), "NO_COLOR": "1"} | settings,
        ) as process:
            started(process)
            out, errors = process.communicate()
    except Exception as error:  # no process to be had, or a character that no process takes
        return Answer(1, "", printable(f"l2t cannot be run: {error}"))
    lines = errors.decode(errors="backslashreplace").strip().splitlines()
    said = lines[-1].removeprefix("l2t: ") if lines else ""
    return Answer(process.returncode, out.decode(errors="backslashreplace"), printable(said))


def aside(app: "L2TApp", work: Callable[[], T], then: Callable[[T], None]) -> None:
    """Do the work in a thread that nobody waits for when the app is closed; `then` is called, in the app's thread, with
    what it gave. What goes wrong is a toast."""

    def call() -> None:
        made: T | Exception
        try:
            made = work()
        except Exception as error:
            made = error
        with suppress(RuntimeError):  # the app is closed
            app.call_later(app.answer, made, then)

    Thread(target=call, daemon=True).start()


class Questions:
    """Commands asked one at a time, where only the newest question counts: to others, no answer is told."""

    def __init__(self, home: Path, aside: Callable[[Callable[[], Answer], Callable[[Answer], None]], None]) -> None:
        """aside: does work in a thread, and gives what it made to a function in the app's thread."""
        self._home = home
        self._aside = aside
        self._asked: tuple[Sequence[str], Callable[[Answer], None]] | None = None
        self._running: object = None

    @property
    def busy(self) -> bool:
        """Whether a command runs."""
        return self._running is not None

    def ask(self, arguments: Sequence[str], then: Callable[[Answer], None]) -> None:
        """Run `l2t ARGUMENTS` once what runs now has ended; `then` gets the answer, unless something newer is asked."""
        self._asked = (arguments, then)
        if not self.busy:
            self._begin()

    def forget(self) -> None:
        """No answer is wanted any more."""
        self._asked = None

    def _begin(self) -> None:
        asked = self._running = self._asked
        if asked is not None:
            self._aside(lambda: answer(self._home, asked[0]), self._ended)

    def _ended(self, found: Answer) -> None:
        asked, self._running = self._running, None
        if self._asked is not asked:
            self._begin()
        elif self._asked is not None:
            self._asked[1](found)
