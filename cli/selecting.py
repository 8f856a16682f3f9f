"""Which runs a report, its figures or an export are about: options that they share, and the reading of the store."""

import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.completion_runs import complete_filter, complete_sweeps, complete_tags
from cli.diagnostics import say
from l2t import paths
from l2t.errors import UsageError
from l2t.store.filter import HELP, Filter, parse, split
from l2t.store.rows import RunRow
from l2t.store.store import Store

SELECT = "Which runs"
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
"""Seconds of the units of `--since`."""


@dataclass(frozen=True)
class Selection:
    """Which runs, as options say it. All conditions must hold."""

    words: Annotated[
        list[str] | None,
        typer.Argument(help=f"Which runs: {HELP}.", metavar="FILTER", autocompletion=complete_filter),
    ] = None
    filter: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT, metavar="FILTER", help="The same as one text: --filter 'method=ufm shots=5,10'."
        ),
    ] = None
    sweep: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=SELECT, metavar="ID", autocompletion=complete_sweeps, help="Runs that this sweep asked for."
        ),
    ] = None
    tag: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=SELECT, metavar="TAG", autocompletion=complete_tags, help="Runs with this tag."),
    ] = None
    since: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="WHEN",
            help="Runs that ended after it: 2026-11-20, 2026-11-20T18:00, 12h, 3d.",
        ),
    ] = None

    @property
    def text(self) -> str:
        """The selection in one line, as a report states it; empty where it is all runs."""
        parts = [*(self.words or ()), *(self.filter or ())]
        parts += [f"sweep={self.sweep}"] if self.sweep else []
        parts += [f"tag={tag}" for tag in self.tag or ()]
        return " ".join([*parts, *([f"since {self.since}"] if self.since else [])])

    @property
    def by_result(self) -> bool:
        """Whether it takes runs for what they found: means of such runs are biased."""
        words = [*(self.words or ()), *(word for line in self.filter or () for word in split(line))]
        return any(word.startswith("accuracy") for word in words)

    def condition(self) -> Filter:
        """The filter of the store. UsageError for what cannot be read."""
        words = [*(self.words or ()), *(word for line in self.filter or () for word in split(line))]
        words += [f"sweep={self.sweep}"] if self.sweep is not None else []
        found = parse([*words, *(f"tag={tag}" for tag in self.tag or ())])
        if self.since is None:
            return found
        return Filter(f"({found.where}) AND jobs.finished >= ?", (*found.parameters, moment(self.since, time.time())))


@dataclass(frozen=True)
class Chosen:
    """The selected runs and what makes tables of them."""

    rows: Sequence[RunRow]
    specs: Mapping[str, Mapping[str, Any]]
    """Specification of each cell, as JSON values."""
    planned: Mapping[str, int]
    """Runs asked for of each cell, selected or not."""


def choose(selection: Selection) -> Chosen:
    """The selected runs of the home. Says so on stderr where there are none."""
    condition = selection.condition()
    with Store.read(paths.home()) as store:
        rows = store.runs(condition)
        planned = Counter(row.cell for row in (store.runs() if selection.text else rows))
        texts = store.specs(condition) if rows else {}
    if not rows:
        say(
            "no run meets this selection"
            if selection.text
            else "no runs yet: l2t run starts some, l2t doctor says what is there"
        )
    firsts = {row.cell: row.id for row in rows}
    return Chosen(rows, {cell: json.loads(texts[id]) for cell, id in firsts.items()}, planned)


def moment(text: str, now: float) -> float:
    """Seconds since 1970 of a date (local time) or of so long before `now` ("12h"). UsageError for anything else."""
    span = re.fullmatch(r"([0-9]{1,6})([mhdw])", text)
    if span is not None:
        return now - int(span[1]) * UNITS[span[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"--since {text!r} is no time. Give a date (2026-11-20, 2026-11-20T18:00) or a span (90m, 12h, 3d, 2w)"
        ) from error
