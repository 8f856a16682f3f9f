"""One run: curves, meta-weights, log, and what it was made from."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from l2t.printable import printable
from l2t.report.titles import dataset_title
from l2t.store.rows import RunRow
from l2t.store.state import State
from l2t.words import duration, percent
from tui.curves import groups
from tui.feed import Frame
from tui.run_views import CurvesData, CurvesView, LogData, LogView, RunData, RunView, SpecData, SpecView
from tui.runs import is_lost, said
from tui.screen import L2TScreen
from tui.screens.prompt import Prompt
from tui.screens.weights_pane import WeightsPane
from tui.weights_view import WeightsData
from tui.widgets.plot import Curve, Drawing, Plot
from tui.widgets.table import Head, Line, Table
from tui.words import counted

VIEWS = ("curves", "weights", "log", "specification")
SPEC_HEADS = (Head("setting", narrow=30), Head("value", narrow=40), Head("other run", narrow=24))
ONLY = {
    "next_plot": "curves", "log_scale": "curves", "smooth": "curves", "zoom_in": "curves", "zoom_out": "curves",
    "pan_left": "curves", "pan_right": "curves", "cursor_left": "curves", "cursor_right": "curves",
    "whole": "curves", "overlay": "curves", "search": "log", "next_match": "log", "follow": "log",
    "next_epoch": "weights", "previous_epoch": "weights", "play": "weights", "next_pair": "weights",
    "previous_pair": "weights", "next_image": "weights", "compare": "specification",
}  # fmt: skip
"""View in which an action is there; the others are in all."""


class RunScreen(L2TScreen):
    """A run, or with `cell` the mean of all runs of a cell."""

    NAME = "run"
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    RunScreen ContentSwitcher { height: 1fr; }
    RunScreen #text { padding: 0 1; }
    """

    def __init__(self, run: str, alone: bool = False) -> None:
        super().__init__()
        self._run = run
        self._alone = alone
        self._view = 0
        self._row: RunRow | None = None
        self._overlaid = alone
        self._plot = 0
        self._curves: CurvesData | None = None
        self._lines: tuple[str, ...] = ()
        self._found = ""
        self._follows = True
        self._other: str | None = None

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield Static("", classes="foot", id="about", markup=False)
        with ContentSwitcher(initial=VIEWS[0]):
            yield Plot(id=VIEWS[0])
            yield WeightsPane(self._run, id=VIEWS[1])
            with VerticalScroll(id=VIEWS[2], can_focus=True):
                yield Static("", id="text", markup=False)
            yield Table(SPEC_HEADS, "nothing differs", id=VIEWS[3])

    def on_mount(self) -> None:
        memory = self.l2t.memory
        plot = self.query_one(Plot)
        plot.ink = self.l2t.ink
        plot.look.log, plot.look.smoothing = memory.log_scale, memory.smoothing

    def view(self) -> RunView:
        cell = self._row.cell if self._row is not None and self._overlaid else None
        inner = (
            CurvesView(self._run, cell, self._alone),
            self.query_one(WeightsPane).view,
            LogView(self._run),
            SpecView(self._run, self._other),
        )
        return RunView(self._run, inner[self._view])

    def show(self, frame: Frame) -> None:
        data = frame.data
        if not isinstance(data, RunData):
            return
        first, self._row = self._row is None, data.row
        self._head(data.row, data.now)
        if isinstance(data.shown, CurvesData):
            self._curves = data.shown
            self._draw()
        elif isinstance(data.shown, WeightsData):
            self.query_one(WeightsPane).show(data.shown)
        elif isinstance(data.shown, LogData):
            self._write(data.shown)
        elif isinstance(data.shown, SpecData):
            rows = [Line(name, (name, value, other or "")) for name, value, other in data.shown.rows]
            self.query_one(Table).fill(0, rows, len(rows))
        if first and self._alone:
            self.watch_anew()

    def _head(self, row: RunRow, now: float) -> None:
        source = f" ← {row.source}" if row.source else ""
        seed = "all seeds" if self._alone else f"seed {row.seed}"
        what = f"{row.method}, {dataset_title(row.dataset)}, {counted(row.shots, 'shot')}, {seed}"
        views = "  ".join(f"[{name}]" if at == self._view else name for at, name in enumerate(VIEWS))
        self.query_one("#title", Static).update(printable(f"{what}, {row.target}{source}"))
        state = said(row, is_lost(row, now), now)
        if row.state is State.RUNNING:
            state += f", epoch {row.epoch}/{row.epochs}{_left(row, now)}"
        elif row.accuracy is not None:
            state += f", {percent(row.accuracy)} %, took {duration(row.seconds)}"
        elif row.message:
            state += f" ({row.message})"
        self.query_one("#about", Static).update(printable(f"{views}   {state}"))

    def _draw(self) -> None:
        """The chosen quantity of what was read."""
        data = self._curves
        found = groups(data.curves) if data is not None else ()
        if data is None or not found:
            self.query_one(Plot).draw(Drawing(empty="No epoch is done yet: curves begin with the first."))
            return
        group = found[self._plot % len(found)]
        several = len(group.names) > 1
        curves = []
        for name, title in group.names.items():
            for curve in data.curves[name]:
                label = " ".join(part for part in (title if several or not curve.name else "", curve.name) if part)
                curves.append(Curve(printable(label), curve.xs, curve.ys, curve.band))
        until = float(self._row.epochs) if self._row is not None else 0.0
        self.query_one(Plot).draw(Drawing(tuple(curves), group.title, group.units, until))

    def _write(self, data: LogData) -> None:
        self._lines = data.lines
        head = ["… (the end only)"] if data.cut else []
        text = "\n".join([*head, *data.lines]) if data.lines else "No log: it was never begun."
        self.query_one("#text", Static).update(text)
        if self._follows:
            self.query_one(f"#{VIEWS[2]}", VerticalScroll).scroll_end(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ONLY and ONLY[action] != VIEWS[self._view]:
            return False
        return super().check_action(action, parameters)

    def action_next_view(self) -> None:
        self._turn(1)

    def action_previous_view(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        self._view = (self._view + by) % len(VIEWS)
        self.query_one(ContentSwitcher).current = VIEWS[self._view]
        shown: Widget = self.query_one(f"#{VIEWS[self._view]}")
        if shown.can_focus:
            shown.focus()
        elif self._view == 1:
            shown.query("Drawn").first().focus()
        else:
            self.set_focus(None)
        if self._row is not None:
            self._head(self._row, self._row.finished or self._row.heartbeat or self._row.created)
        self.refresh_bindings()
        self.watch_anew()

    def action_next_plot(self) -> None:
        self._plot += 1
        self.query_one(Plot).reset()
        self._draw()

    def action_log_scale(self) -> None:
        plot = self.query_one(Plot)
        plot.toggle_log()
        self.l2t.memory.log_scale = plot.look.log

    def action_smooth(self) -> None:
        plot = self.query_one(Plot)
        plot.next_smoothing()
        self.l2t.memory.smoothing = plot.look.smoothing

    def action_zoom_in(self) -> None:
        self.query_one(Plot).zoom(0.5)

    def action_zoom_out(self) -> None:
        self.query_one(Plot).zoom(2.0)

    def action_pan_left(self) -> None:
        self.query_one(Plot).pan(-0.25)

    def action_pan_right(self) -> None:
        self.query_one(Plot).pan(0.25)

    def action_cursor_left(self) -> None:
        self.query_one(Plot).move(-1)

    def action_cursor_right(self) -> None:
        self.query_one(Plot).move(1)

    def action_whole(self) -> None:
        self.query_one(Plot).reset()

    def action_overlay(self) -> None:
        if not self._alone:
            self._overlaid = not self._overlaid
            self.watch_anew()

    def action_next_epoch(self) -> None:
        self.query_one(WeightsPane).next_epoch()

    def action_previous_epoch(self) -> None:
        self.query_one(WeightsPane).previous_epoch()

    def action_play(self) -> None:
        self.query_one(WeightsPane).play()

    def action_next_pair(self) -> None:
        self.query_one(WeightsPane).next_pair()

    def action_previous_pair(self) -> None:
        self.query_one(WeightsPane).previous_pair()

    def action_next_image(self) -> None:
        self.query_one(WeightsPane).next_image()

    def on_weights_pane_changed(self) -> None:
        self.watch_anew()

    def action_follow(self) -> None:
        self._follows = not self._follows
        self.notify("stays at the log's end" if self._follows else "stays where it is", timeout=2)

    def action_search(self) -> None:
        def chosen(text: str | None) -> None:
            self._found = text or ""
            self.action_next_match()

        self.app.push_screen(Prompt("Find in the log", self._found), chosen)

    def action_next_match(self) -> None:
        pane = self.query_one(f"#{VIEWS[2]}", VerticalScroll)
        if not self._found:
            return
        wanted = self._found.lower()
        at = round(pane.scroll_offset.y) + 1
        order = [*range(at, len(self._lines)), *range(min(at, len(self._lines)))]
        found = next((line for line in order if wanted in self._lines[line].lower()), None)
        if found is None:
            self.notify(f"not in the log: {printable(self._found)}", severity="warning", markup=False, timeout=3)
            return
        self._follows = False
        pane.scroll_to(y=found, animate=False)

    def action_compare(self) -> None:
        def chosen(text: str | None) -> None:
            if text is None:
                return
            if not text.strip():
                self._compare(None)
                return
            self.read(lambda store: store.run(text.strip()).row.id, self._compare)

        self.app.push_screen(Prompt("Compare with run", "", "an id or its beginning; empty: no other"), chosen)

    def _compare(self, other: str | None) -> None:
        self._other = other
        self.watch_anew()


def _left(row: RunRow, now: float) -> str:
    """How long it still takes at its pace so far."""
    if row.claimed is None or not row.epoch or now <= row.claimed:
        return ""
    return f", {duration((now - row.claimed) / row.epoch * (row.epochs - row.epoch))} left"
