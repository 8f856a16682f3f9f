"""`l2t ls`: the runs, one a line."""

import time
from collections import Counter
from typing import Annotated, Any

import typer

from cli.completion_runs import complete_filter
from cli.diagnostics import say
from cli.output import STATES, Column, write, write_json, write_table
from l2t import paths
from l2t.store.filter import HELP, KEYS, parse
from l2t.store.rows import RUN_COLUMNS, JobRow, RunRow
from l2t.store.state import Reason, State
from l2t.store.store import Store
from l2t.words import duration, percent

SHORT = 8
"""Digits of an id that tables show; any beginning that only one run has names it."""

SILENT = 60.0
"""Seconds without a heartbeat after which a running run may be lost."""

COLUMNS = (
    Column("run"),
    Column("method"),
    Column("data set", cut=True),
    Column("shots", right=True),
    Column("seed", right=True),
    Column("state", colours=STATES),
    Column("accuracy %", right=True),
    Column("tags", cut=True),
    Column("age", right=True),
    Column("", cut=True),
)


def ls(
    filter: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Which runs: {HELP}. Keys: {', '.join(KEYS)}.",
            metavar="FILTER",
            autocompletion=complete_filter,
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            help="Field to sort by, -FIELD for descending.", metavar="FIELD", autocompletion=lambda: RUN_COLUMNS
        ),
    ] = "created",
    limit: Annotated[int | None, typer.Option(help="At most so many, the first in the order.", min=1)] = None,
    json: Annotated[bool, typer.Option("--json", help="A list of runs with all their fields.")] = False,
) -> None:
    """List runs: method, data set, shots, seed, state, accuracy, age. The last asked for stand last."""
    with Store.read(paths.home()) as store:
        rows = store.runs(parse(filter or ()), sort, -1 if limit is None else limit)
    if json:
        write_json([record(row) for row in rows])
        return
    if not rows:
        say("no run meets this filter" if filter else "no runs yet: l2t run starts some, l2t doctor says what is there")
        return
    now = time.time()
    tagged = any(row.tags for row in rows)
    columns = [column for column in COLUMNS if tagged or column.title != "tags"]
    write_table(columns, [_cells(row, now, tagged) for row in rows])
    counts = Counter(row.state for row in rows)
    write(f"\n{len(rows):,} runs: " + ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state]))


def record(row: RunRow) -> dict[str, Any]:
    """A run as JSON values: all fields of RunRow."""
    return {name: getattr(row, name) for name in RUN_COLUMNS}


def _cells(row: RunRow, now: float, tagged: bool) -> tuple[str, ...]:
    since = row.finished or row.claimed or row.created
    return (
        *(row.id[:SHORT], row.method, row.dataset, str(row.shots), str(row.seed), row.state.value),
        percent(row.accuracy),
        *([" ".join(row.tags)] if tagged else []),
        *(duration(now - since), note(row, now)),
    )


def note(row: RunRow | JobRow, now: float) -> str:
    """What its state alone does not say: how far it is, why it failed, that its process has gone silent."""
    if row.state is State.RUNNING:
        silent = now - (row.heartbeat or now)
        lost = f", lost? last sign of life {duration(silent)} ago" if silent > SILENT else ""
        return f"epoch {row.epoch}/{row.epochs}{lost}"
    if row.state is State.DONE:
        return ""
    if row.reason is Reason.ARTEFACT and row.message:
        return row.message  # it names what failed
    return " ".join(
        part for part in (row.reason and row.reason.replace("_", " "), row.message and f"({row.message})") if part
    )
