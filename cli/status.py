"""`l2t status`: who works in this home, on what, what is left, and what to do next."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.ls import SHORT, note, record
from cli.output import STATES, Column, write, write_json, write_paragraph, write_table
from l2t import paths
from l2t.jobs.overview import Overview, SweepProgress, overview
from l2t.printable import printable
from l2t.store.state import State
from l2t.words import duration

WATCH_SECONDS = 2.0
QUIET_SECONDS = 10.0
"""Between two blocks where stdout is no terminal."""


def status(
    json_: Annotated[bool, typer.Option("--json", help="All of it; with --watch one document a line.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until Ctrl-C.")] = False,
) -> None:
    """Show who works in this home, in which slots, which sweeps are left, what failed, and what to do next."""
    home = paths.home()
    found = overview(home)
    if not watch:
        if json_:
            write_json(_record(found))
        else:
            _show(found, home)
        return
    terminal = sys.stdout.isatty() and not json_
    while True:
        if json_:
            write(json.dumps(_record(found), allow_nan=False))
        else:
            sys.stdout.write("\x1b[H\x1b[2J" * terminal)
            _show(found, home)
            write(f"\n{time.strftime('%H:%M:%S')}" + (", Ctrl-C ends the watching" if terminal else "\n"))
        sys.stdout.flush()
        time.sleep(WATCH_SECONDS if terminal else QUIET_SECONDS)
        found = overview(home)


def _show(found: Overview, home: Path) -> None:
    now = time.time()
    write_paragraph(printable(_who(found, home, now)))
    if found.slots:
        write("")
        write_table(SLOTS, _slots(found, now))
    for name, why in found.closed:
        write(printable(f"{name} is left alone: {why}"))
    if found.sweeps:
        write("")
        write_table(SWEEPS, [_sweep(progress) for progress in found.sweeps])
    if found.failures:
        write(f"\nLast failures, of {found.runs[State.FAILED]:,}")
        write_table(FAILURES, [
            (row.id[:SHORT], f"{row.method} {row.dataset} {row.shots} shots seed {row.seed}",
             duration(now - (row.finished or now)), note(row, now))
            for row in found.failures
        ])  # fmt: skip
    write("")
    for line in advice(found):
        write(line)


SLOTS = (
    Column("slot"),
    Column("worker", right=True),
    Column("works on", cut=True),
    Column("epoch", right=True),
    Column("since", right=True),
)
SWEEPS = (
    Column("sweep"),
    Column("done", right=True),
    Column("of", right=True),
    *(
        Column(state.value, right=True, colours={})
        for state in (State.FAILED, State.RUNNING, State.QUEUED, State.PAUSED)
    ),
    Column("left", right=True),
    Column("asked for by", cut=True),
)
FAILURES = (Column("run"), Column("what", cut=True), Column("ago", right=True), Column("why", cut=True, colours=STATES))


def _who(found: Overview, home: Path, now: float) -> str:
    if found.holder is None:
        if found.died:
            return f"{home}: nobody works here; the last one that did was killed, or the machine went down"
        return f"{home}: nobody works here"
    busy, slots = sum(slot.job is not None for slot in found.slots), len(found.slots)
    doing = {"draining": ", ends after what runs now", "paused": f", paused: {found.problem}"}.get(
        found.doing or "", ""
    )
    return (
        f"{home}: {found.holder.description}, since {duration(now - found.holder.since)}, "
        f"{busy} of {slots} slots busy{doing}"
    )


def _slots(found: Overview, now: float) -> list[tuple[str, ...]]:
    running = {job.id: job for job in found.running}
    lines: list[tuple[str, ...]] = []
    for slot in found.slots:
        job = running.get(slot.job or "")
        epoch = f"{job.epoch}/{job.epochs}" if job and job.epochs else ""
        since = duration(now - job.claimed) if job and job.claimed else ""
        worker = "" if slot.pid is None else str(slot.pid)
        lines.append((slot.name, worker, slot.job_name or ("idle" if slot.pid else ""), epoch, since))
    return lines


def _sweep(progress: SweepProgress) -> tuple[str, ...]:
    sweep = progress.sweep
    counts = sweep.runs if any(sweep.runs.values()) else sweep.sources
    states = (State.FAILED, State.RUNNING, State.QUEUED, State.PAUSED)
    return (
        *(sweep.id, f"{counts[State.DONE]:,}", f"{sum(counts.values()):,}"),
        *(f"{counts[state]:,}" for state in states),
        *(duration(progress.eta), sweep.command),
    )


def advice(found: Overview) -> Iterator[str]:
    """What to do next, a line each; at least one."""
    left = sum(progress.left for progress in found.sweeps)
    said = False
    if found.problem:
        said = True
        yield "It goes on by itself when that is mended; l2t logs --supervisor tells more."
    for why in found.lacks:
        said = True
        yield printable(f"Some jobs wait: {why}. l2t down, then l2t up with other options, changes the slots.")
    if found.holder is None and left:
        said = True
        yield f"{left:,} jobs wait: l2t up works on them in the background."
    elif found.holder is not None and found.holder.mode == "run" and found.runs[State.QUEUED]:
        said = True
        yield "An l2t run works on what l2t runs ask for now. After it, l2t up works on all that is queued."
    if paused := found.runs[State.PAUSED]:
        said = True
        yield f"{paused:,} runs are paused: l2t queue resume state=paused lets them go on."
    if found.runs[State.FAILED]:
        said = True
        yield "l2t show RUN tells why a run failed; l2t queue retry --failed tries all that failed again."
    if left and found.holder is not None:
        said = True
        yield "l2t status --watch keeps looking; l2t logs RUN -f follows one run."
    if not said:
        yield (
            "Nothing is left to do. l2t report compares what is done."
            if found.runs[State.DONE]
            else "Nothing is queued. l2t run --detach or l2t queue add asks for runs."
        )


def _record(found: Overview) -> dict[str, Any]:
    """As JSON values, with keys that stay."""
    epochs = {job.id: {"epoch": job.epoch, "epochs": job.epochs} for job in found.running}
    return {
        "holder": found.holder and asdict(found.holder),
        "died": found.died,
        "doing": found.doing,
        "problem": found.problem,
        "lacks": list(found.lacks),
        "slots": [asdict(slot) | epochs.get(slot.job or "", {"epoch": None, "epochs": None}) for slot in found.slots],
        "closed": [{"name": name, "why": why} for name, why in found.closed],
        "sweeps": [asdict(progress.sweep) | {"left": progress.left, "eta": progress.eta} for progress in found.sweeps],
        "failures": [record(row) for row in found.failures],
        "runs": dict(found.runs),
        "next": list(advice(found)),
    }
