"""`l2t up` and `l2t down`: the supervisor that works on in the background."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from cli.diagnostics import ExitCode, say
from cli.slots import WHERE, Gpus, SlotsPerGpu, slot_settings
from l2t import paths
from l2t.errors import StoreError

if TYPE_CHECKING:
    from l2t.jobs.lock import Holder
    from l2t.jobs.slots import SlotSettings

LOOK_SECONDS = 0.5
QUIET_SECONDS = 60.0
"""Between two words about what is waited for, where it is still the same."""


def up(
    gpus: Gpus = None,
    slots_per_gpu: SlotsPerGpu = None,
    cpu_slots: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=WHERE, min=0, help="Runs at a time on the CPU, one thread each. Default: the cores."
        ),
    ] = None,
    min_free_memory: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=WHERE, min=0, metavar="GB", help="GPU memory that must be free for each slot. Default: 2."
        ),
    ] = None,
    foreground: Annotated[
        bool,
        typer.Option("--foreground", help="Stay, for systemd and containers: SIGTERM checkpoints and ends it."),
    ] = False,
) -> None:
    """Start a supervisor for this home: it works on what is queued until l2t down, without a terminal.

    Defaults come from the environment and from l2t.toml in the home (docs/running-for-days.md).

    Example:
      l2t up --gpus 0,2 --slots-per-gpu 2 --min-free-memory 4
    """
    from l2t.jobs.lock import holder

    home = paths.home()
    slots = slot_settings(home, cpu=cpu_slots, gpus=gpus, per_gpu=slots_per_gpu, min_free_gb=min_free_memory)
    found = holder(home)
    if foreground:
        _become(home, slots)
    elif found is not None and found.mode == "up" and (said := _goes_on(home, found)):
        options = (gpus, slots_per_gpu, cpu_slots, min_free_memory)
        change = "" if all(option is None for option in options) else ". l2t down, then l2t up, changes its slots"
        say(f"{said}: {found.description}{change}")
    else:
        _start(home, slots)


def down(
    now: Annotated[bool, typer.Option("--now", help="Do not wait for runs: they write a checkpoint and stop.")] = False,
) -> ExitCode:
    """End the supervisor of this home, after the runs that it works on. What is queued waits for the next l2t up.

    Ctrl-C stops the waiting only.
    """
    from l2t.jobs.daemon import ask_down, wait_down

    home = paths.home()
    asked = ask_down(home, now)
    if asked is None:
        say("no supervisor runs here; nothing to end")
        return ExitCode.OK
    say(f"{asked.description} ends " + ("with checkpoints" if now else "after what runs now"))
    told: list[str] = []
    spoke = 0.0
    doing: str | None = None
    try:
        while not wait_down(home, LOOK_SECONDS):
            before, doing = doing, _doing(home, asked)
            if (before, doing) == ("draining", "working"):
                say("not waited for any more: somebody let it go on (l2t up)")
                return ExitCode.INTERRUPTED
            names, words = _running(home)
            if words and (names != told or time.monotonic() - spoke >= QUIET_SECONDS):
                told, spoke = names, time.monotonic()
                say(f"waiting for {words}")
    except KeyboardInterrupt:
        more = "" if now else " after what runs. l2t down --now makes it stop with checkpoints"
        say(f"not waited for any more: it still ends{more}")
        return ExitCode.INTERRUPTED
    say("down. l2t up goes on with what is queued")
    return ExitCode.OK


def ready_to_detach(home: Path) -> None:
    """Raise StoreError where a supervisor could not be started because an `l2t run` holds the home."""
    from l2t.jobs.lock import holder

    found = holder(home)
    if found is not None and found.mode == "run":
        raise StoreError(
            f"--detach needs a supervisor, and the home is held by {found.description}. Stop it with Ctrl-C first, or"
            " leave out --detach: it works on these runs too"
        )


def supervised(home: Path, slots: "SlotSettings") -> None:
    """See that a supervisor runs."""
    from l2t.jobs.lock import holder

    found = holder(home)
    if found is not None and found.mode == "up" and (said := _goes_on(home, found)):
        say(f"{said}: {found.description} works on it, in its own slots")
    else:
        _start(home, slots)


def _doing(home: Path, found: "Holder") -> str | None:
    """What a supervisor shows that it is doing; None where it shows nothing."""
    from l2t.jobs.status import read_snapshot

    shown = read_snapshot(home)
    return shown.doing if shown is not None and shown.holder.owner == found.owner else None


def _goes_on(home: Path, found: "Holder") -> str | None:
    """See that a supervisor goes on, also where it was ending; what is to be said of it, None where it ends."""
    from l2t.jobs.daemon import go_on

    ending = _doing(home, found) == "draining"
    if not go_on(home, found):
        return None
    return "it was ending, and goes on" if ending else "already up"


def _become(home: Path, slots: "SlotSettings") -> Never:
    """Go on as the supervisor, which says itself where it cannot be one."""
    from l2t.jobs.daemon import command

    words = command(home, slots)
    os.execv(words[0], words)


def _start(home: Path, slots: "SlotSettings") -> None:
    from l2t.jobs.daemon import start

    found = start(home, slots)
    say(f"up: {found.description}, {_slots(home, found)}. l2t status shows its work, l2t down ends it")


def _slots(home: Path, found: "Holder") -> str:
    """`2 slots (cpu 0, cpu 1)`, and the GPUs that are left alone."""
    from l2t.jobs.status import read_snapshot

    shown = read_snapshot(home)
    if shown is None or shown.holder.owner != found.owner:
        return "slots not known yet"
    names = [slot.name for slot in shown.slots]
    text = f"{len(names)} slot{'s' * (len(names) != 1)}" + (f" ({', '.join(names)})" if names else "")
    return text + "".join(f"; {name} is left alone: {why}" for name, why in shown.closed)


def _running(home: Path) -> tuple[list[str], str]:
    """What is worked on: the names, and in words."""
    from l2t.store.store import Store

    with Store.read(home) as store:
        jobs = store.running()
    words = [f"{job.name} (epoch {job.epoch}/{job.epochs})" if job.epochs else job.name for job in jobs]
    return [job.name for job in jobs], ", ".join(words)
