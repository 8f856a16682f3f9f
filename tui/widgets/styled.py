"""Lines that are styled as on a terminal, of which only the visible ones are read and drawn; scrolled both ways."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.actions import TABLES, bindings, of
from tui.report import columns, pieces
from tui.widgets.based import Based


class Styled(ScrollView, Based, can_focus=True):
    """The text of a command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding for action, binding in zip(of(TABLES), bindings(TABLES), strict=True) if action.id != "open"
    ]
    DEFAULT_CSS = """
    Styled { height: 1fr; overflow-x: auto; overflow-y: scroll; scrollbar-size: 1 1; }
    """

    class Resized(Message):
        """It has room for other lines now."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[str, ...] = ()

    @property
    def room(self) -> int:
        """Columns that a line may take."""
        return self.scrollable_content_region.width

    def show(self, lines: Sequence[str], anew: bool) -> None:
        """These are its lines. anew: other ones, read from their beginning."""
        self._lines = tuple(lines)
        self.virtual_size = Size(max(map(columns, self._lines), default=0), len(self._lines))
        if anew:
            self.scroll_to(0, 0, animate=False, force=True, immediate=True)
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self.base
        left, top = self.scroll_offset
        if not 0 <= y + top < len(self._lines):
            return Strip.blank(width, base)
        segments = [Segment(text, base + style) for text, style in pieces(self._lines[y + top])]
        return Strip(segments).crop(left, left + width).adjust_cell_length(width, base)

    def action_up(self) -> None:
        self._move(-1)

    def action_down(self) -> None:
        self._move(1)

    def action_left(self) -> None:
        self._move(0, -8)

    def action_right(self) -> None:
        self._move(0, 8)

    def action_page_up(self) -> None:
        self._move(1 - self.scrollable_content_region.height)

    def action_page_down(self) -> None:
        self._move(self.scrollable_content_region.height - 1)

    def action_first(self) -> None:
        self._move(-len(self._lines))

    def action_last(self) -> None:
        self._move(len(self._lines))

    def _move(self, down: int, right: int = 0) -> None:
        x, y = self.scroll_offset
        self.scroll_to(x + right, y + down, animate=False, force=True, immediate=True)
