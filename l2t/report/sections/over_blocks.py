"""Methods over all columns that belong together: average ranks, interquartile mean, probability of improvement."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from l2t.report.report import Entry, Table
from l2t.report.section import Grid
from l2t.report.words import listed, p_value, shots_title
from l2t.stats import Estimate, Friedman, NoTest, PValue, friedman, improvement, iqm

Block = tuple[str, str, int]
"""A column: data set as the store names it, its title, shots."""


@dataclass(frozen=True)
class Group:
    """The columns of tables with the same target, source and training, and the methods that have values in each."""

    table: Table
    """The first of its tables, for what all have in common."""
    baseline: str | None
    """Row that the others are compared with, where all tables have the same."""
    rows: tuple[str, ...]
    blocks: tuple[Block, ...]
    entries: dict[tuple[str, Block], Entry]
    left_out: tuple[tuple[str, str], ...]
    """Methods and blocks that are not among them, and why."""

    @property
    def interim(self) -> bool:
        """Whether planned runs are missing."""
        return any(self.entries[row, block].missing for row in self.rows for block in self.blocks)


@dataclass(frozen=True)
class Ranked:
    """What is said of a group. By row, in the group's order."""

    friedman: Friedman | NoTest
    iqm: tuple[Estimate | NoTest, ...]
    improvement: tuple[Estimate | NoTest | None, ...]
    """Over the baseline; None for the baseline itself and where there is none."""


def gather(tables: Sequence[Table]) -> list[Group]:
    """The groups that have at least two methods, in the order of the tables."""
    seen: Counter[tuple[str | None, ...]] = Counter()
    alike: dict[tuple[str | int | None, ...], list[Table]] = {}
    for table in tables:
        key = (table.target, table.source, table.training, table.metric)
        # Two source networks of one name make tables of one heading, which do not belong together.
        number = seen[(*key, table.dataset)]
        seen[(*key, table.dataset)] += 1
        alike.setdefault((*key, number), []).append(table)
    return [_group(members) for members in alike.values() if len({row for table in members for row in table.rows}) > 1]


def _group(tables: Sequence[Table]) -> Group:
    entries = {
        (entry.row, (table.dataset, table.title, entry.shots)): entry
        for table in tables
        for entry in table.entries
        if entry.values
    }
    baselines = {table.baseline for table in tables if len(table.rows) > 1}
    whole = Group(
        table=tables[0],
        baseline=baselines.pop() if len(baselines) == 1 else None,
        rows=tuple(dict.fromkeys(row for table in tables for row in table.rows)),
        blocks=tuple((table.dataset, table.title, shots) for table in tables for shots in table.shots),
        entries=entries,
        left_out=(),
    )
    return _complete(whole)


def _complete(group: Group) -> Group:
    """The group without the methods and blocks that are incomplete: time after time the one with the largest share of
    gaps goes, a block before a method."""
    while True:
        gaps = [(row, block) for row in group.rows for block in group.blocks if (row, block) not in group.entries]
        if not gaps:
            return group
        [(block, of_block)] = Counter(block for _, block in gaps).most_common(1)
        [(row, of_row)] = Counter(row for row, _ in gaps).most_common(1)
        if of_row * len(group.rows) > of_block * len(group.blocks):
            why = f"no result in {of_row} of {len(group.blocks)} blocks"
            group = replace(group, rows=tuple(each for each in group.rows if each != row))
            group = replace(group, left_out=(*group.left_out, (row, why)))
        else:
            why = f"no result of {listed([each for each, where in gaps if where == block])}"
            group = replace(group, blocks=tuple(each for each in group.blocks if each != block))
            group = replace(group, left_out=(*group.left_out, (_place(block), why)))


def _place(block: Block) -> str:
    return f"{block[1]} at {shots_title(block[2])}"


def steps(group: Group) -> int:
    """How often `ranked` calls its `step`."""
    return 2 * len(group.rows)


def ranked(group: Group, step: Callable[[str], None]) -> Ranked:
    """Ranks of the means of each block; interquartile mean and probability of improvement over all runs."""

    def tasks(row: str) -> list[tuple[float, ...]]:
        return [group.entries[row, block].values for block in group.blocks]

    means: list[Estimate | NoTest] = []
    better: list[Estimate | NoTest | None] = []
    for row in group.rows:
        means.append(iqm(tasks(row)))
        step(f"{row}: interquartile mean")
        compared = group.baseline in group.rows and row != group.baseline
        better.append(improvement(tasks(row), tasks(str(group.baseline))) if compared else None)
        step(f"{row}: probability of improvement")
    return Ranked(ranks(group), tuple(means), tuple(better))


def ranks(group: Group) -> Friedman | NoTest:
    """Friedman's test and average ranks of the methods' means over the group's blocks."""
    return friedman([[_mean(group.entries[row, block]) for row in group.rows] for block in group.blocks])


