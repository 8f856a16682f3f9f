"""What the Cell screen shows: a cell's runs, the results of its column, and what statistics say of them, in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from statistics import fmean

from l2t.report.judged import Judged, Place
from l2t.report.placed import MatrixTable
from l2t.store.filter import parse
from l2t.store.rows import CellRow
from l2t.words import percent
from tui.feed import Reader
from tui.matrix import MatrixView, place, sign
from tui.runs import Window, window_of
from tui.words import counted, pvalue, signed


@dataclass(frozen=True)
class Peer:
    """A cell of the column."""

    row: str
    """Label of its row."""
    cell: CellRow
    values: tuple[float, ...]
    """Accuracies of its runs that have one, percent."""


@dataclass(frozen=True)
class CellData:
    """A cell among those of its column: same table, data set and shots."""

    runs: Window
    table: MatrixTable | None
    """None where the cell has no runs any more."""
    peers: tuple[Peer, ...]
    """The cell itself first, then the others in the order of the table's rows."""
    key: str
    """Of the home's results: what statistics of them are kept under."""


@dataclass(frozen=True)
class CellView:
    """Reads the runs of a cell, by seed, and the results of the others in its column."""

    cell: str
    place: Place | None = None
    """The table that it is looked at in, where it stands in more than one."""
    keep: bool = False
    """As for `MatrixView`."""
    files: bool = field(default=False, init=False)

    def read(self, reader: Reader) -> CellData:
        rows = reader.store.runs(parse([f"cell={self.cell}"]), "seed")
        window = window_of(reader, rows, 0, len(rows))
        matrix = MatrixView(self.keep).read(reader)
        asked = (self.cell, self.place, matrix.key, matrix.tables)
        known = reader.memory.get("column")
        if not isinstance(known, tuple) or known[0] != asked:
            known = asked, *self._column(reader, matrix.tables)
            reader.memory["column"] = known
        _, table, column, values = known
        peers = tuple(Peer(row, matrix.cells[cell], values.get(cell, ())) for cell, row in column.items())
        return CellData(window, table, peers, matrix.key)

    def _column(
        self, reader: Reader, tables: Sequence[MatrixTable]
    ) -> tuple[MatrixTable | None, dict[str, str], dict[str, tuple[float, ...]]]:
        """The table, the rows of the column's cells by their hash, and their accuracies."""
        standing = [table for table in tables if any(self.cell in hashes for hashes in table.places.values())]
        if not standing:
            return None, {}, {}
        table = next((table for table in standing if place(table) == self.place), standing[0])
        at = {hash: (row, column) for (row, *column), hashes in table.places.items() for hash in hashes}
        own, rows = at[self.cell], list(table.rows)
        column = sorted(
            (hash for hash, (_, column) in at.items() if column == own[1]),
            key=lambda hash: (hash != self.cell, rows.index(at[hash][0])),
        )
        values: dict[str, tuple[float, ...]] = {}
        for row in reader.store.runs(parse([f"cell={','.join(column)}", "state=done"]), "seed"):
            if row.accuracy is not None and isfinite(row.accuracy):
                values[row.cell] = (*values.get(row.cell, ()), row.accuracy)
        return table, {hash: at[hash][0] for hash in column}, values


