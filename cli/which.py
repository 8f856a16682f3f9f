"""Saying which runs are meant, the same way for every command of `l2t queue`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.completion_runs import complete_which
from cli.diagnostics import say
from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.filter import ALL, HELP, KEYS, Filter, parse
from l2t.store.store import Store

Which = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="WHICH",
        autocompletion=complete_which,
        help=f"Ids or their beginnings, and filter words: {HELP} sweep=ID tag=NAME. Keys: {', '.join(KEYS)}.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="All runs of this home.")]

SIGNS = ("=", "<", ">")
"""What tells a filter word from the beginning of an id."""


def select(store: Store, which: Sequence[str] | None, all_: bool) -> Filter:
    """The runs that `which` names: those of its ids that meet all its filter words. Never all of them by silence.

    Raises UsageError where nothing is named, an id or a sweep is unknown, or a filter word cannot be read.
    Says so where no run is meant.
    """
    words = list(which or ())
    if all_ and words:
        raise UsageError(f'--all and "{words[0]}" contradict each other: say one of them')
    if all_:
        return ALL
    if not words:
        raise UsageError("say which runs: ids, a filter such as state=failed, sweep=ID or tag=NAME, or --all")
    filters = [word for word in words if any(sign in word for sign in SIGNS)]
    ids = [store.run(word).row.id for word in words if word not in filters]
    for sweep in sweeps_of(filters):
        store.sweep(sweep)
    chosen = parse([*filters, f"id={','.join(ids)}"] if ids else filters)
    if not any(store.count(chosen).values()):
        say(f"no run meets {printable(' '.join(words))}")
    return chosen


def sweeps_of(words: Sequence[str]) -> list[str]:
    """The sweeps that filter words name."""
    return [id for word in words if word.startswith("sweep=") for id in word.removeprefix("sweep=").split(",") if id]


def lone_sweep(which: Sequence[str] | None) -> str | None:
    """The sweep that is meant as a whole; None where runs are chosen in any other way."""
    words = list(which or ())
    sweeps = sweeps_of(words)
    return sweeps[0] if len(words) == len(sweeps) == 1 else None
