"""Shell completion of what the store knows: runs, sweeps, tags; and of the filter language. Imports little, because
commands that must be quick offer it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from l2t import paths
from l2t.errors import L2tError
from l2t.store.state import State

if TYPE_CHECKING:
    from l2t.store.store import Store

SHORT = 8
"""Digits of an id that are offered."""
MOST = 200
"""Ids that are offered at most."""


def last_entry(incomplete: str, names: Iterable[str]) -> list[str]:
    """`incomplete` with its last entry completed by each name that fits: `scratch,u` → `scratch,ufm`."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name.startswith(last)]


def from_store(ask: Callable[["Store"], list[str]]) -> list[str]:
    """Names that the store knows; none where it cannot be read."""
    from l2t.store.store import Store

    try:
        with Store.read(paths.home()) as store:
            return ask(store)
    except L2tError:
        return []


def complete_runs(incomplete: str) -> list[str]:
    """Ids of runs, shortened; nothing as long as most of them would fit."""
    from l2t.store.filter import parse

    if not incomplete.isalnum():
        return []
    rows = from_store(lambda store: [row.id for row in store.runs(parse([f"id={incomplete}"]), limit=MOST)])
    return [id[: max(SHORT, len(incomplete))] for id in rows]


def complete_sweeps(incomplete: str) -> list[str]:
    ids = from_store(lambda store: [sweep.id for sweep in store.sweeps()])
    return [id for id in ids if id.startswith(incomplete)]


def complete_tags(incomplete: str) -> list[str]:
    def tags(store: "Store") -> list[str]:
        return sorted({tag for row in store.runs() for tag in row.tags})

    return last_entry(incomplete, from_store(tags))


def complete_filter(incomplete: str) -> list[str]:
    """Keys of the filter language, and for some of them values: `state=fa` → `state=failed`."""
    from cli.completion import complete_datasets, complete_methods, complete_models, complete_sources
    from l2t.store.filter import KEYS

    key, sign, value = incomplete.partition("=")
    if not sign:
        return [f"{name}=" for name in KEYS if name.startswith(key)]
    values = {
        "state": lambda text: last_entry(text, [state.value for state in State]),
        "sweep": complete_sweeps,
        "tag": complete_tags,
        "method": complete_methods,
        "dataset": complete_datasets,
        "target": complete_models,
        "source": complete_sources,
    }
    return [f"{key}={found}" for found in values[key](value)] if key in values else []


def complete_which(incomplete: str) -> list[str]:
    """Ids of runs, and words of the filter language."""
    return [*complete_runs(incomplete), *complete_filter(incomplete)]
