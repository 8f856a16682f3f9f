"""One cell: its seeds, its runs, and how it compares."""

from dataclasses import dataclass, field
from statistics import fmean, median

from textual.app import ComposeResult
from textual.widgets import Static

from l2t.printable import printable
from l2t.report.titles import dataset_title
from l2t.store.filter import parse
from l2t.store.rows import RunRow
from l2t.words import percent
from tui.feed import Frame, Reader
from tui.runs import HEADS, Window, is_lost, lines_of
from tui.screen import L2TScreen
from tui.widgets.table import Table
from tui.words import counted


@dataclass(frozen=True)
class CellView:
    """Reads the runs of a cell, by seed."""

    cell: str
    files: bool = field(default=False, init=False)

    def read(self, reader: Reader) -> Window:
        rows = reader.store.runs(parse([f"cell={self.cell}"]), "seed")
        lost = frozenset(row.id for row in rows if is_lost(row, reader.now))
        return Window(tuple(rows), lost, 0, len(rows), reader.now)


class CellScreen(L2TScreen):
    """The runs of a cell, which differ only in their seed."""

    NAME = "cell"

    def __init__(self, cell: str) -> None:
        super().__init__()
        self._cell = cell
        self._rows: tuple[RunRow, ...] = ()

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield Static("", classes="foot", id="about", markup=False)
        yield Table(HEADS, "this cell has no runs any more", id="runs")

    def view(self) -> CellView:
        return CellView(self._cell)

    def on_mount(self) -> None:
        self.query_one(Table).focus()

    def show(self, frame: Frame) -> None:
        if not isinstance(frame.data, Window):
            return
        self._rows = rows = frame.data.rows
        self.query_one(Table).fill(0, lines_of(frame.data), frame.data.total)
        if rows:
            first = rows[0]
            source = f" ← {first.source}" if first.source else ""
            what = f"{first.method}, {dataset_title(first.dataset)}, {counted(first.shots, 'shot')}"
            self.query_one("#title", Static).update(printable(f"{what}, {first.target}{source}"))
        values = sorted(row.accuracy for row in rows if row.accuracy is not None)
        if values:
            text = f"n {len(values)}, mean {percent(fmean(values))}, median {percent(median(values))}, "
            text += f"from {percent(values[0])} to {percent(values[-1])} %"
            self.query_one("#about", Static).update(text)

    def on_table_opened(self, message: Table.Opened) -> None:
        from tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(message.key))

    def action_seed_curves(self) -> None:
        if self._rows:
            from tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(self._rows[0].id, alone=True))

    def action_retry_cell(self) -> None:
        condition = parse([f"cell={self._cell}", "state=failed"])
        self.write(
            lambda store: store.retry(condition),
            lambda changed: self.notify(f"{counted(changed.changed, 'run')} queued again", timeout=3),
        )
