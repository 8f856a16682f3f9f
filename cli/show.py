"""`l2t show`: one run."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.completion_runs import complete_runs
from cli.ls import note, record
from cli.output import write, write_json
from cli.sparkline import sparkline
from l2t import paths
from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.files import read_json
from l2t.store.folder import JobFolder
from l2t.store.log import last_traceback
from l2t.store.rows import JobRow, RunDetail
from l2t.store.state import State
from l2t.store.store import Store
from l2t.words import duration, percent, size


def show(
    run: Annotated[
        str,
        typer.Argument(
            help="Id of the run, or its beginning (l2t ls lists them).", metavar="RUN", autocompletion=complete_runs
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="All of it, with every epoch's metrics.")] = False,
) -> None:
    """Show one run: state, settings, environment, curves, last traceback.

    What runs share, a network or what a phase of a method makes, is shown by its hash.
    """
    home = paths.home()
    with Store.read(home) as store:
        found = _find(store, run)
        if isinstance(found, JobRow):
            _show_shared(found, home, json)
            return
        waits = store.awaited_by([found.row.id]).get(found.row.id)
    folder = JobFolder.of(home, "run", found.row.id)
    metrics = folder.read_metrics()
    environment = read_json(folder.env)
    traceback = last_traceback(folder.log)
    if json:
        write_json(
            {
                "run": record(found.row),
                "command": found.command,
                "spec": found.spec.model_dump(mode="json"),
                "environment": environment,
                "result": folder.read_result(),
                "metrics": metrics,
                "traceback": traceback,
                "folder": str(folder.path),
            }
        )
        return
    _write_run(found, waits, str(folder.path))
    _write_section("Curves", _curves(metrics) + _classes(folder.read_result() or {}))
    _write_section("Meta-weights on the probe, from the start to the last epoch", _weights(metrics))
    _write_section("Settings", _settings(found))
    _write_section("Environment", [(key, _plain(value)) for key, value in flat(environment or {})])
    _write_traceback(traceback)


def _find(store: Store, asked: str) -> RunDetail | JobRow:
    """The run, or what runs share, of this id or beginning."""
    try:
        return store.run(asked)
    except UsageError:
        job = store.job(asked)  # where there is none, this says it
        if job.kind == "run":
            raise
        return job


def _show_shared(job: JobRow, home: Path, json: bool) -> None:
    """What runs share: a source network or what a phase makes."""
    folder = JobFolder.of(home, job.kind, job.id)
    metrics, traceback = folder.read_metrics(), last_traceback(folder.log)
    spec, environment = read_json(folder.spec) or {}, read_json(folder.env) or {}
    if json:
        parts = {"spec": spec, "environment": environment, "result": folder.read_result(), "metrics": metrics}
        write_json({job.kind: asdict(job)} | parts | {"traceback": traceback, "folder": str(folder.path)})
        return
    about = note(job, time.time())
    write(printable(f"{job.name}: {job.state.value}" + (f", {about}" if about else "")))
    facts = [(job.kind, job.id)]
    if job.accuracy is not None:
        facts.append(("accuracy", f"{percent(job.accuracy)} % on the test images of its data"))
    seconds, peak = folder.read_attempts()
    if seconds is not None:
        facts.append(("cost", f"{duration(seconds)}, at most {size(peak)} of memory"))
    _write_facts([*facts, ("attempts", str(job.attempts)), ("folder", str(folder.path))])
    _write_section("Curves", _curves(metrics))
    _write_section("Settings", [(key, _plain(value)) for key, value in flat(spec)])
    _write_section("Environment", [(key, _plain(value)) for key, value in flat(environment)])
    _write_traceback(traceback)


def _write_traceback(traceback: str | None) -> None:
    if traceback:
        write("\nLast traceback")
        for line in traceback.splitlines():
            write(f"  {printable(line)}")


def _write_run(found: RunDetail, waits: str | None, folder: str) -> None:
    row, spec = found.row, found.spec
    now = time.time()
    about = note(row, now)
    write(printable(f"{spec.name}: {row.state.value}" + (f", {about}" if about else "")))
    facts = [("run", row.id), ("target", spec.target)]
    if spec.source is not None:
        facts.append(("source", f"{spec.source.name} ({spec.source.model}, {spec.source.hash})"))
    facts += [(ref.phase, f"{ref.name} ({ref.hash})") for ref in spec.artefacts]
    if row.accuracy is not None:
        facts.append(("accuracy", f"{percent(row.accuracy)} % on the whole test set"))
    if row.best_val is not None:
        facts.append(("best epoch", f"{percent(row.best_val)} % at the epoch that is best on the validation split"))
    if row.rare_recall is not None:
        facts.append(("rare class", f"{percent(row.rare_recall)} % recall of class {spec.data.rare_class}"))
    if row.steps is not None and row.parameters is not None:
        facts.append(("size", f"{row.parameters:,} parameters, {row.steps:,} steps, {row.epochs:,} epochs"))
    if row.seconds is not None:
        facts.append(("cost", f"{duration(row.seconds)}, at most {size(row.peak_memory)} of memory"))
    attempts = f"{row.attempts} attempt{'s' * (row.attempts != 1)}"
    facts.append(("asked for", f"{duration(now - row.created)} ago, recipe {row.recipe or '–'}, {attempts}"))
    if found.command:
        facts.append(("by", found.command))
    if row.tags:
        facts.append(("tags", " ".join(row.tags)))
    if row.note:
        facts.append(("note", row.note))
    if row.priority:
        facts.append(("priority", f"{row.priority}"))
    if row.request:
        facts.append(("request", f"asked to {row.request}; heeded at its next step"))
    if row.state is State.QUEUED and waits:
        facts.append(("waits for", waits))
    if row.state is State.QUEUED and row.not_before is not None and row.not_before > now:
        facts.append(("next try", f"in {duration(row.not_before - now)}"))
    facts.append(("folder", folder))
    _write_facts(facts)


def _curves(metrics: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each metric over the epochs: its curve, first and last value."""
    names = dict.fromkeys(name for row in metrics for name in row if name not in ("epoch", "step"))
    curves = []
    for name in names:
        values = [row[name] for row in metrics if _is_number(row.get(name))]
        if values:
            span = f"{values[0]:.4g} → {values[-1]:.4g}" if len(values) > 1 else f"{values[0]:.4g}"
            curves.append((name, f"{sparkline(values):<32}  {span}  ({len(values)} epochs)"))
    return curves


