"""Comparisons as experiments to be planned: what their seeds can find, how many they need, which cells lack some."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from l2t.report.report import LEVEL, Entry, Report, Table
from l2t.stats import Needed, NoTest, detectable, needed, pooled_sd
from l2t.store.rows import RunRow
from l2t.store.state import State


@dataclass(frozen=True)
class Planned:
    """One comparison with the baseline. What comes in pairs is at the level 0.05 and at the strict one."""

    table: Table
    entry: Entry
    base: Entry
    strict: float
    """What the smallest p of the family has to be below for a star: 0.05 / comparisons, Holm's first step."""
    sd: float | NoTest
    """Pooled, points."""
    detectable: tuple[float | NoTest, float | NoTest]
    """The smallest difference that is found, points."""
    needed: tuple[Needed | NoTest, Needed | NoTest]
    """Seeds a side that find the difference asked for."""


@dataclass(frozen=True)
class Lacking:
    """A cell and what it lacks for all comparisons that it is a side of."""

    table: Table
    """The first of its tables."""
    entry: Entry
    needed: int
    """Seeds."""
    new: tuple[int, ...]
    """Seeds that have to be asked for, those of cancelled runs among them."""


def plan(report: Report, difference: float, target: float) -> list[Planned]:
    """All comparisons, by table, then by shots, then by row. difference: points; target: chance."""
    sizes = {
        table.dataset: sum(
            entry.comparison is not None
            for other in report.tables
            if report.family == "all" or other.dataset == table.dataset
            for entry in other.entries
        )
        for table in report.tables
    }
    return [
        _planned(table, entry, base, LEVEL / sizes[table.dataset], difference, target)
        for table in report.tables
        for entry in sorted(table.entries, key=lambda entry: (entry.shots, table.rows.index(entry.row)))
        if entry.comparison is not None and (base := table.entry(entry.comparison.baseline, entry.shots)) is not None
    ]


def _planned(table: Table, entry: Entry, base: Entry, strict: float, difference: float, target: float) -> Planned:
    sd = pooled_sd(entry.values, base.values)

    def finds(level: float) -> float | NoTest:
        if isinstance(sd, NoTest):
            return sd
        effect = _detectable(len(entry.values), len(base.values), target, level)
        return effect if isinstance(effect, NoTest) else effect * sd

    def needs(level: float) -> Needed | NoTest:
        return needed(entry.values, base.values, difference, target, level)

    return Planned(table, entry, base, strict, sd, (finds(LEVEL), finds(strict)), (needs(LEVEL), needs(strict)))


_detectable = lru_cache(maxsize=1024)(detectable)


def more(entry: Entry, seeds: int) -> int:
    """Runs that the entry lacks for so many values, beside those that run or wait."""
    return max(0, seeds - entry.summary.n - entry.running - entry.waiting)


def lacking(planned: Sequence[Planned], rows: Iterable[RunRow]) -> list[Lacking]:
    """Each cell of which the strict level needs more, once, with the most that one asks for; by table, shots, row.

    rows: all runs of the home; new seeds are the smallest that none of the cell's has, so that methods share theirs. A
    cancelled run's is asked for again: until then its cell would stay unfinished.
    """
    taken: dict[str, set[int]] = {}
    for row in rows:
        if row.state != State.CANCELLED:
            taken.setdefault(row.cell, set()).add(row.seed)
    found: dict[str, Lacking] = {}
    for one in planned:
        if not isinstance(one.needed[1], Needed):
            continue
        for entry in (one.entry, one.base):
            seeds = one.needed[1].seeds
            count = more(entry, seeds)
            if count > len(found[entry.cell].new if entry.cell in found else ()):
                new = _free(count, taken.get(entry.cell, set()))
                found[entry.cell] = Lacking(one.table, entry, seeds, new)
    places = {id(one.table): number for number, one in enumerate(planned)}
    return sorted(
        found.values(),
        key=lambda cell: (places[id(cell.table)], cell.entry.shots, cell.table.rows.index(cell.entry.row)),
    )


def _free(count: int, taken: set[int]) -> tuple[int, ...]:
    return tuple([seed for seed in range(count + len(taken)) if seed not in taken][:count])
