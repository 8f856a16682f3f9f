"""A plot of one quantity of what was read at a time, and the actions that look at it."""

from collections.abc import Sequence

from textual.screen import Screen

from l2t.printable import printable
from tui.curves import Group, groups
from tui.memory import Memory
from tui.run_views import CurvesData
from tui.widgets.plot import SMOOTHING, Curve, Drawing, Plot
from tui.widgets.scale import Ink

EMPTY = "No epoch is done yet: curves begin with the first."


class CurvesPane(Plot):
    """Draws curves; what was chosen to be seen is kept in `memory`. apart: each metric has a plot of its own."""

    def __init__(self, apart: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._apart = apart
        self._data: CurvesData | None = None
        self._until = 0.0
        self._memory = Memory()

    def remember_in(self, memory: Memory, ink: Ink) -> None:
        """Look as it was looked last."""
        self._memory, self.ink = memory, ink
        self.look.log, self.look.smoothing = memory.log_scale, memory.smoothing % len(SMOOTHING)

    def show(self, data: CurvesData, until: float) -> None:
        """Draw what was read. until: the last epoch there will be."""
        self._data, self._until = data, until
        self._draw()

    def next_quantity(self) -> None:
        """The next plot, whole."""
        found = self._groups()
        if found:
            self._memory.plot = found[(self._place(found) + 1) % len(found)].title
            self.reset()
            self._draw()

    def toggle_log(self) -> None:
        super().toggle_log()
        self._memory.log_scale = self.look.log

    def next_smoothing(self) -> None:
        super().next_smoothing()
        self._memory.smoothing = self.look.smoothing

    def _groups(self) -> list[Group]:
        found = groups(self._data.curves) if self._data is not None else ()
        if not self._apart:
            return list(found)
        return [
            Group(f"{group.title}: {title}" if len(group.names) > 1 else group.title, group.units, {name: title})
            for group in found
            for name, title in group.names.items()
        ]

    def _place(self, found: Sequence[Group]) -> int:
        """Which of them was chosen last, here or, under a like title, on a screen with other plots."""
        wanted = self._memory.plot
        titles = [group.title for group in found]
        alike = (at for at, title in enumerate(titles) if title.partition(":")[0] == wanted.partition(":")[0])
        return titles.index(wanted) if wanted in titles else next(alike, 0)

    def _draw(self) -> None:
        found = self._groups()
        if self._data is None or not found:
            self.draw(Drawing(empty=EMPTY))
            return
        group = found[self._place(found)]
        curves = []
        for name, title in group.names.items():
            for curve in self._data.curves[name]:
                named = len(group.names) > 1 or not curve.name
                label = " ".join(part for part in (title if named else "", curve.name) if part)
                curves.append(Curve(printable(label), curve.xs, curve.ys, curve.band))
        self.draw(Drawing(tuple(curves), group.title, group.units, self._until))


class CurvesActions(Screen[None]):
    """The methods of the actions on a plot, for screens that have one."""

    @property
    def _curves(self) -> CurvesPane:
        return self.query_one(CurvesPane)

    def action_next_plot(self) -> None:
        self._curves.next_quantity()

    def action_log_scale(self) -> None:
        self._curves.toggle_log()

    def action_smooth(self) -> None:
        self._curves.next_smoothing()

    def action_zoom_in(self) -> None:
        self._curves.zoom(0.5)

    def action_zoom_out(self) -> None:
        self._curves.zoom(2.0)

    def action_pan_left(self) -> None:
        self._curves.pan(-0.25)

    def action_pan_right(self) -> None:
        self._curves.pan(0.25)

    def action_cursor_left(self) -> None:
        self._curves.move(-1)

    def action_cursor_right(self) -> None:
        self._curves.move(1)

    def action_whole(self) -> None:
        self._curves.reset()
