"""`l2t queue`: what is to be run, and in what order."""

import sys
import time
from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import Asked, entries, prepare, submit
from cli.completion_runs import complete_tags
from cli.diagnostics import ExitCode, say
from cli.ls import SHORT, note, record
from cli.output import STATES, Column, write, write_json, write_table
from cli.slots import slot_settings
from cli.spread import spread
from cli.which import All, Which, lone_sweep, select
from l2t import paths
from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.filter import ALL
from l2t.store.rows import RunRow
from l2t.store.state import State
from l2t.store.store import Store
from l2t.words import duration

if TYPE_CHECKING:
    from l2t.store.rows import Changed

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="What is to be run: add, list, order, pause, cancel, retry. l2t up works on it.",
)

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


class End(StrEnum):
    """Of the queue."""

    FIRST = "first"
    LAST = "last"


@app.command()
@spread
def add(asked: Asked) -> ExitCode:
    """Queue runs, as l2t run does, and leave them to l2t up.

    Example:
      l2t queue add --method ufm,l2tww --seeds 30 --tag pilot --priority 5
    """
    from l2t.jobs.lock import holder
    from l2t.jobs.status import read_snapshot

    home = paths.home()
    prepared = prepare(asked, home, slot_settings(home))
    if prepared is None:
        return ExitCode.OK
    submitted = submit(home, prepared)
    if asked.json_:
        write_json({"sweep": submitted.sweep, "runs": asdict(submitted.runs), "sources": asdict(submitted.sources)})
    found = holder(home)
    if submitted.runs.left:
        if found is None or found.mode == "run":
            say("queued; no supervisor runs here: l2t up works on it")
        elif found.mode == "demo":
            say(f"queued; {found.description}")
        elif (shown := read_snapshot(home)) is not None and shown.doing == "draining":
            say(f"queued; {found.description}, ends after what runs: l2t up makes it go on with this")
        else:
            say(f"queued; {found.description}, works on it: l2t status shows how it stands")
    return ExitCode.OK


@app.command("list")
def list_(which: Which = None, json_: Json = False) -> None:
    """What runs, waits or is paused, in the order in which it is begun."""
    with Store.read(paths.home()) as store:
        rows = store.queue(select(store, which, False) if which else ALL)
        awaited = store.awaited()
    if json_:
        write_json([record(row) for row in rows])
        return
    if not rows:
        say("no run of these is in the queue" if which else "the queue is empty. l2t queue add or l2t run fills it")
        return
    now = time.time()
    tagged = any(row.tags for row in rows)
    columns = [column for column in COLUMNS if tagged or column.title != "tags"]
    write_table(columns, [_cells(row, now, tagged) for row in rows])
    counts = Counter(row.state for row in rows)
    write(f"\n{len(rows):,} runs: " + ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state]))
    for job, number in awaited[:MOST_AWAITED]:
        stands = f"epoch {job.epoch}/{job.epochs}" if job.state is State.RUNNING else job.state
        jobs = f"{number:,} jobs of the queue wait" if number > 1 else "1 job of the queue waits"
        write(printable(f"{jobs} for {job.kind} {job.name} ({job.id[:SHORT]}, {stands})"))
    if more := awaited[MOST_AWAITED:]:
        write(f"{sum(number for _, number in more):,} more wait for {len(more):,} others")


MOST_AWAITED = 6
"""Lines on what others wait for: each seed may have its own."""

COLUMNS = (
    Column("run"),
    Column("method"),
    Column("data set", cut=True),
    Column("shots", right=True),
    Column("seed", right=True),
    Column("state", colours=STATES),
    Column("priority", right=True),
    Column("tags", cut=True),
    Column("asked", right=True),
    Column("", cut=True),
)


def _cells(row: RunRow, now: float, tagged: bool) -> tuple[str, ...]:
    return (
        *(row.id[:SHORT], row.method, row.dataset, str(row.shots), str(row.seed), row.state.value, str(row.priority)),
        *([" ".join(row.tags)] if tagged else []),
        *(duration(now - row.created), note(row, now)),
    )


@app.command()
def pause(
    which: Which = None,
    all_: All = False,
    now: Annotated[bool, typer.Option("--now", help="Running ones write a checkpoint and stop, too.")] = False,
    json_: Json = False,
) -> None:
    """Begin these runs no more until l2t queue resume; those that run now end first.

    Example:
      l2t queue pause sweep=3f9a0c12 --now
    """
    with Store.open(paths.home()) as store:
        changed = store.pause(select(store, which, all_), now)
    _tell(changed, "paused", json_, "l2t queue resume lets them go on")


@app.command()
def resume(which: Which = None, all_: All = False, json_: Json = False) -> None:
    """Let paused runs go on."""
    with Store.open(paths.home()) as store:
        changed = store.resume(select(store, which, all_))
    _tell(changed, "queued again", json_)