def _mean(entry: Entry) -> float:
    """Where ranks compare them, means that differ by rounding only are equal."""
    return round(sum(entry.values) / len(entry.values), 9)


def grid(group: Group, found: Ranked) -> Grid:
    """A line a method, the best average rank first."""
    order = list(range(len(group.rows)))
    if isinstance(found.friedman, Friedman):
        order.sort(key=found.friedman.ranks.__getitem__)
    rows = []
    for index in order:
        rank = f"{found.friedman.ranks[index]:.2f}" if isinstance(found.friedman, Friedman) else "–"
        rows.append((group.rows[index], rank, *_cells(found.iqm[index], 1), *_cells(found.improvement[index], 3)))
    against = f"P(> {group.baseline})" if any(found.improvement) else "P(>)"
    common = group.table
    networks = common.target if common.source is None else f"{common.target} ← {common.source}"
    return Grid(
        f"Over all columns: {networks}, {common.training}, {common.metric}",
        ("method", "rank", "IQM %", "95 % interval", against, "95 % interval"),
        tuple(rows),
        sentences=tuple(_sentences(group, found)),
    )


def _cells(estimate: Estimate | NoTest | None, digits: int) -> tuple[str, str]:
    if not isinstance(estimate, Estimate):
        return "–", "–"
    interval = "–"
    if estimate.low is not None and estimate.high is not None:
        interval = f"{estimate.low:.{digits}f} … {estimate.high:.{digits}f}"
    return f"{estimate.value:.{digits}f}", interval


def _sentences(group: Group, found: Ranked) -> Iterator[str]:
    for what, why in group.left_out:
        yield f"Left out: {what} ({why})."
    number = len(group.blocks)
    blocks = f"{number} blocks" if number != 1 else "1 block"
    if isinstance(found.friedman, NoTest):
        yield f"No ranks: {found.friedman.reason}."
    elif isinstance(found.friedman.test, NoTest):
        yield f"rank: mean over {blocks} (data set × shots), 1 is best. No Friedman test: {found.friedman.test.reason}."
    else:
        test = found.friedman.test
        p = f"p {p_value(test.p)}" if test.p < 0.0001 else f"p = {p_value(test.p)}"
        yield (
            f"rank: mean over {blocks} (data set × shots), 1 is best. Friedman: χ² = {test.statistic:.2f}, {p}, "
            f"{test.method}."
        )
        if len({dataset for dataset, _, _ in group.blocks}) < number:
            yield "Columns of one data set are related blocks: this p and the distance of ranks below are lower bounds."
        yield f"Ranks more than {found.friedman.critical:.2f} apart differ (Nemenyi, 0.05). {_alike(group, found)}"
    estimates = [each for each in (*found.iqm, *found.improvement) if isinstance(each, Estimate)]
    if estimates:
        yield (
            "IQM: mean of the middle half of all runs. P(>): how often a run beats one of the baseline. Intervals: "
            f"{'; '.join(dict.fromkeys(each.method for each in estimates))}."
        )
    for note in dict.fromkeys(each.note for each in estimates if each.note):
        yield f"{note[0].upper()}{note[1:]}."
    if group.baseline is None:
        yield "No probability of improvement: the tables have no baseline in common."
    elif group.baseline not in group.rows:
        yield f"No probability of improvement: {group.baseline} is left out."
    if group.interim:
        yield "All of this is interim: planned runs are missing."


def _alike(group: Group, found: Ranked) -> str:
    bars = _bars(group, found)
    return f"Not apart: {'; '.join(', '.join(bar) for bar in bars)}." if bars else "All are apart."


def _bars(group: Group, found: Ranked) -> list[list[str]]:
    if isinstance(found.friedman, NoTest):
        return []
    return [[group.rows[index] for index in bar] for bar in found.friedman.alike]


def data(group: Group, found: Ranked) -> dict[str, Any]:
    """The same as JSON values, with all that a critical-difference diagram draws."""
    ranks: Friedman | None = found.friedman if isinstance(found.friedman, Friedman) else None
    test: PValue | NoTest = found.friedman.test if isinstance(found.friedman, Friedman) else found.friedman
    return {
        "target": group.table.target,
        "source": group.table.source,
        "training": group.table.training,
        "metric": group.table.metric,
        "baseline": group.baseline,
        "interim": group.interim,
        "blocks": [{"dataset": dataset, "shots": shots} for dataset, _, shots in group.blocks],
        "left_out": [{"what": what, "why": why} for what, why in group.left_out],
        "friedman": asdict(test),
        "average_ranks": dict(zip(group.rows, ranks.ranks, strict=True)) if ranks else {},
        "critical_difference": ranks.critical if ranks else None,
        "not_apart": _bars(group, found),
        "interquartile_mean": {row: asdict(each) for row, each in zip(group.rows, found.iqm, strict=True)},
        "improvement": {
            row: asdict(each) for row, each in zip(group.rows, found.improvement, strict=True) if each is not None
        },
    }