def _weights(metrics: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """How far λ, w and γ have moved, in words."""
    from l2t.report.weights import WORDS

    if not metrics:
        return []
    first, last = metrics[0], metrics[-1]
    known = [name for name in WORDS if name in first and name in last]
    return [(WORDS[name], f"{first[name]:.4g} → {last[name]:.4g}") for name in known]


def _classes(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Accuracy of each class at the end, in the order of classes."""
    hits, images = result.get("class_hits"), result.get("class_images")
    if not hits or not images:
        return []
    shares = [100 * hit / count for hit, count in zip(hits, images, strict=True) if count]
    line = f"{sparkline(shares):<32}  {percent(min(shares))} … {percent(max(shares))} %  ({len(shares)} classes)"
    return [("each class", line)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _settings(found: RunDetail) -> list[tuple[str, str]]:
    """The settings under the names of `l2t run --set`."""
    spec = found.spec
    sections = {"method": spec.options, "train": spec.train.model_dump(), "data": spec.data.model_dump()}
    sections |= {"packages": spec.packages}
    settings = [(key, _plain(value)) for key, value in flat(sections)]
    rest = {"device": spec.device, "checksum": spec.checksum, "engine": spec.engine, "trace": spec.trace}
    return settings + [(key, _plain(value)) for key, value in rest.items()]


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings, by dotted name."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "–"
    return "–" if value is None else str(value)


def _write_section(title: str, facts: list[tuple[str, str]]) -> None:
    if facts:
        write(f"\n{title}")
        _write_facts(facts)


def _write_facts(facts: list[tuple[str, str]]) -> None:
    longest = max(len(name) for name, _ in facts)
    for name, value in facts:
        write(f"  {printable(name):<{longest}}  {printable(value)}")
