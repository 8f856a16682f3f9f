"""Where a report's numbers come from: selection, code, machines, data, source networks, dates."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from l2t.report.provenance import Environment, Found, environments
from l2t.report.section import Grid, Section
from l2t.store.rows import RunRow
from l2t.store.state import State

LISTED = 3
"""Entries of a list that a sentence names; the tables have all."""

Source = tuple[str, str, str | None]
"""Name, hash of the artefact, hash of its weights."""


def provenance(
    home: Path,
    rows: Sequence[RunRow],
    specs: Mapping[str, Mapping[str, Any]],
    selection: str = "",
    now: float | None = None,
) -> Section:
    """What the finished runs among `rows` were made of; the first grid has the sentences that every report ends with.

    specs: specification of each cell, as JSON values; selection: the filter in the user's words, empty for all runs;
    now: the report's date, seconds since 1970, by default the present. Reads the `env.json` of every finished run;
    those that are missing or damaged are counted.
    """
    done = [row for row in rows if row.state is State.DONE]
    found = environments(home, [row.id for row in done])
    ends = [row.finished for row in done if row.finished is not None]
    made = _Made(
        selection=selection,
        now=time.time() if now is None else now,
        runs=len(done),
        selected=len(rows),
        found=found,
        environments=Counter(found.environments.values()).most_common(),
        engines=Counter(int(specs[row.cell]["engine"]) for row in done),
        data=Counter((specs[row.cell]["dataset"], specs[row.cell]["checksum"]) for row in done),
        sources=Counter(
            (source["name"], source["hash"], found.weights.get(row.id))
            for row in done
            if (source := specs[row.cell]["source"]) is not None
        ),
        first=min(ends, default=None),
        last=max(ends, default=None),
    )
    grids = (Grid("", (), (), sentences=tuple(_sentences(made))), *_tables(made))
    return Section("provenance", "Provenance", grids, _plain(made))


def sentences(section: Section) -> tuple[str, ...]:
    """Two to five sentences: what every report ends with, its table of provenance asked for or not."""
    return section.grids[0].sentences


@dataclass(frozen=True)
class _Made:
    """The runs behind a report, counted."""

    selection: str
    now: float
    runs: int
    selected: int
    found: Found
    environments: Sequence[tuple[Environment, int]]
    engines: Counter[int]
    data: Counter[tuple[str, str]]
    sources: Counter[Source]
    first: float | None
    last: float | None


def _sentences(made: _Made) -> Iterator[str]:
    date = f"This report is of {_date(made.now)}"
    if not made.runs:
        yield f"No selected run is finished. {date}."
        return
    known = made.environments
    codes = _by(known, lambda environment: _code(environment))
    versions = _listed(_by(known, lambda environment: environment.version or "?"))
    torches = _listed(_by(known, lambda environment: environment.torch or "?"))
    devices = _listed(_by(known, lambda environment: environment.device or "?"), "; ")
    code = f" ({next(iter(codes))})" if len(codes) == 1 else ""
    what = f"of l2t {versions}{code}, torch {torches} on {devices}" if known else "of unknown code, on unknown machines"
    yield f"{_runs(made.runs, 'finished ')} {what}."
    data = _listed({f"{name} {_short(checksum)}": runs for (name, checksum), runs in made.data.items()})
    sources = _listed({f"{name} {hash[:8]}": runs for (name, hash, _), runs in made.sources.items()})
    engines = ", ".join(map(str, sorted(made.engines)))
    yield f"Data {data}{f'; source {sources}' if sources else ''}; engine {engines}."
    if made.first is not None and made.last is not None:
        what = f"Selected by {made.selection}" if made.selection else "All runs of the home"
        yield f"{what}, ended between {_date(made.first)} and {_date(made.last)}. {date}."
    yield from _warnings(made, codes)


def _warnings(made: _Made, codes: Mapping[str, int]) -> Iterator[str]:
    if len(codes) > 1:
        yield (
            f"The code is not the same: {len(codes)} versions ({_listed(codes, '; ')})."
            " l2t report --explain, with words that choose a cell, says which run has which."
        )
    plug_ins: dict[str, Counter[str]] = {}
    for environment, number in made.environments:
        for package, code in environment.plug_ins:
            plug_ins.setdefault(package, Counter())[f"code {code[:8]}"] += number
    for package, hashes in plug_ins.items():
        if len(hashes) > 1:
            yield (
                f"The code of {package} is not the same: {_listed(hashes)}. Where it computes something else, raise the"
                " package's version: runs of two versions never mix."
            )
    if len(made.engines) > 1:
        yield "The engine is not the same: between engines the same run may have other bits."
    machines = len(_by(made.environments, lambda environment: environment.fingerprint))
    if machines > 1:
        yield f"The machine is not the same: between its {machines} fingerprints the same run may have other bits."
    names = {"data set": [name for name, _ in made.data], "source network": [name for name, _, _ in made.sources]}
    for kind, named in names.items():
        for name, versions in Counter(named).items():
            if versions > 1:
                yield f"The {kind} {name} is not the same in all runs: there are {versions} versions."
    for runs, what in ((made.found.missing, "no env.json"), (made.found.damaged, "an env.json that cannot be read")):
        if runs:
            yield f"{_runs(len(runs))} had {what}: code and machine are unknown."


def _tables(made: _Made) -> Iterator[Grid]:
    machines: dict[str, int] = {}
    for environment, _ in made.environments:
        machines.setdefault(environment.fingerprint, len(machines) + 1)
    headings = ("code", "commit", "l2t", "torch", "device", "host", "fingerprint", "runs")
    lines = []
    for known, runs in made.environments:
        commit = (known.commit or "–")[:7] + (" (changed)" if known.dirty else "")
        texts = (known.code or "–", commit, known.version, known.torch, known.device, known.host)
        lines.append((*(text or "–" for text in texts), str(machines[known.fingerprint]), str(runs)))
    yield from _table("Code and machine", headings, lines)
    yield from _table("Data", ("data set", "checksum", "runs"), [(*key, str(runs)) for key, runs in made.data.items()])
    yield from _table(
        "Source networks",
        ("source", "artefact", "weights", "runs"),
        [(name, hash, weights or "–", str(runs)) for (name, hash, weights), runs in made.sources.items()],
    )


def _table(title: str, headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[Grid]:
    if rows:
        yield Grid(title, headings, tuple(rows), left=frozenset(range(len(headings) - 1)))


def _plain(made: _Made) -> dict[str, Any]:
    """Keys are part of the product. Times in seconds since 1970."""
    return {
        "selection": made.selection,
        "reported": made.now,
        "selected": made.selected,
        "finished": made.runs,
        "first_finished": made.first,
        "last_finished": made.last,
        "engines": [{"engine": engine, "runs": runs} for engine, runs in sorted(made.engines.items())],
        "environments": [
            asdict(known) | {"fingerprint": json.loads(known.fingerprint), "runs": runs}
            for known, runs in made.environments
        ],
        "data": [{"dataset": name, "checksum": sum, "runs": runs} for (name, sum), runs in made.data.items()],
        "sources": [
            {"name": name, "hash": hash, "weights": weights, "runs": runs}
            for (name, hash, weights), runs in made.sources.items()
        ],
        "without_environment": list(made.found.missing),
        "damaged_environment": list(made.found.damaged),
        "sentences": list(_sentences(made)),
    }


def _by(environments: Sequence[tuple[Environment, int]], key: Callable[[Environment], str]) -> dict[str, int]:
    """Number of runs by a text of their environments, the most frequent first."""
    counted: Counter[str] = Counter()
    for environment, runs in environments:
        counted[key(environment)] += runs
    return dict(counted.most_common())


def _code(known: Environment) -> str:
    """ "code 8804fd68, commit b0f10fb, changed"."""
    parts = [f"code {known.code[:8]}" if known.code else "code unknown"]
    parts += [f"commit {known.commit[:7]}"] if known.commit else []
    return ", ".join([*parts, *["changed"] * bool(known.dirty)])


def _listed(counts: Mapping[str, int], comma: str = ", ") -> str:
    """The first few texts, each with its number of runs where there is more than one."""
    if len(counts) == 1:
        return next(iter(counts))
    shown = [f"{text}: {_runs(runs)}" for text, runs in [*counts.items()][:LISTED]]
    return comma.join([*shown, *[f"{len(counts) - LISTED} more"] * (len(counts) > LISTED)])


def _runs(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}run{'s' * (number != 1)}"


def _short(checksum: str) -> str:
    """ "sha256:e5aa65d1…"."""
    kind, colon, digits = checksum.rpartition(":")
    return f"{kind}{colon}{digits[:8]}{'…' * (len(digits) > 8)}"


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
