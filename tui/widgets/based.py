"""The style beneath all lines of a widget that draws them itself."""

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Based(Widget):
    """Puts `base` together once for all lines that are drawn: Textual's `rich_style` walks through all ancestors, and
    asked for each line it took a tenth of an answer to a key."""

    base: Style
    """Colours of the widget, while its lines are drawn."""

    def render_lines(self, crop: Region) -> list[Strip]:
        self.base = self.rich_style
        return super().render_lines(crop)