def summed(peer: Peer, judged: Judged | None, waits: str) -> str:
    """The cell's results in one sentence; waits: why statistics are not those of the present, empty where they are."""
    cell = peer.cell
    judged = judged if judged and judged.n else None
    n = judged.n if judged else len(peer.values)
    if not n:
        ended = [(cell.done, "done without a finite accuracy"), (cell.failed, "failed"), (cell.cancelled, "cancelled")]
        what = ", ".join(f"{number} {how}" for number, how in ended if number)
        return f"No run has a result: {what}" if what else "No run has ended yet"
    parts = [f"n {n}" + (f" of {cell.planned} planned" if cell.planned > n else "")]
    if judged and judged.sd is not None:
        parts += [f"sd {percent(judged.sd)}", f"median {percent(judged.median)}"]
    elif cell.sd is not None:
        parts.append(f"sd {percent(cell.sd)}")
    mean = percent(judged.mean if judged else fmean(peer.values))
    if judged and judged.half is not None:
        mean, parts = f"{mean} ± {percent(judged.half)}", ["95 % interval", *parts]
    notes = [f"{cell.failed} failed"] * bool(cell.failed)
    notes += [f"{cell.done - cell.n} without a finite accuracy left out"] * (cell.done > cell.n)
    notes += [f"{judged.late} asked for when results were known"] if judged and judged.late else []
    return "; ".join([f"{mean} % ({', '.join(parts)})", *notes, *[waits] * bool(waits)])


def compared(judged: Judged, others: Sequence[Judged]) -> str:
    """How the cell compares with the baseline, or where it is that, how the others of its column do."""
    if judged.baseline:
        return _of_others(judged, others)
    if judged.against is None or judged.difference is None:
        return f"No comparison: {judged.note}"
    size = abs(judged.difference)
    side = "below" if judged.difference < 0 else "above"
    far, interval = f"{percent(size)} points {side} {judged.against}", ""
    if judged.low is not None and judged.high is not None:
        low, high = (judged.low, judged.high) if judged.difference >= 0 else (-judged.high, -judged.low)
        interval = f" (95 % {low:.1f} to {high:.1f})".replace("-", "−")
    if judged.adjusted is None:
        return f"{far}{interval}; no test: {judged.note}"
    p = f"interim p {pvalue(judged.adjusted)}" if judged.interim else f"p {pvalue(judged.adjusted)}"
    parts = [f"{sign(judged)} {far}{interval}: {p} ({_how(judged)})"]
    if judged.paired is not None:
        parts.append(f"paired Wilcoxon p {pvalue(judged.paired)}, uncorrected")
    elif judged.unpaired:
        parts.append(f"no paired test: {judged.unpaired}")
    return "; ".join([*parts, *["planned runs are missing"] * judged.interim])


def _how(judged: Judged) -> str:
    """ "Mann–Whitney U, two-sided, Holm over 6 tests"."""
    return f"{judged.test}, Holm over {counted(judged.tests, 'test')}"


def _of_others(judged: Judged, others: Sequence[Judged]) -> str:
    signs = [sign(other) for other in others]
    said = {"▲": "better", "▼": "worse", "△": "better so far", "▽": "worse so far", "·": "no difference shown"}
    said[" "] = "not tested"
    tested = next((other for other in others if other.adjusted is not None), None)
    how = f" ({_how(tested)})" if tested else ""
    counts = [f"{signs.count(mark)} {what}" for mark, what in said.items() if mark in signs]
    untested = dict.fromkeys(other.note for other in others if other.adjusted is None and other.note)
    why = f": {'; '.join(untested)}" if untested and not tested else ""
    return f"◆ {judged.row} is the baseline that others are compared with{how}: {', '.join(counts) or 'none here'}{why}"


def beside(peer: Peer, judged: Judged | None) -> tuple[str, str, str]:
    """What stands beside a sample in the plot, from the longest to the shortest: mean ± interval, how it compares."""
    mean = f"{percent(fmean(peer.values)):>4}" if peer.values else "no result"
    if judged is None:
        return mean, mean, ""
    half = f" ± {judged.half:<4.1f}" if judged.half is not None else " " * 7 * bool(peer.values)
    far = f"{signed(judged.difference):>5}" if judged.difference is not None else ""
    if judged.against is None:
        short = ""
    elif judged.baseline:
        short = "baseline"
    elif judged.adjusted is not None:
        p = f"p {pvalue(judged.adjusted)}"
        short = f"{far} {f'({p})' if judged.interim else p}"
    else:
        short = f"{far} no test".strip()
    return f"{mean}{half}  {short}", short, ""
