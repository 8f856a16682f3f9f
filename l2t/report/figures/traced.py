"""Which run stands for a table in figures that show one run, and which runs kept archives of λ, w and γ."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from l2t.report.figures.reading import Course, courses, named, traces
from l2t.report.report import Entry, Table
from l2t.store.folder import JobFolder
from l2t.store.traces import Traces


@dataclass(frozen=True)
class SameStart:
    """Runs of one seed, one a method, with the numbers that `--trace` asked for."""

    shots: int
    seed: int
    runs: dict[str, str]
    """Id, by row."""
    courses: dict[str, dict[str, Course]]
    """By row, then by the trace's text."""


def same_start(home: Path, table: Table) -> SameStart | None:
    """The fewest shots and lowest seed at which the most methods have named traces; None where none has."""
    best: SameStart | None = None
    for shots in table.shots:
        entries = [entry for entry in table.entries if entry.shots == shots]
        for seed in sorted({seed for entry in entries for seed in entry.seeds}):
            runs = {
                entry.row: run
                for entry in entries
                for run, own in zip(entry.runs, entry.seeds, strict=True)
                if own == seed and _names_a_trace(home, run)
            }
            if runs and (best is None or len(runs) > len(best.runs)):
                best = SameStart(shots, seed, runs, {row: named(courses(home, run)) for row, run in runs.items()})
    return best


def _names_a_trace(home: Path, run: str) -> bool:
    """Whether the first line of its metrics has one: most runs have none, and their files are long."""
    try:
        with JobFolder.of(home, "run", run).metrics.open("rb") as file:
            return b']":' in file.readline(1 << 20)
    except OSError:
        return False


def archived(home: Path, entry: Entry) -> Iterator[tuple[str, int, Traces]]:
    """The entry's runs that kept archives: id, seed, and what reads them."""
    for run, seed in zip(entry.runs, entry.seeds, strict=True):
        found = traces(home, run)
        if found is not None:
            yield run, seed, found


def first_archived(home: Path, table: Table, row: str, kind: str) -> tuple[Entry, str, int, Traces] | None:
    """The run of a row with the fewest shots and the lowest seed that kept archives of a kind of meta-weights."""
    for entry in table.entries:
        if entry.row == row:
            for run, seed, found in archived(home, entry):
                if kind in found.kinds:
                    return entry, run, seed, found
    return None
