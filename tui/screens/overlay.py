"""Curves of several runs, laid over one another."""

from textual.app import ComposeResult
from textual.widgets import Static

from l2t.printable import printable
from tui.feed import Frame
from tui.screen import L2TScreen
from tui.screens.curves_pane import CurvesActions, CurvesPane
from tui.screens.run import ONLY
from tui.several import SeveralData, SeveralView


class OverlayScreen(CurvesActions, L2TScreen):
    """One curve for each run, or their mean; the keys are those of a run's curves. order: which of them come first."""

    NAME = "run"
    AUTO_FOCUS = ""

    def __init__(self, ids: frozenset[str], order: str) -> None:
        super().__init__()
        self._view = SeveralView(ids, order)

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield Static("", classes="foot", id="about", markup=False)
        yield CurvesPane(apart=True)

    def on_mount(self) -> None:
        self._curves.remember_in(self.l2t.memory, self.l2t.ink)

    def view(self) -> SeveralView:
        return self._view

    def show(self, frame: Frame) -> None:
        if isinstance(frame.data, SeveralData):
            several = frame.data.several
            self.query_one("#title", Static).update(printable(several.title or "different runs"))
            self.query_one("#about", Static).update(several.said)
            self._curves.show(frame.data.curves, float(frame.data.epochs))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return ONLY.get(action) == "curves" and action != "overlay"
