"""A list beside a line of text: what may stand there, what of it does, and where the cursor is."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from l2t.words import width as columns
from tui.widgets.drawn import CHOSEN, FAINT, PLAIN, STRONG, Drawn, Piece, longest, window

WORDS = 18
"""Columns below which the words of entries are left out: each would be cut after a word or two."""


@dataclass(frozen=True)
class Shown:
    """One line of the list."""

    name: str
    words: str
    """What it is, in a few words."""
    taken: bool = False
    """Whether it stands in the line."""


class Choices(Drawn):
    """The list. Without focus: the line of text has the keys."""

    class Picked(Message):
        """An entry was clicked."""

        def __init__(self, at: int) -> None:
            self.at = at
            super().__init__()

    class Turned(Message):
        """The wheel was turned over it: by this many entries."""

        def __init__(self, by: int) -> None:
            self.by = by
            super().__init__()

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: tuple[Shown, ...] = ()
        self._cursor: int | None = None
        self._first = 0

    def show(self, entries: Sequence[Shown], cursor: int | None) -> None:
        """Draw these, with the cursor on one of them or on none."""
        if (tuple(entries), cursor) == (self._entries, self._cursor):
            return
        if [entry.name for entry in entries] != [entry.name for entry in self._entries]:
            self._first = 0
        self._entries, self._cursor = tuple(entries), cursor
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and 0 <= (at := self._first + place.y) < len(self._entries):
            self.post_message(self.Picked(at))

    def on_mouse_scroll_down(self) -> None:
        self.post_message(self.Turned(1))

    def on_mouse_scroll_up(self) -> None:
        self.post_message(self.Turned(-1))

    def lines(self, width: int, height: int) -> list[list[Piece]]:
        shown = min(height, len(self._entries))
        self._first = window(
            self._cursor or 0, self._first if self._cursor is not None else 0, shown, len(self._entries)
        )
        names = min(longest([entry.name for entry in self._entries]), max(width - 8, 8))
        room = width - names - 6
        above, below = self._first > 0, self._first + shown < len(self._entries)
        drawn = []
        for row, entry in enumerate(self._entries[self._first : self._first + shown]):
            more = "↑" if above and row == 0 else "↓" if below and row == shown - 1 else " "
            mark = "✓" if entry.taken else " "
            name = f"{cut(entry.name, names)} ".ljust(names + 1)
            words = cut(entry.words, room) if room >= WORDS else ""
            style = CHOSEN if self._first + row == self._cursor else STRONG if entry.taken else PLAIN
            drawn.append([(f"{more} ", FAINT), (f"{mark} {name}", style), (f" {words}", FAINT)])
        return drawn


def cut(text: str, room: int) -> str:
    """As much of the text as fits, with "…" where something is left out."""
    if columns(text) <= room:
        return text
    while text and columns(text) >= room:
        text = text[:-1]
    return f"{text.rstrip()}…" if room > 0 else ""
