"""The style beneath all lines of a widget that draws them itself."""

from typing import TYPE_CHECKING, cast

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from tui.app import L2TApp


class Based(Widget):
    """Puts `base` together once for all lines that are drawn: Textual's `rich_style` walks through all ancestors, and
    asked for each line it took a tenth of an answer to a key."""

    base: Style
    """Colours of the widget, while its lines are drawn."""

    def render_lines(self, crop: Region) -> list[Strip]:
        self.base = self.rich_style
        try:
            return super().render_lines(crop)
        except Exception as error:  # a fault of ours leaves it blank, and does not end the app
            self.app.call_later(cast("L2TApp", self.app).tell, error)
            return [Strip.blank(crop.width, self.base)] * crop.height
