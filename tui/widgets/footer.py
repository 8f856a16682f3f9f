"""The line at the bottom: what the keys do here. Drawn as one line: Textual's own makes a widget for every key, anew
whenever a binding comes or goes, and that took as long as all the rest of an answer."""

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget


class Entry(NamedTuple):
    """A key of the footer."""

    key: str
    """As Textual names it."""
    shown: str
    """As it stands on the keyboard."""
    title: str
    help: str
    enabled: bool
    everywhere: bool
    """Whether it is the same on all screens: such keys stay where there is no room for all."""


class Footer(Widget):
    """Keys and titles of the bindings that are shown; a click presses the key, the pointer shows its help."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--title"}
    DEFAULT_CSS = """
    Footer { height: 1; dock: bottom; background: $panel; color: $footer-foreground; }
    Footer .footer--key { background: $panel; color: $footer-key-foreground; text-style: bold; }
    Footer .footer--title { background: $panel; color: $footer-description-foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._places: list[tuple[int, int, Entry]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        """Draw the keys of now, where they are others."""
        if not screen.app.app_focus:
            return
        found: dict[str, Entry] = {}
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            if binding.show:
                shown = self.app.get_key_display(binding)
                entry = Entry(binding.key, shown, binding.description, tooltip, enabled, node is self.app)
                found.setdefault(binding.action, entry)
        if self._entries != [*found.values()]:
            self._entries = [*found.values()]
            self.refresh()

    def render(self) -> Text:
        key, title = (self.get_component_rich_style(f"footer--{part}") for part in ("key", "title"))
        text = Text(no_wrap=True, overflow="crop")
        self._places = []
        for entry in self._fitting():
            start = cell_len(text.plain)
            text.append(entry.shown, key if entry.enabled else "dim")
            text.append(f" {entry.title}", title if entry.enabled else "dim")
            self._places.append((start, cell_len(text.plain), entry))
            text.append(" ")
        return text

    def _fitting(self) -> list[Entry]:
        """The entries for which there is room: the last of the screen's own are left out first."""
        entries = list(self._entries)
        while sum(cell_len(f"{entry.shown} {entry.title} ") for entry in entries) - 1 > self.size.width:
            own = [index for index, entry in enumerate(entries) if not entry.everywhere]
            if not own:
                break
            del entries[own[-1]]
        return entries

    def _under(self, event: events.MouseEvent) -> Entry | None:
        return next((entry for start, end, entry in self._places if start <= event.x < end), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        entry = self._under(event)
        self.tooltip = entry.help if entry else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        entry = self._under(event)
        if entry is not None:
            self.app.simulate_key(entry.key)
