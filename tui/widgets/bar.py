"""The line at the top: where one is, how many runs are in which state, and what is wrong."""

import textwrap

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.widget import Widget

from l2t.printable import printable
from l2t.store.state import State
from l2t.words import duration
from tui.feed import Frame
from tui.words import SYMBOLS

TABS = {"matrix": "1 Matrix", "queue": "2 Queue", "sweep": "3 New", "devices": "4 Devices", "report": "5 Report"}
SHOWN = (State.RUNNING, State.QUEUED, State.PAUSED, State.DONE, State.FAILED)


class Bar(Widget):
    """Tabs on the left, the state of the home on the right; a problem takes its place. A click on a tab goes there."""

    DEFAULT_CSS = """
    Bar { height: 1; dock: top; background: $panel; color: $foreground; }
    """

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._frame: Frame | None = None
        self._frozen = False
        self._places: list[tuple[int, int, str]] = []

    def show(self, frame: Frame, frozen: bool) -> None:
        """Draw the state of a frame, where it differs from what stands there."""
        before = self._frame and self._words(self._frame, self._frozen)
        self._frame, self._frozen = frame, frozen
        lines = _wrapped(frame.problem, self.size.width) if frame.problem else []
        self.styles.height = 1 + len(lines)
        if lines or before != self._words(frame, frozen):
            self.refresh()

    def render(self) -> Text:
        wide = self.size.width >= 100  # narrower, tabs share the blank between them, and the runs get the room
        text = Text(" l2t " if wide else "", style=Style(bold=True), no_wrap=True, overflow="crop")
        self._places = []
        for name, title in TABS.items():
            start = cell_len(text.plain)
            if self.size.width < 70:
                title = title.partition(" ")[0]
            title = title if text.plain.endswith(" ") and not wide else f" {title}"
            title += " " if wide or name == self._where else ""
            text.append(title, style=Style(reverse=name == self._where, bold=name == self._where))
            self._places.append((start, cell_len(text.plain), name))
        problem = self._frame.problem if self._frame else None
        right = self._words(self._frame, self._frozen) if self._frame else "looking …"
        room = self.size.width - cell_len(text.plain) - 1
        if cell_len(right) > room:
            right = right[: max(room - 1, 0)] + "…" if room > 1 else ""
        text.append(" " * max(self.size.width - cell_len(text.plain) - cell_len(right), 1))
        text.append(right)
        if problem is not None:
            text.append("\n" + "\n".join(_wrapped(problem, self.size.width)), style=Style(bold=True, reverse=True))
        return text

    def on_click(self, event: events.Click) -> None:
        for start, end, name in self._places:
            if start <= event.x < end:
                self.app.call_later(self.app.switch_mode, name)

    def _words(self, frame: Frame, frozen: bool) -> str:
        if frame.problem is not None:
            return ("frozen  " if frozen else "") + "cannot be read "
        parts = [f"{SYMBOLS[state]} {frame.counts[state]:,}" for state in SHOWN if frame.counts[state]]
        overview = frame.overview
        if overview is not None:
            before = sum(job.kind != "run" for job in overview.running)  # else nothing would seem to be done
            parts[:0] = [f"{before} made first"] if before else []
            known = [progress.eta for progress in overview.sweeps if progress.eta is not None]
            if overview.holder is None:
                parts.append("no supervisor" if frame.counts[State.QUEUED] else "idle")
            elif overview.problem:
                parts.append("paused: " + printable(overview.problem))
            elif overview.doing == "draining":
                parts.append("ends after these")
            elif known:
                parts.append(f"~{duration(sum(known))}")
        return ("frozen  " if frozen else "") + "  ".join(parts) + " "


def _wrapped(problem: str, width: int) -> list[str]:
    """The lines of a problem, each as wide as the screen."""
    lines = textwrap.wrap(printable(problem), max(width - 2, 10))
    return [f" {line}".ljust(width) for line in lines]
