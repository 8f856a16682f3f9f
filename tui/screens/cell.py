"""One cell: its seeds as dots beside those of its column, how it compares, and its runs."""

from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.widgets import Static

from l2t.printable import printable
from l2t.report.judged import Judged, Place
from l2t.store.filter import parse
from tui.cell import CellData, CellView, Peer, beside, compared, summed
from tui.feed import Frame
from tui.judging import Judgement
from tui.matrix import place, sign
from tui.runs import SEED_HEADS, seeds_of
from tui.screen import L2TScreen
from tui.widgets.strip import Sample, StripPlot
from tui.widgets.table import Table
from tui.words import counted


class CellScreen(L2TScreen):
    """The runs of a cell, which differ only in their seed."""

    NAME = "cell"

    def __init__(self, cell: str, table: Place | None = None) -> None:
        """table: where it is looked at, if it stands in more than one."""
        super().__init__()
        self._cell = cell
        self._table = table
        self._data: CellData | None = None
        self._said = ("", "", "")

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield Static("", classes="words", id="summed", markup=False)
        yield Static("", classes="words", id="compared", markup=False)
        yield StripPlot("acc %")
        yield Table(SEED_HEADS, "this cell has no runs any more", id="runs")

    def view(self) -> CellView:
        return CellView(self._cell, self._table, keep=not self.l2t.read_only)

    def on_mount(self) -> None:
        self.query_one(StripPlot).ink = self.l2t.ink
        self.query_one(Table).focus()

    def show(self, frame: Frame) -> None:
        if isinstance(frame.data, CellData):
            self._data = frame.data
            self.query_one(Table).fill(0, seeds_of(frame.data.runs), frame.data.runs.total)
            self._draw()
        if self._data is not None:
            self.l2t.judging.ask(self._data.key, self._told)

    def _told(self) -> None:
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        data, judgement = self._data, self.l2t.judging.judgement
        if data is None:
            return
        found = [judgement.of(place(data.table), peer.cell) if data.table else None for peer in data.peers]
        said = _words(data, found, judgement)
        if said != self._said:  # every change of a text lays the screen out anew
            self._said = said
            for name, words in zip(("#title", "#summed", "#compared"), said, strict=True):
                self.query_one(name, Static).update(printable(words))
        samples = [_sample(peer, judged) for peer, judged in zip(data.peers, found, strict=True)]
        base = [at for at, judged in enumerate(found) if judged is not None and judged.baseline]
        order = dict.fromkeys((*range(len(samples))[:1], *base, *range(len(samples))))
        self.query_one(StripPlot).show([replace(samples[at], strong=at == 0) for at in order])

    def on_table_opened(self, message: Table.Opened) -> None:
        from tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(message.key))

    def action_seed_curves(self) -> None:
        if self._data is not None and self._data.runs.rows:
            from tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(self._data.runs.rows[0].id, alone=True))

    def action_retry_cell(self) -> None:
        condition = parse([f"cell={self._cell}", "state=failed"])
        self.write(
            lambda store: store.retry(condition),
            lambda changed: self.notify(f"{counted(changed.changed, 'run')} queued again", timeout=3),
        )


def _words(data: CellData, found: Sequence[Judged | None], judgement: Judgement) -> tuple[str, str, str]:
    """Title, summary and comparison. found: what statistics say of the column's cells."""
    table = data.table
    if table is None:
        return "", "", ""
    own, judged = data.peers[0], found[0]
    networks = f"{table.target} ← {table.source}" if table.source else table.target
    what = f"{own.row}, {table.titles[own.cell.dataset]}, {counted(own.cell.shots, 'shot')}"
    waits = "" if judged is not None else judgement.problem or "statistics are being computed"
    others = [other for other in found[1:] if other is not None]
    return (
        f"{what}, {networks}, {table.training}",
        summed(own, judged, waits),
        compared(judged, others) if judged is not None else "",
    )


def _sample(peer: Peer, judged: Judged | None) -> Sample:
    mark = sign(judged)
    half = judged.half if judged is not None else None
    tone = {"▲": "good", "▼": "bad"}.get(mark, "")
    return Sample(f"{mark} {printable(peer.row)}", peer.values, half, beside(peer, judged), tone=tone)
