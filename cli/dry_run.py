"""What `l2t run --dry-run` prints: cells, how many of their runs are new, time and disk."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.output import Column, write, write_json, write_table
from l2t.jobs.estimate import Estimate
from l2t.jobs.plan import Plan
from l2t.methods.registry import methods
from l2t.spec import RunSpec
from l2t.store.rows import Planned
from l2t.store.state import State
from l2t.words import duration, size

MANY = 5
"""From so many cells of one method, data set and shots on, what most of them have in common is not said of each."""


@dataclass(frozen=True)
class CellRow:
    """One cell of a dry run. Numbers of runs."""

    dataset: str
    shots: int
    method: str
    settings: str
    """What tells it from other cells of the same method, data set and shots."""
    runs: int
    done: int
    failed: int
    """Failed or cancelled before, and tried again."""
    waiting: int
    """Queued or running already."""
    new: int


def cells(runs: Sequence[RunSpec], states: Mapping[str, State]) -> list[CellRow]:
    """The cells of `runs`, in their order. states: of the runs that exist, by id."""
    members: dict[str, list[RunSpec]] = {}
    for run in runs:
        members.setdefault(run.cell, []).append(run)
    differing = _differing([group[0] for group in members.values()])
    rows = []
    for group, settings in zip(members.values(), differing, strict=True):
        count = Counter(states.get(run.id) for run in group)
        first = group[0]
        rows.append(
            CellRow(
                dataset=first.dataset,
                shots=first.shots,
                method=first.method,
                settings=settings,
                runs=len(group),
                done=count[State.DONE],
                failed=count[State.FAILED] + count[State.CANCELLED],
                waiting=count[State.QUEUED] + count[State.RUNNING] + count[State.PAUSED] + count[State.INTERRUPTED],
                new=count[None],
            )
        )
    return rows


def _differing(firsts: Sequence[RunSpec]) -> list[str]:
    """For one run of each cell: the settings in which cells of its method, data set and shots differ.

    Of many cells those in which it differs from half of them or more: an ablation changes one at a time.
    """
    alike: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    flat = []
    for run in firsts:
        values = {"source": run.source.name if run.source else None, "target": run.target}
        values |= methods.get(run.method).complete(run.options)
        values |= run.train.model_dump() | run.data.model_dump()
        flat.append(values)
        alike.setdefault((run.method, run.dataset, run.shots), []).append(values)
    texts = []
    for run, values in zip(firsts, flat, strict=True):
        others = alike[run.method, run.dataset, run.shots]
        unlike = {key: sum(other[key] != value for other in others) for key, value in values.items()}
        least = len(others) / 2 if len(others) >= MANY else 1
        texts.append(" ".join(f"{key}={_short(values[key])}" for key, number in unlike.items() if number >= least))
    return texts


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "+".join(map(str, value)) or "none"
    return json.dumps(value).strip('"')


def print_dry_run(plan: Plan, planned: Planned, estimate: Estimate, workers: int, missing: Sequence[str]) -> None:
    """The table for people."""
    rows = cells(plan.runs, planned.states)
    columns = [Column("data set", cut=True), Column("shots", right=True), Column("method")]
    columns += [Column("settings", cut=True)] if any(row.settings for row in rows) else []
    columns += [Column(title, right=True) for title in ("runs", "done", "failed", "waiting", "new")]
    write_table(
        columns,
        [
            [row.dataset, str(row.shots), row.method]
            + ([row.settings] if len(columns) == 9 else [])
            + [str(number or "–") for number in (row.runs, row.done, row.failed, row.waiting, row.new)]
            for row in rows
        ],
    )
    counts = planned.runs
    write(
        f"\n{_counted(len(plan.runs), 'run')} in {_counted(len(rows), 'cell')}: "
        f"{counts.done:,} done, {counts.left:,} to do" + (f" ({counts.retried:,} again)" if counts.retried else "")
    )
    for source in plan.sources:
        trained = planned.states.get(source.id) is State.DONE
        state = "done" if trained else f"trained first, {source.model} on {source.dataset}"
        write(f"Source network {source.name}: {state}")
    for phase in dict.fromkeys(artefact.phase for artefact in plan.artefacts):
        made = [artefact for artefact in plan.artefacts if artefact.phase == phase]
        done = sum(planned.states.get(artefact.id) is State.DONE for artefact in made)
        what = made[0].name if len(made) == 1 else f"{len(made):,} artefacts"
        write(f"Phase {phase}: {what}, {done:,} done" if done else f"Phase {phase}: {what}, made first")
    if counts.left or planned.sources.left:
        time = f"About {duration(max(1.0, estimate.seconds / workers))} with {_counted(workers, 'worker')}"
        basis = "from finished runs here" if estimate.measured else "rough: by arithmetic, no finished runs to go by"
        write(f"{time} ({basis}); {size(estimate.disk)} on disk")
    for what in missing:
        write(f"Missing: {what}")


def print_dry_run_json(plan: Plan, planned: Planned, estimate: Estimate, workers: int, missing: Sequence[str]) -> None:
    """The same for programs."""
    write_json(
        {
            "recipe": plan.recipe,
            "runs": asdict(planned.runs) | {"all": len(plan.runs), "left": planned.runs.left},
            "sources": [
                {"name": source.name, "id": source.id, "state": planned.states.get(source.id, "new")}
                for source in plan.sources
            ],
            "artefacts": [
                {"phase": each.phase, "name": each.name, "id": each.id, "state": planned.states.get(each.id, "new")}
                for each in plan.artefacts
            ],
            "cells": [asdict(row) for row in cells(plan.runs, planned.states)],
            "workers": workers,
            "seconds": round(estimate.seconds / workers),
            "measured": estimate.measured,
            "disk_bytes": estimate.disk,
            "missing": list(missing),
        }
    )


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"
