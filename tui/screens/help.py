"""The `?` screen: all keys, made from the registry of actions."""

from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import EVERYWHERE, TABLES, Action, of

HELP = 38
"""Characters of a line of help beside key and title."""
TITLES = {TABLES: "Tables", EVERYWHERE: "Everywhere"}


class HelpScreen(ModalScreen[None]):
    """The keys of one screen, of tables, and of all screens."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "Close")]

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box") as box:
            box.border_title = "Keys — Escape closes"
            yield Static(self._text(), markup=False)

    def _text(self) -> Text:
        text = Text()
        for where in dict.fromkeys((self._where, TABLES, EVERYWHERE)):
            actions = of(where)
            if actions:
                text.append(f"{TITLES.get(where, where.capitalize())}\n", style="bold")
                for action in actions:
                    text.append(f"  {self._keys(action):<16}", style="bold")
                    first, *rest = wrap(action.help, HELP) or [""]
                    text.append(f"{action.title:<15} {first}\n")
                    text.append("".join(f"{'':<34}{line}\n" for line in rest))
                text.append("\n")
        text.append("Keys can be changed in keymap.toml in the home: queue = 'Q'. Names: ", style="dim")
        text.append(", ".join(action.id for action in of(self._where)), style="dim")
        return text

    def _keys(self, action: Action) -> str:
        keys = self.app._keymap.get(action.id, action.keys)
        return " ".join(self.app.get_key_display(Binding(key.strip(), "")) for key in keys.split(","))
