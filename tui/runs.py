"""Runs as lines of a table, and the view that reads a window of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from l2t.store.filter import parse, split
from l2t.store.rows import RunRow
from l2t.store.state import State
from l2t.words import duration, percent
from tui.feed import SHARE, Reader
from tui.turns import expected, left
from tui.widgets.table import Head, Line
from tui.words import SILENT, SYMBOLS

HEADS = (
    Head("", sort="state"),
    Head("method", narrow=12, sort="method"),
    Head("data set", narrow=10, sort="dataset"),
    Head("shots", right=True, sort="shots"),
    Head("seed", right=True, sort="seed"),
    Head("state", narrow=18),
    Head("epoch", right=True, drop=3),
    Head("left", right=True, drop=2),
    Head("acc %", right=True, sort="accuracy"),
    Head("prio", right=True, drop=5, sort="priority"),
    Head("age", right=True, drop=1, sort="created"),
    Head("tags", narrow=12, drop=4),
    Head("note", narrow=16, drop=6),
)
SEED_HEADS = (*HEADS[:1], *HEADS[4:])
"""Without method, data set and shots."""
ORDER_SECONDS = 5.0
"""After which priorities, tags and notes, too, are looked at again."""
TONES = {State.DONE: "good", State.FAILED: "bad", State.PAUSED: "warn", State.INTERRUPTED: "warn"}
TONES |= {State.QUEUED: "faint", State.CANCELLED: "faint"}


@dataclass(frozen=True)
class Window:
    """A part of the runs that a filter shows."""

    rows: tuple[RunRow, ...]
    lost: frozenset[str]
    """Ids of running ones that have been silent for long."""
    first: int
    total: int
    now: float = field(compare=False)
    waits: Mapping[str, str]
    """What queued ones wait for, by id."""
    left: tuple[str, ...]
    """Of each row how long it is until it will have ended; empty where that is not known, and where none is."""


@dataclass(frozen=True)
class _Ordered:
    """Numbers of all runs of a filter, and when and of what they were read."""

    asked: tuple[tuple[str, ...], str]
    sign: object
    now: float
    took: float
    numbers: Sequence[int]


@dataclass(frozen=True)
class RunsView:
    """Reads runs number `first` to `first + count` of those that the filter shows, in an order."""

    words: tuple[str, ...]
    order: str
    first: int
    count: int
    files: bool = field(default=False, init=False)

    def read(self, reader: Reader) -> Window:
        if not self.words and self.order in ("queue", "-queue"):  # the store has this order: nothing is listed
            total = sum(reader.store.count().values())
            first = self._begins(total)
            numbers: Sequence[int] = reader.store.window(first, self.count, self.order)
        else:
            known = self._ordered(reader)
            total = len(known)
            first = self._begins(total)
            numbers = known[first : first + self.count]
        return window_of(reader, reader.store.rows_of(numbers), first, total)

    def _begins(self, total: int) -> int:
        """Where the window begins: the last lines are shown where fewer are left."""
        return max(min(self.first, total - self.count), 0)

    def _ordered(self, reader: Reader) -> Sequence[int]:
        """Numbers of all runs that are shown, in order: read anew when runs changed their state, but so that it takes
        no more than its share of the time, and now and then for what only changes their order."""
        known = reader.memory.get("ordered")
        if isinstance(known, _Ordered) and known.asked == (self.words, self.order) and not reader.asked:
            age = reader.now - known.now
            if age < known.took / SHARE or (age < ORDER_SECONDS and known.sign == reader.store.signature()):
                return known.numbers
        sign, begun = reader.store.signature(), time.perf_counter()
        numbers = reader.store.ordered(parse(self.words), self.order)
        took = time.perf_counter() - begun
        reader.memory["ordered"] = _Ordered((self.words, self.order), sign, reader.now, took, numbers)
        return numbers

    def at(self, first: int, count: int) -> "RunsView":
        """The same runs elsewhere."""
        return replace(self, first=first, count=count)


def window_of(reader: Reader, rows: Sequence[RunRow], first: int, total: int) -> Window:
    """These rows with what is known beyond them: whether they live, and how long they take."""
    lost = frozenset(row.id for row in rows if is_lost(row, reader.now))
    queued = [row.id for row in rows if row.state is State.QUEUED]
    ends = expected(reader) if queued else {}
    waits = reader.store.awaited_by(queued) if queued else {}
    texts = tuple(_until_end(row, row.id in lost, ends.get(row.id), reader.now) for row in rows)
    return Window(tuple(rows), lost, first, total, reader.now, waits, texts)


def is_lost(row: RunRow, now: float) -> bool:
    """Whether a running run has been silent for so long that it cannot be called running."""
    return row.state is State.RUNNING and now - (row.heartbeat or row.claimed or now) > SILENT


def _until_end(row: RunRow, lost: bool, end: float | None, now: float) -> str:
    """How long it still takes: of a running one at its pace, of a waiting one about."""
    if row.state is State.RUNNING:
        seconds = None if lost else left(row, now)
        return duration(seconds) if seconds is not None else ""
    return f"~{duration(end - now)}" if end is not None and row.state is State.QUEUED else ""


def words(line: str) -> tuple[str, ...]:
    """The words of a filter line. UsageError where it cannot be read."""
    found = tuple(split(line))
    parse(found)
    return found


def line_of(row: RunRow, lost: bool, now: float, still: str, waits: str | None) -> Line:
    """A run as people see it."""
    state, tone = f"waits for {waits}" if waits else said(row, lost, now), "bad" if lost else TONES.get(row.state, "")
    cells = (
        "!" if lost else SYMBOLS[row.state],
        row.method,
        row.dataset.rpartition("/")[2] if row.dataset.startswith("folder:") else row.dataset,
        str(row.shots),
        str(row.seed),
        state,
        f"{row.epoch}/{row.epochs}" if row.epoch or row.state is State.RUNNING else "",
        still,
        percent(row.accuracy) if row.accuracy is not None else "",
        str(row.priority) if row.priority else "",
        duration(now - (row.finished or row.claimed or row.created)),
        " ".join(row.tags),
        row.note or "",
    )
    return Line(row.id, cells, ((0, tone), (5, tone)) if tone else ())


def said(row: RunRow, lost: bool, now: float) -> str:
    """The state in words: "running", "lost, last write 92 s ago", "failed: diverged"."""
    if lost:
        return f"lost, last write {duration(now - (row.heartbeat or row.created))} ago"
    if row.request is not None:
        return f"{row.state}, to {row.request}"
    if row.state is State.FAILED and row.reason is not None:
        return f"failed: {row.reason.replace('_', ' ')}"
    if row.state is State.QUEUED and row.not_before is not None and row.not_before > now:
        return f"queued, again in {duration(row.not_before - now)}"
    return str(row.state)


def lines_of(window: Window) -> Sequence[Line]:
    """All rows of a window."""
    rows = zip(window.rows, window.left, strict=True)
    return [line_of(row, row.id in window.lost, window.now, still, window.waits.get(row.id)) for row, still in rows]


def seeds_of(window: Window) -> Sequence[Line]:
    """The same for runs of one cell, with SEED_HEADS: without what is alike in all of them."""
    return [
        Line(line.key, (*line.cells[:1], *line.cells[4:]), tuple((at - 3 * (at > 0), tone) for at, tone in line.tones))
        for line in lines_of(window)
    ]
