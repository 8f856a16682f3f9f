"""A line of epochs with a handle: which of those that were kept is shown."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui.widgets.drawn import FAINT, PLAIN, STRONG, Drawn, Piece


class Scrubber(Drawn):
    """Epochs evenly spaced on one line, and a line of words under it. Without focus: its screen has the keys."""

    class Chosen(Message):
        """An epoch was clicked."""

        def __init__(self, scrubber: "Scrubber", epoch: int) -> None:
            self.scrubber, self.epoch = scrubber, epoch
            super().__init__()

        @property
        def control(self) -> "Scrubber":
            return self.scrubber

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._epochs: tuple[int, ...] = ()
        self._epoch: int | None = None
        self._words = ""

    def show(self, epochs: Sequence[int], epoch: int | None, words: str) -> None:
        """Draw the handle at one of the epochs; words: what stands under the line."""
        self._epochs, self._epoch, self._words = tuple(epochs), epoch, words
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and self._epochs:
            near = min(range(len(self._epochs)), key=lambda at: abs(self._column(at) - place.x))
            self.post_message(self.Chosen(self, self._epochs[near]))

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        words: list[list[Piece]] = [[(self._words[:width], PLAIN)]]
        if not self._epochs or width < 2:
            return words
        track = ["─"] * width
        for at in range(len(self._epochs)):
            track[self._column(at)] = "┴"
        if self._epoch not in self._epochs:
            return [[("".join(track), FAINT)], *words]
        handle = self._column(self._epochs.index(self._epoch))
        return [[("".join(track[:handle]), STRONG), ("◆", STRONG), ("".join(track[handle + 1 :]), FAINT)], *words]

    def _column(self, at: int) -> int:
        return round(at * (self.size.width - 1) / max(len(self._epochs) - 1, 1))
