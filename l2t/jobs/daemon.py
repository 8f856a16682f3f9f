"""The supervisor as a process of its own, which outlives the terminal: started, asked to end, and its main program
(`python -P -m l2t.jobs.daemon --home HOME --slots JSON`).

SIGTERM and SIGINT: what runs writes a checkpoint and stops. SIGUSR1: what runs ends first; SIGUSR2 takes that
back. SIGHUP: nothing.
"""

import argparse
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from l2t import paths
from l2t.errors import DataError, L2tError, StoreError, UsageError
from l2t.jobs.lock import HeldError, Holder, HomeLock, holder
from l2t.jobs.owner import lives_here
from l2t.jobs.slots import SlotSettings
from l2t.jobs.status import shown_at
from l2t.jobs.supervisor import Supervisor

READY = "ready"
POLL_SECONDS = 1.0
HEARD_SECONDS = 10.0
"""After which a supervisor that lives is taken to have heard: a full disk may keep it from showing anything."""


def command(home: Path, slots: SlotSettings, engine: str = "l2t.jobs.engine:load") -> list[str]:
    """The command line of a supervisor that stays in the foreground."""
    options = ["--home", str(home), "--slots", slots.model_dump_json(), "--engine", engine]
    return [sys.executable, "-P", "-m", "l2t.jobs.daemon", *options]


def start(home: Path, slots: SlotSettings, engine: str = "l2t.jobs.engine:load") -> Holder:
    """Start a supervisor for `home`, detached from this process and its terminal; returns when it works.

    Raises StoreError with its last words where it does not come up, HeldError's text where another was first.
    """
    process = subprocess.Popen(
        command(home, slots, engine),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
        # It works in the root folder, and keeps none busy that somebody wants to unmount.
        env=os.environ | {"L2T_HOME": str(home), "L2T_DATA": str(paths.data())},
        cwd="/",
    )
    assert process.stdout is not None
    words = ""
    with process.stdout:
        for line in process.stdout:
            if line.strip() == READY:
                found = holder(home)
                if found is not None:
                    process.returncode = 0  # it is not waited for: it outlives this process
                    return found
            words = line.strip() or words
    process.wait()
    raise StoreError(f"the supervisor did not start: {words.removeprefix('l2t: ') or 'without a word'}")


def ask_down(home: Path, now: bool) -> Holder | None:
    """Ask the supervisor to end, after what runs now, or `now` with checkpoints; returns it, None where none runs.

    Raises StoreError where the home is held by another host's process, by an `l2t run` in the foreground, or a demo.
    """
    found = holder(home)
    if found is None:
        return None
    if found.mode == "run":
        raise StoreError(f"{home} is held by {found.description}: press Ctrl-C there")
    if found.mode == "demo":
        raise StoreError(f"{home} is held by {found.description}: leave the screens")
    if not lives_here(found.owner):
        raise StoreError(f"{home} is held by {found.description}: say l2t down there")
    try:
        os.kill(found.owner.pid, signal.SIGTERM if now else signal.SIGUSR1)
    except PermissionError as error:
        raise StoreError(f"{found.description} belongs to another user") from error
    except ProcessLookupError:
        return None
    return found


def go_on(home: Path, found: Holder) -> bool:
    """Let a supervisor go on, also where it was asked to end; False where it had ended before it heard.

    Waits until it is one or the other: a supervisor that heard shows its state anew.
    """
    if not lives_here(found.owner):
        return holder(home) == found  # of another host, which no signal reaches
    before = shown_at(home)
    with suppress(ProcessLookupError):
        os.kill(found.owner.pid, signal.SIGUSR2)
    deadline = time.monotonic() + HEARD_SECONDS
    while (now := holder(home)) is not None and now.owner == found.owner:
        if shown_at(home) != before or time.monotonic() > deadline:
            return True
        time.sleep(0.02)
    return False


def wait_down(home: Path, seconds: float) -> bool:
    """Wait until nobody holds the home; False where somebody still does after `seconds`."""
    deadline = time.monotonic() + seconds
    while holder(home) is not None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


class _Signals:
    """What the process was told. Its handlers only note: a lock taken in one could be held by what it interrupts."""

    def __init__(self) -> None:
        self.stop = self.drain = self.go_on = False
        self._ear, mouth = os.pipe()
        os.set_blocking(mouth, False)
        signal.set_wakeup_fd(mouth)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_stop)
        signal.signal(signal.SIGUSR1, self._ask_drain)
        signal.signal(signal.SIGUSR2, self._ask_to_go_on)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def wait(self, seconds: float) -> None:
        """Until a signal comes, at most so long."""
        if select.select([self._ear], [], [], seconds)[0]:
            os.read(self._ear, 64)

    def _ask_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop = True

    def _ask_drain(self, number: int, frame: FrameType | None) -> None:
        self.drain = True

    def _ask_to_go_on(self, number: int, frame: FrameType | None) -> None:
        self.drain, self.go_on = False, True


def _supervise(supervisor: Supervisor, signals: _Signals) -> None:
    """Poll until told to end."""
    draining = False
    while not signals.stop:
        if signals.drain and not draining:
            draining = True
            supervisor.drain()
        if signals.go_on:
            draining = signals.go_on = False
            supervisor.go_on()
        if supervisor.finished:  # looked at after what was told: it may be to go on
            break
        supervisor.poll()
        signals.wait(POLL_SECONDS)


def _detach_output(home: Path) -> None:
    """From now on nobody reads what is printed: an unexpected traceback goes to a file of its own."""
    logs = home / "logs"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(logs / "supervisor.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (sys.stdout, sys.stderr):
        standard.flush()
        os.dup2(descriptor, standard.fileno())
    os.close(descriptor)


def main() -> int:
    """Entry point. Exit code 2, with one line, where another holds the home or something has to be set right first; 1
    where trying again later may help."""
    parser = argparse.ArgumentParser(prog="l2t.jobs.daemon", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="the home folder")
    parser.add_argument("--slots", required=True, help="the device slots, as JSON of SlotSettings")
    parser.add_argument("--engine", default="l2t.jobs.engine:load", help="import string of what gives the engine")
    options = parser.parse_args()
    os.umask(0o077)
    signals = _Signals()
    try:
        slots = SlotSettings.model_validate_json(options.slots)
        with HomeLock(options.home, "up") as lock, Supervisor(lock, slots, False, engine=options.engine) as supervisor:
            supervisor.poll()
            print(READY, flush=True)
            _detach_output(options.home)
            _supervise(supervisor, signals)
            lock.ending = "down"
    except L2tError as error:
        print(f"l2t: {error}", file=sys.stderr)
        return 2 if isinstance(error, HeldError | UsageError | DataError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
