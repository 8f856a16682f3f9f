"""One run: curves, meta-weights, log, and what it was made from."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from l2t.printable import printable
from l2t.store.rows import RunRow
from l2t.store.state import State
from l2t.words import duration, percent, size
from tui.feed import Frame, View
from tui.run_views import CurvesData, CurvesView, LogData, LogView, RunData, RunView, SpecData, SpecView
from tui.runs import is_lost, said
from tui.screen import L2TScreen
from tui.screens.curves_pane import CurvesActions, CurvesPane
from tui.screens.prompt import Prompt
from tui.screens.weights_pane import WeightsPane
from tui.titles import dataset_title
from tui.turns import left
from tui.weights_view import WeightsData
from tui.widgets.log import Log
from tui.widgets.table import Head, Line, Table
from tui.words import counted

VIEWS = ("curves", "weights", "log", "specification")
WIDE = 160
"""Columns from which the curves stay beside the other views."""
SPEC_HEADS = (Head("setting", narrow=30), Head("value", narrow=40))
ONLY = {
    "next_plot": "curves", "log_scale": "curves", "smooth": "curves", "zoom_in": "curves", "zoom_out": "curves",
    "pan_left": "curves", "pan_right": "curves", "cursor_left": "curves", "cursor_right": "curves",
    "whole": "curves", "overlay": "curves", "search": "log", "next_match": "log", "previous_match": "log",
    "follow": "log",
    "next_epoch": "weights", "previous_epoch": "weights", "play": "weights", "next_pair": "weights",
    "previous_pair": "weights", "next_image": "weights", "compare": "specification",
}  # fmt: skip
"""View in which an action is there; the others are in all."""


class RunScreen(CurvesActions, L2TScreen):
    """A run, or with `alone` the mean of all runs of its cell."""

    NAME = "run"
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    RunScreen #panes { height: 1fr; }
    RunScreen CurvesPane, RunScreen ContentSwitcher { width: 1fr; height: 1fr; }
    RunScreen.wide ContentSwitcher { border-left: solid $panel; }
    """

    def __init__(self, run: str, alone: bool = False) -> None:
        super().__init__()
        self._run = run
        self._alone = alone
        self._row: RunRow | None = None
        self._now = 0.0
        self._waits: str | None = None
        self._overlaid = alone
        self._sought = ""
        self._other: str | None = None
        self._wide = False
        self._chosen = VIEWS[0]

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield Static("", classes="foot", id="about", markup=False)
        with Horizontal(id="panes"):
            yield CurvesPane(id=VIEWS[0])
            with ContentSwitcher(initial=VIEWS[1]):
                yield WeightsPane(self._run, id=VIEWS[1])
                yield Log(id=VIEWS[2])
                yield Table(SPEC_HEADS, "nothing differs", id=VIEWS[3])

    def on_mount(self) -> None:
        if not self._alone and self.l2t.memory.run_view in VIEWS:
            self._chosen = self.l2t.memory.run_view
        self._curves.remember_in(self.l2t.memory, self.l2t.ink)
        self._turn(0)

    def on_resize(self, event: events.Resize) -> None:
        if self._wide != (event.size.width >= WIDE):
            self._wide = event.size.width >= WIDE
            self.set_class(self._wide, "wide")
            self._turn(0)

    @property
    def _views(self) -> tuple[str, ...]:
        """What the view is chosen from: where the curves stay, what is beside them."""
        return VIEWS[1:] if self._wide else VIEWS

    @property
    def _shown(self) -> tuple[str, ...]:
        """The views in sight, the chosen one last."""
        if not self._wide:
            return (self._chosen,)
        return VIEWS[0], self._chosen if self._chosen in self._views else self._views[0]

    def view(self) -> RunView:
        cell = self._row.cell if self._row is not None and self._overlaid else None
        inner: dict[str, View] = {
            "curves": CurvesView(self._run, cell, self._alone),
            "weights": self.query_one(WeightsPane).view,
            "log": LogView(self._run),
            "specification": SpecView(self._run, self._other),
        }
        return RunView(self._run, tuple(inner[name] for name in self._shown))

    def show(self, frame: Frame) -> None:
        data = frame.data
        if not isinstance(data, RunData):
            return
        first, self._row, self._now, self._waits = self._row is None, data.row, data.now, data.waits
        self._head(data.row)
        for shown in data.shown:
            if isinstance(shown, CurvesData):
                self._curves.show(shown, float(data.row.epochs))
            elif isinstance(shown, WeightsData):
                self.query_one(WeightsPane).show(shown)
            elif isinstance(shown, LogData):
                self.query_one(Log).show(shown.lines, self._log_head(shown))
            elif isinstance(shown, SpecData):
                self._specify(shown)
        if first and self._alone:
            self.watch_anew()

    def _log_head(self, data: LogData) -> str:
        if not data.lines:
            return "No log: it was never begun."
        return f"the end of {size(data.bytes)}; all of it: l2t logs {self._run}" if data.cut else ""

    def _specify(self, data: SpecData) -> None:
        heads: tuple[Head, ...] = SPEC_HEADS
        if data.other is not None:
            heads = (Head("setting", narrow=24), Head("this run", narrow=22), Head(data.other, narrow=24))
        table = self.query_one(Table)
        lines = [
            Line(name, (name, value) if other is None else (name, value, other)) for name, value, other in data.rows
        ]
        table.head(heads)
        table.fill(0, lines, len(lines))

    def _head(self, row: RunRow) -> None:
        source = f" ← {row.source}" if row.source else ""
        seed = "all seeds" if self._alone else f"seed {row.seed}"
        what = f"{row.method}, {dataset_title(row.dataset)}, {counted(row.shots, 'shot')}, {seed}"
        views = "  ".join(f"[{name}]" if name in self._shown else name for name in VIEWS)
        self.query_one("#title", Static).update(printable(f"{what}, {row.target}{source}"), layout=False)
        lost = is_lost(row, self._now)
        state = f"waits for {self._waits}" if self._waits else said(row, lost, self._now)
        if row.state is State.RUNNING:
            still = None if lost else left(row, self._now)
            state += f", {'' if lost else 'epoch '}{row.epoch}/{row.epochs}"
            state += f", {duration(still)} left" if still is not None else ""
        elif row.accuracy is not None:
            state += f", {percent(row.accuracy)} %, took {duration(row.seconds)}"
        elif row.message:
            state += f" ({row.message})"
        self.query_one("#about", Static).update(printable(f"{views}   {state}"), layout=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ONLY and ONLY[action] not in self._shown:
            return False
        return super().check_action(action, parameters)

    def action_next_view(self) -> None:
        self._turn(1)

    def action_previous_view(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        """Show the view that is `by` further, and move the focus there."""
        views, chosen = self._views, self._shown[-1]
        if by:
            self._chosen = self.l2t.memory.run_view = chosen = views[(views.index(chosen) + by) % len(views)]
        switcher = self.query_one(ContentSwitcher)
        self._curves.display = VIEWS[0] in self._shown
        switcher.display = chosen != VIEWS[0]
        if chosen == VIEWS[0]:
            self.set_focus(None)
        else:
            switcher.current = chosen
            shown: Widget = self.query_one(f"#{chosen}")
            (shown if shown.can_focus else shown.query("Drawn").first()).focus()
        if self._row is not None:
            self._head(self._row)
        self.refresh_bindings()
        self.watch_anew()

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
        log = self.query_one(Log)
        log.follow(not log.follows)

    def action_search(self) -> None:
        def chosen(text: str | None) -> None:
            if text is not None:
                self._sought = text
                self._seek(1)

        self.ask(Prompt("Find in the log", self._sought), chosen)

    def action_next_match(self) -> None:
        self._seek(1)

    def action_previous_match(self) -> None:
        self._seek(-1)

    def _seek(self, by: int) -> None:
        if not self.query_one(Log).find(self._sought, by) and self._sought:
            text = f"not in the log: {printable(self._sought)}"
            self.notify(text, severity="warning", markup=False, timeout=3)

    def on_table_opened(self, message: Table.Opened) -> None:
        """A value that is too long for its column."""
        line = self.query_one(Table).line
        if line is not None:
            self.notify("\n".join(line.cells[1:]), title=message.key, markup=False, timeout=10)

    def action_compare(self) -> None:
        def chosen(text: str | None) -> None:
            if text is None:
                return
            if not text.strip():
                self._compare(None)
                return
            self.read(lambda store: store.run(text.strip()).row.id, self._compare)

        hint = "its id, as this view and l2t ls show it, or the beginning; empty: none"
        self.ask(Prompt("Compare with run", "", hint), chosen)

    def _compare(self, other: str | None) -> None:
        self._other = other
        self.watch_anew()
