"""Small questions in front of a screen: a line of text, or yes and no."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class Prompt(ModalScreen[str | None]):
    """A line of text; None where it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]
    DEFAULT_CSS = """
    Prompt Input { width: 1fr; background: $panel; }
    """

    def __init__(self, title: str, value: str = "", hint: str = "") -> None:
        super().__init__()
        self._title, self._value, self._hint = title, value, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = self._title
            line = Input(self._value, select_on_focus=False, compact=True)
            line.cursor_blink = False
            yield line
            yield Static(self._hint, markup=False, classes="foot")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if self.is_current:  # enter twice is told twice
            self.dismiss(message.value)


class Confirm(ModalScreen[bool]):
    """A question that only `y` answers with yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,enter,q", "answer(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(self._question, markup=False)
            yield Static("y  yes      n  no", markup=False, classes="foot")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
