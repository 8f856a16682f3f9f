"""A run's meta-weights: λ of all pairs, w and γ of one of them, γ on the probe's images, over the epochs."""

from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from l2t.printable import printable
from l2t.store.meta_weights import Grid
from tui.actions import TABLES, bindings, of
from tui.weights_view import WeightsData, WeightsView
from tui.widgets.bars import Bars
from tui.widgets.drawn import Drawn
from tui.widgets.heat import Heat
from tui.widgets.maps import Maps
from tui.widgets.picture import Picture
from tui.widgets.scale import Ink
from tui.widgets.scrubber import Scrubber

STEP = 0.4
"""Seconds between two epochs while it plays."""
PANELS = ("bars", "maps", "picture")
"""Of which one at a time is shown where there is no room for all."""
WIDE = (100, 30)
"""Columns and lines from which there is."""


class WeightsPane(Container):
    """Shows what `view` reads; posts `Changed` when that is another one. Its methods are the actions of "run"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding
        for action, binding in zip(of(TABLES), bindings(TABLES), strict=True)
        if action.id == "open"
    ]  # fmt: skip
    DEFAULT_CSS = """
    WeightsPane { layout: grid; grid-size: 2 2; grid-rows: 1fr 3; grid-columns: 1fr 1fr; grid-gutter: 0 1; }
    WeightsPane.wide { grid-size: 2 3; grid-rows: 1fr 1fr 3; }
    WeightsPane > Drawn { width: 1fr; height: 1fr; border-top: solid $panel; border-title-color: $text-muted; }
    WeightsPane > Drawn:focus { border-top: heavy $primary; border-title-color: $foreground; }
    WeightsPane > Scrubber { column-span: 2; border-top: none; height: 3; padding-top: 1; }
    WeightsPane > #note { column-span: 2; display: none; padding: 1 2; }
    WeightsPane.empty > Drawn { display: none; }
    WeightsPane.empty > #note { display: block; }
    """

    class Changed(Message):
        """Another epoch or image is wanted: `pane.view` says which."""

        def __init__(self, pane: "WeightsPane") -> None:
            self.pane = pane
            super().__init__()

        @property
        def control(self) -> "WeightsPane":
            return self.pane

    def __init__(self, run: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view = WeightsView(run)
        """What the feed is to read for it."""
        self._data = WeightsData("Reading …")
        self._pair = ""
        self._ranges: dict[str, tuple[float | None, float | None]] = {}
        self._panel = 0
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Heat(id="heat")
        yield Bars(id="bars")
        yield Maps(id="maps")
        yield Picture(id="picture")
        yield Scrubber(id="scrubber")
        yield Static(id="note", markup=False)

    def on_mount(self) -> None:
        ink: Ink = getattr(self.app, "ink", Ink.COLOUR)
        for widget in self.query(Drawn):
            widget.ink = ink
        self.show(self._data)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE[0] and event.size.height >= WIDE[1], "wide")
        self._fold()

    def on_hide(self) -> None:
        self._stop()

    def show(self, data: WeightsData) -> None:
        """Draw what was read."""
        if data.note or self._data.note:  # else the screen would be laid out anew for nothing
            self.set_class(bool(data.note), "empty")
            self.query_one("#note", Static).update(printable(data.note))
        self._data = data
        if data.note or data.weights is None:
            self._stop()
            return
        if self._pair not in data.pairs:
            self._pair = data.pairs[0]
        self._draw()

    def next_epoch(self) -> None:
        self._step(1)

    def previous_epoch(self) -> None:
        self._step(-1)

    def play(self) -> None:
        """Run through the epochs, from the first where the last is shown; or stop."""
        if self._timer is not None:
            self._stop()
        elif len(self._data.epochs) > 1:
            if self._data.epoch == self._data.epochs[-1]:
                self._want(self._data.epochs[0], self._data.image)
            self._timer = self.set_interval(STEP, self._play_on)
        self._scrubbed()

    def next_pair(self) -> None:
        self._turn(1)

    def previous_pair(self) -> None:
        self._turn(-1)

    def next_image(self) -> None:
        """The mean, then each image of the probe."""
        image = self._data.image
        following = 0 if image is None else image + 1
        self._want(self.view.epoch, following if following < len(self._data.images) else None)

    def action_open(self) -> None:
        """From the pair to its channels, their maps, the picture, and back."""
        focused = getattr(self.screen.focused, "id", None) or ""
        if self.has_class("wide"):
            following = {"heat": "bars", "bars": "maps"}.get(focused, "heat")
        elif focused == "heat" and PANELS[self._panel] != "picture":
            following = PANELS[self._panel]
        else:
            self._panel = (self._panel + 1) % len(PANELS)
            following = PANELS[self._panel] if PANELS[self._panel] != "picture" else "heat"
            self._fold()
            self._titles()
        self.query_one(f"#{following}").focus()

    def on_heat_chosen(self, event: Heat.Chosen) -> None:
        event.stop()
        sources, targets = self._ends()
        pair = f"{sources[event.row]}-{targets[event.column]}"
        if pair in self._data.pairs:
            self._pair = pair
            self._draw()

    def on_bars_chosen(self, event: Bars.Chosen) -> None:
        event.stop()
        self.query_one(Maps).choose(event.channel)
        self._lay()

    def on_maps_chosen(self, event: Maps.Chosen) -> None:
        event.stop()
        self.query_one(Bars).choose(event.channel)
        self._lay()

    def on_scrubber_chosen(self, event: Scrubber.Chosen) -> None:
        event.stop()
        self._want(event.epoch, self._data.image)

    def _want(self, epoch: int | None, image: int | None) -> None:
        view = WeightsView(self.view.run, epoch, image, self.view.kept)
        if view != self.view:
            self.view = view
            self.post_message(self.Changed(self))

    def _step(self, by: int) -> None:
        epochs, epoch = self._data.epochs, self._data.epoch
        if epoch is None or epoch not in epochs:
            return
        at = min(max(epochs.index(epoch) + by, 0), len(epochs) - 1)
        # At the newest it follows those that are still to come.
        self._want(None if at == len(epochs) - 1 else epochs[at], self._data.image)

    def _play_on(self) -> None:
        if self._data.epoch == self._data.epochs[-1] and self.view.epoch is None:
            self._stop()
            self._scrubbed()
        else:
            self._step(1)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _turn(self, by: int) -> None:
        pairs = self._data.pairs
        if pairs:
            self._pair = pairs[(pairs.index(self._pair) + by) % len(pairs)]
            self._draw()

    def _ends(self) -> tuple[list[int], list[int]]:
        ends = [tuple(map(int, pair.split("-"))) for pair in self._data.pairs]
        return sorted({source for source, _ in ends}), sorted({target for _, target in ends})

    def _draw(self) -> None:
        weights = self._data.weights
        if weights is None:
            return
        sources, targets = self._ends()
        matrix = weights.layer_weights()
        values = matrix.values if matrix else [[None] * len(targets)] * len(sources)
        heat, bars, maps = self.query_one(Heat), self.query_one(Bars), self.query_one(Maps)
        names = ("source", "target", "λ" if matrix else "no λ")
        histories = {}
        for pair, history in self._data.layers.items():
            row, column = map(int, pair.split("-"))
            histories[sources.index(row), targets.index(column)] = history
        rows, columns = [str(each) for each in sources], [str(each) for each in targets]
        heat.show(rows, columns, values, names=names, histories=histories)
        source, target = map(int, self._pair.split("-"))
        with heat.prevent(Heat.Chosen):
            heat.choose(sources.index(source), targets.index(target))
        channels, grids = weights.channel_weights(self._pair) or (), weights.position_weights(self._pair) or ()
        bars.empty = f"Pair {self._pair} has no channel weights w."
        maps.empty = f"Pair {self._pair} has no position weights γ."
        bars.show(channels)
        order = [channel for channel in bars.order if channel < len(grids)] or range(len(grids))
        low, high = self._range(grids)
        maps.show([(channel, grids[channel]) for channel in order], name="γ", low=low, high=high)
        if bars.channel is not None:
            maps.choose(bars.channel)
        self._lay()
        self._scrubbed()

    def _lay(self) -> None:
        """The picture, under the γ of the chosen channel."""
        picture, channel, data = self.query_one(Picture), self.query_one(Maps).channel, self._data
        grids = data.weights.position_weights(self._pair) if data.weights else None
        image = data.images[data.image or 0]
        grid = grids[channel] if grids and channel is not None else None
        low, high = self._range(grids or ())
        picture.show(image.width, image.height, image.rgb, grid, name="γ", low=low, high=high)
        self._titles()

    def _range(self, grids: Sequence[Grid]) -> tuple[float | None, float | None]:
        """Least and greatest γ of the pair at all epochs that were shown: the colours mean the same from one epoch to
        the next, once it has played through."""
        values = [value for grid in grids for line in grid for value in line if isfinite(value)]
        low, high = self._ranges.get(self._pair, (None, None))
        if values:
            low = min(values) if low is None else min(low, *values)
            high = max(values) if high is None else max(high, *values)
            self._ranges[self._pair] = (low, high)
        return low, high

    def _titles(self) -> None:
        data, channel = self._data, self.query_one(Maps).channel
        image = data.image or 0
        folded = "" if self.has_class("wide") else " · enter: next"
        laid = "" if channel is None else f", γ of #{channel}"
        label = f", class {data.images[image].label}" if data.images else ""
        titles = {
            "heat": "λ of the pairs of layers",
            "bars": f"w of pair {self._pair}{folded}",
            "maps": f"γ of pair {self._pair}{folded}",
            "picture": f"image {image + 1}{label}{laid}{folded}",
        }
        for name, title in titles.items():
            self.query_one(f"#{name}", Widget).border_title = title

    def _scrubbed(self) -> None:
        data = self._data
        shown = "mean of the probe" if data.image is None else f"image {data.image + 1} of {len(data.images)}"
        state = "▶ " if self._timer is not None else ""
        words = f"{state}epoch {data.epoch} of 0–{max(data.epochs, default=0)}, pair {self._pair}, {shown}"
        if data.skipped:
            words += f", {len(data.skipped)} skipped: {printable(data.skipped[0])}"
        self.query_one(Scrubber).show(data.epochs, data.epoch, words)

    def _fold(self) -> None:
        for at, name in enumerate(PANELS):
            self.query_one(f"#{name}").display = self.has_class("wide") or at == self._panel
