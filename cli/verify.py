"""`l2t verify`: compute a sample of the finished runs again, and compare bit for bit."""

import random
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.diagnostics import ExitCode, say
from cli.output import Column, write, write_json, write_paragraph, write_table
from cli.selecting import Selection, choose
from cli.slots import WHERE, slot_settings
from cli.spread import spread
from l2t import paths
from l2t.errors import UsageError
from l2t.printable import printable
from l2t.words import duration, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from l2t.jobs.verify import Verdict
    from l2t.store.rows import RunRow

SHORT = 8
"""Digits of an id that tables show."""

START_SECONDS = 5.0
"""What a worker takes to begin."""

COLOURS = {"identical": "green", "differs": "red", "other machine": "yellow", "cannot run": "yellow"}

COLUMNS = (
    *(Column("run"), Column("method"), Column("data set", cut=True), Column("shots", right=True)),
    *(Column("seed", right=True), Column("recorded %", right=True), Column("again %", right=True)),
    Column("verdict", colours=COLOURS),
)


@spread
def verify(
    selection: Selection,
    sample: Annotated[int, typer.Option(min=1, help="Runs that are computed again, at most.", metavar="N")] = 5,
    seed: Annotated[
        int | None, typer.Option(help="Draws the same sample again. Default: another one each time.", metavar="N")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(rich_help_panel=WHERE, min=1, help="Runs at a time, one CPU thread each.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout at the end.")] = False,
) -> ExitCode:
    """Compute some finished runs again and compare them with what was recorded: weights, accuracy, every metric.

    A run is a pure function of its specification: on an equal fingerprint (processor or GPU, threads, torch) and with \
an equal engine number the bits are the same, whatever else was changed. Elsewhere the difference of the accuracies is \
shown, in percentage points and in standard deviations of the cell's runs.

    The sample is drawn at random from the finished runs that the selection means; its seed is said. Workers compute \
in a temporary folder (TMPDIR) that is removed at the end; the home is only read. Ctrl-C stops, and shows what was \
compared till then.

    Examples:
      l2t verify
      l2t verify method=l2tww dataset=cifar10 --sample 2
      l2t verify --sample 20 --seed 7 --jobs 2 --json

    Exit codes: 0 nothing contradicts; 1 a run has other bits where they must be the same, or none could be compared; \
2 bad input; 130 stopped.
    """
    from cli.follow import Ended, follow
    from l2t.jobs.slots import SlotSettings
    from l2t.jobs.verify import Trial, draw
    from l2t.store.filter import ids
    from l2t.store.state import State
    from l2t.store.store import Store

    home = paths.home()
    slots: SlotSettings = slot_settings(home, cpu=jobs)
    rows = choose(selection).rows
    done = sum(row.state is State.DONE for row in rows)
    if not rows:
        return ExitCode.USAGE  # `choose` has said why
    if not done:
        raise UsageError(f"none of these {len(rows):,} runs is finished: there is nothing to compute again")
    seed = random.randrange(1_000_000) if seed is None else seed
    drawn = draw(rows, sample, seed)
    with Store.read(home) as store:
        texts = store.specs(ids(row.id for row in drawn))
        cells = {cell.cell: cell for cell in store.cells()}
    with Trial(home, drawn, texts, slots) as trial:
        left = [row for row in drawn if row.id in trial.specs]
        took = START_SECONDS + sum(row.seconds or 0 for row in left) / max(1, min(slots.cpu, len(left)))
        say(
            f"{len(drawn)} of {done:,} finished runs, drawn by --seed {seed}"
            + (f"; {len(drawn) - len(left)} cannot run here" if len(left) < len(drawn) else "")
            + (f"; about {duration(took)}" if left else "")
        )
        ended = Ended.ALL
        if trial.sweep is not None:
            devices = {spec.device for spec in trial.specs.values()}
            ended = follow(trial.home, trial.sweep, "cuda" if "cuda" in devices else "cpu", slots)
        verdicts = trial.verdicts(cells)
    if json:
        write_json(
            {
                "seed": seed,
                "sample": sample,
                "finished": done,
                "stopped": ended is not Ended.ALL,
                "verdicts": [_plain(verdict) for verdict in verdicts],
            }
        )
    elif verdicts:
        _write(verdicts, {row.id: row for row in drawn})
    if ended is not Ended.ALL:
        say(f"stopped: {len(verdicts)} of {len(drawn)} runs were compared. --seed {seed} draws the same ones again")
        return ExitCode.INTERRUPTED
    compared = any(verdict.repeated is not None for verdict in verdicts)
    contradicted = any(verdict.outcome == "differs" for verdict in verdicts)
    return ExitCode.FAILED_RUNS if contradicted or not compared else ExitCode.OK


def _plain(verdict: "Verdict") -> dict[str, object]:
    return asdict(verdict) | {"difference": verdict.difference, "deviations": verdict.deviations}


def _write(verdicts: "Sequence[Verdict]", rows: "Mapping[str, RunRow]") -> None:
    lines = []
    told: dict[str, list[str]] = {}
    for verdict in verdicts:
        row = rows[verdict.run]
        lines.append(
            (
                *(row.id[:SHORT], row.method, row.dataset, str(row.shots), str(row.seed)),
                *(percent(verdict.recorded), percent(verdict.repeated), verdict.outcome.value),
            )
        )
        if about := _about(verdict):
            told.setdefault(about, []).append(row.id[:SHORT])
    write_table(COLUMNS, lines)
    write("")
    for about, runs in told.items():
        write_paragraph(printable(f"{', '.join(runs)}: {about}"))
    counts = Counter(verdict.outcome.value for verdict in verdicts)
    write(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    if counts["differs"]:
        write_paragraph(
            "differs: fingerprint, engine number and source network are equal, so the bits must be, too. Either the"
            " code computes something else now and its engine number (of a third party's package: its version) was not"
            " raised, or something here is not deterministic."
        )
    if counts["other machine"]:
        write_paragraph(
            "other machine: other bits are allowed there; sd is the standard deviation of the cell's finished runs."
        )


def _about(verdict: "Verdict") -> str:
    """What is not the same, the most telling first."""
    differs = verdict.outcome.value == "differs"
    parts = [verdict.why] if verdict.why else []
    parts += [f"not the same: {', '.join(verdict.bits)}"] if differs and verdict.bits else []
    if verdict.difference is not None and (differs or verdict.outcome.value == "other machine"):
        deviations = verdict.deviations
        spread = "" if deviations is None else f" = {deviations:.1f} sd (n = {verdict.n})"
        parts.append(f"{verdict.difference:+.1f} points{spread}".replace("-", "−"))
    return "; ".join([*parts, *verdict.other, *verdict.notes])
