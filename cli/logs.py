"""`l2t logs`: what a run's attempts, or the supervisor, wrote."""

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO, Self

import typer

from cli.completion_runs import complete_runs
from cli.diagnostics import say
from cli.output import write
from l2t import paths
from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.folder import JobFolder
from l2t.store.state import State
from l2t.store.store import Store

LOOK_SECONDS = 0.5
ENDED = (State.DONE, State.FAILED, State.CANCELLED)


def logs(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="Id of the run or source, or its beginning.", autocompletion=complete_runs),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what is written, until the run ends (or Ctrl-C).")
    ] = False,
    supervisor: Annotated[bool, typer.Option("--supervisor", help="The supervisor's log instead of a run's.")] = False,
) -> None:
    """Show the log of a run, all attempts, or of the supervisor; control characters are escaped."""
    home = paths.home()
    if supervisor == (run is not None):
        raise UsageError("say either RUN or --supervisor" if supervisor else "say which run (l2t ls), or --supervisor")
    if run is None:
        _show_supervisor(home, follow)
    else:
        _show_job(home, run, follow)


def _show_supervisor(home: Path, follow: bool) -> None:
    from l2t.jobs.supervisor_log import KEPT, SupervisorLog

    log = SupervisorLog(home).path
    with ExitStack() as tails:
        for number in range(KEPT - 1, 0, -1):
            tails.enter_context(LogTail(log.with_name(f"{log.name}.{number}"))).show()
        tail = tails.enter_context(LogTail(log))
        if not tail.show() and not follow:
            say("no supervisor has worked here yet: l2t up starts one")
        while follow:
            time.sleep(LOOK_SECONDS)
            tail.show()


def _show_job(home: Path, text: str, follow: bool) -> None:
    with Store.read(home) as store:
        job = store.job(text)
        with LogTail(JobFolder.of(home, job.kind, job.id).log) as tail:
            while follow and job.state not in ENDED:
                tail.show()
                time.sleep(LOOK_SECONDS)
                job = store.job(job.id)
            tail.show(whole=True)
    if not tail.shown:
        say(f"{job.kind} {job.id} has no log: it is {job.state} and was never begun")
    elif follow:
        say(f"{job.kind} {job.id} is {job.state}")


class LogTail:
    """A log file that may grow, give its place to a new one (rotated, or its run begins anew), or not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._torn = b""
        self.shown = False
        """Whether there was anything."""

    def show(self, whole: bool = False) -> bool:
        """Write the lines that are new; whole: also a last one that is not ended yet. Whether there were any."""
        data = self._torn + self._new()
        end = len(data) if whole else data.rfind(b"\n") + 1
        lines, self._torn = data[:end].splitlines(), data[end:]
        for line in lines:
            write(printable(line.decode(errors="backslashreplace")))
        sys.stdout.flush()
        self.shown |= bool(lines)
        return bool(lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def _new(self) -> bytes:
        """The rest of the file that is open, then all of the one that has taken its place."""
        data = b""
        if self._file is not None:
            if os.fstat(self._file.fileno()).st_size < self._file.tell():
                self._file.seek(0)
            data = self._file.read()
        try:
            there = self._path.stat()
            if self._file is None or not os.path.samestat(there, os.fstat(self._file.fileno())):
                following = self._path.open("rb")
                if self._file is not None:
                    self._file.close()
                self._file = following
                data += self._file.read()
        except FileNotFoundError:
            pass
        return data