@app.command()
def cancel(which: Which = None, all_: All = False, json_: Json = False) -> None:
    """Run these no more: queued and paused ones at once, running ones at their next step.

    A whole sweep (sweep=ID alone) is cancelled as a sweep: runs that another sweep wants are left. What is done stays.
    """
    sweep = lone_sweep(which)
    with Store.open(paths.home()) as store:
        filter = select(store, which, all_)
        changed = store.cancel(filter) if sweep is None else store.cancel_sweep(sweep)
    _tell(changed, "cancelled", json_, "l2t queue retry takes that back")


@app.command()
def retry(
    which: Which = None,
    all_: All = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that failed, of all or of these.")] = False,
    json_: Json = False,
) -> None:
    """Queue failed and cancelled runs again.

    Examples:
      l2t queue retry --failed
      l2t queue retry reason=out_of_memory sweep=3f9a0c12
    """
    words = [*(which or ()), *([f"state={State.FAILED}"] if failed else [])]
    with Store.open(paths.home()) as store:
        changed = store.retry(select(store, words, all_ and not failed))
    _tell(changed, "queued again", json_)


@app.command()
def move(
    to: Annotated[End, typer.Option(help="End of the queue.")],
    which: Which = None,
    all_: All = False,
    json_: Json = False,
) -> None:
    """Bring queued runs to the front or the end of those of their priority."""
    with Store.open(paths.home()) as store:
        changed = store.move(select(store, which, all_), to.value)
    _tell(changed, f"moved, to be {to} among their priority", json_)


@app.command()
def priority(
    to: Annotated[
        int, typer.Option(min=-1000, max=1000, metavar="N", help="Higher is first; 0 is what runs have by themselves.")
    ],
    which: Which = None,
    all_: All = False,
    json_: Json = False,
) -> None:
    """Give runs a priority: a higher one is begun first, whatever sweep it belongs to."""
    with Store.open(paths.home()) as store:
        changed = store.prioritise(select(store, which, all_), to)
    _tell(changed, f"given priority {to}", json_)


@app.command()
def tag(
    which: Which = None,
    all_: All = False,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST", autocompletion=complete_tags, help="Tags to give them: pilot,paper."),
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="LIST", autocompletion=complete_tags, help="Tags to take from them.")
    ] = None,
    json_: Json = False,
) -> None:
    """Give runs tags, or take them away; l2t ls tag=NAME finds them."""
    given, taken = entries(add, "--add"), entries(remove, "--remove")
    if not given and not taken:
        raise UsageError("say which tags: --add LIST or --remove LIST")
    with Store.open(paths.home()) as store:
        changed = store.tag(select(store, which, all_), given, taken)
    _tell(changed, "tagged" if given else "without these tags", json_)


@app.command("note")
def note_(
    which: Which = None,
    all_: All = False,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="The note, one line.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the note away.")] = False,
    json_: Json = False,
) -> None:
    """Write a line about runs, which l2t show tells; it takes the place of the one before."""
    if (text is None) == (not remove):
        raise UsageError("say either --text TEXT or --remove")
    with Store.open(paths.home()) as store:
        changed = store.annotate(select(store, which, all_), text)
    _tell(changed, "without a note" if remove else "noted", json_)


@app.command()
def clear(
    which: Which = None,
    all_: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    json_: Json = False,
) -> ExitCode:
    """Forget failed and cancelled runs; their folders are kept in runs/.archive. Done ones are never forgotten."""
    with Store.open(paths.home()) as store:
        filter = select(store, which, all_)
        if not yes:
            counts = store.count(filter)
            number = counts[State.FAILED] + counts[State.CANCELLED]
            if number and not _meant(number):
                return ExitCode.FAILED_RUNS
        changed = store.clear(filter)
    _tell(changed, "forgotten", json_)
    return ExitCode.OK


def _meant(number: int) -> bool:
    """Ask a person. Raises UsageError where there is none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"this forgets {number:,} failed or cancelled runs: --yes says that it is meant")
    print(f"Forget {number:,} failed or cancelled runs? [y/N] ", end="", file=sys.stderr, flush=True)
    meant = sys.stdin.readline().strip().lower() in ("y", "yes")
    if not meant:
        say("nothing was forgotten")
    return meant


def _tell(changed: "Changed", word: str, json_: bool, hint: str = "") -> None:
    """Say what was done; as JSON too where that is wanted."""
    if json_:
        write_json(asdict(changed))
    parts = [f"{changed.changed:,} run{'s' * (changed.changed != 1)} {word}"]
    if changed.finishing:
        parts.append(f"{changed.finishing:,} running end{'s' * (changed.finishing == 1)} first")
    if changed.asked:
        parts.append(f"{changed.asked:,} running {'is' if changed.asked == 1 else 'are'} asked to stop")
    if changed.kept:
        parts.append(f"{changed.kept:,} left, another sweep wants them")
    touched = changed.changed or changed.finishing or changed.asked
    say(", ".join(parts) + (f". {hint}" if hint and touched else ""))
