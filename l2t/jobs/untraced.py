"""Runs that are done already, without the traces that are asked for now: traces are no part of a run's identity."""

import json
from collections.abc import Sequence

from l2t.spec import RunSpec
from l2t.store.filter import parse
from l2t.store.store import Store


def untraced(store: Store, sweep: str, runs: Sequence[RunSpec]) -> int:
    """How many of the sweep's done runs lack a trace that `runs` ask for."""
    asked = {run.id: set(run.trace) for run in runs if run.trace}
    done = store.specs(parse([f"sweep={sweep}", "state=done"])) if asked else {}
    return sum(not asked[id] <= set(json.loads(text)["trace"]) for id, text in done.items() if id in asked)
