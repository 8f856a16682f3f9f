"""The home screen: methods × (data set, shots), filling live."""

from textual.app import ComposeResult
from textual.widgets import Static

from l2t.printable import printable
from l2t.report.judged import Judged
from l2t.store.rows import CellRow
from l2t.words import percent
from tui.feed import Frame
from tui.matrix import MatrixData, MatrixView, best, counts, place, sign
from tui.screen import L2TScreen
from tui.widgets.matrix import Entry, MatrixTable, Shown
from tui.words import pvalue, signed

EMPTY = """No runs yet.

3  chooses what to run: methods, data sets, shots, seeds. It shows what it takes before anything is queued.

Embedded data (digits, glyphs) need nothing. For others and for source networks: l2t data list, l2t source list in a \
shell. l2t doctor says what this machine has.

?  shows all keys."""

MEASURES = ("runs", "difference", "p-value")
FOOT = "◆ baseline {baseline}  ▲ better than it, ▼ worse (Holm, p < 0.05)  △ ▽ so far  · no difference shown  bold best"


class MatrixScreen(L2TScreen):
    """All cells of one table at a time."""

    NAME = "matrix"

    def __init__(self) -> None:
        super().__init__()
        self._data = MatrixData((), {})
        self._at = 0

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield MatrixTable(EMPTY)
        yield Static("", classes="foot", id="foot", markup=False)

    def view(self) -> MatrixView:
        return MatrixView(keep=not self.l2t.read_only)

    def on_mount(self) -> None:
        self.query_one(MatrixTable).ink = self.l2t.ink
        self.query_one(MatrixTable).focus()

    def show(self, frame: Frame) -> None:
        if isinstance(frame.data, MatrixData):
            self._data = frame.data
            self._draw()
        self.l2t.judging.ask(self._data.key if self._data.cells else "", self._told)

    def _told(self) -> None:
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        tables = self._data.tables
        self._at = min(self._at, max(len(tables) - 1, 0))
        title, foot = self.query_one("#title", Static), self.query_one("#foot", Static)
        if not tables:
            title.update("")
            foot.update("")
            self.query_one(MatrixTable).show(Shown((), (), {}))
            return
        table = tables[self._at]
        networks = f"{table.target} ← {table.source}" if table.source else table.target
        which = f"Table {self._at + 1} of {len(tables)}: " if len(tables) > 1 else ""
        title.update(printable(f"{which}{networks}, {table.training}, accuracy % ± 95 % interval"))
        winners = best(self._data, table)
        entries = {}
        for (row, dataset, shots), hashes in table.places.items():
            where = (table.rows.index(row), table.columns.index((dataset, shots)))
            entries[where] = self._entry(self._data.cells[hashes[0]], winners)
        columns = tuple((printable(table.titles[name]), f"{n} shot{'s' * (n != 1)}") for name, n in table.columns)
        rows = tuple(map(printable, table.rows))
        self.query_one(MatrixTable).show(Shown(rows, columns, entries))
        baseline = next(
            (cell.method for cell in self._data.cells.values() if (j := self._of(cell)) and j.baseline), None
        )
        text = FOOT.format(baseline=baseline) if baseline else "▶ running  ✗ failed  bold best; done/planned"
        foot.update(f"{text}   [{MEASURES[self.l2t.memory.measure % len(MEASURES)]}]")

    def _of(self, cell: CellRow) -> Judged | None:
        return self.l2t.judging.judgement.of(place(self._data.tables[self._at]), cell)

    def _entry(self, cell: CellRow, winners: frozenset[str]) -> Entry:
        judged = self._of(cell)
        mean = "  –" if cell.mean is None else percent(cell.mean)
        if judged and judged.half is not None:
            mean += f" ± {judged.half:.1f}"
        mark = sign(judged)
        second = counts(cell)
        if judged and self.l2t.memory.measure % len(MEASURES) == 1 and not judged.baseline:
            second = f"{signed(judged.difference)} points" if judged.difference is not None else "no test"
        elif judged and self.l2t.memory.measure % len(MEASURES) == 2 and not judged.baseline:
            second = f"p {pvalue(judged.adjusted)}" if judged.adjusted is not None else "no test"
        tone = {"▲": "good", "▼": "bad"}.get(mark, "")
        return Entry(cell.cell, f"{mark} {mean}", f"  {second}", cell.cell in winners, tone)

    def on_matrix_table_opened(self, message: MatrixTable.Opened) -> None:
        from tui.screens.cell import CellScreen

        self.app.push_screen(CellScreen(message.key, place(self._data.tables[self._at])))

    def action_next_table(self) -> None:
        self._turn(1)

    def action_previous_table(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        if self._data.tables:
            self._at = (self._at + by) % len(self._data.tables)
            self._draw()

    def action_measure(self) -> None:
        self.l2t.memory.measure = (self.l2t.memory.measure + 1) % len(MEASURES)
        self._draw()

    def action_cell_queue(self) -> None:
        key = self.query_one(MatrixTable).key
        if key is not None:
            self.l2t.memory.filter = f"cell={key}"
            self.app.switch_mode("queue")
