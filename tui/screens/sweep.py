"""A new sweep: a form over the options of `l2t run`, what it would take, and the command line that does the same."""

import json
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.suggester import SuggestFromList
from textual.timer import Timer
from textual.widgets import Input, Static

from l2t.printable import printable
from tui.command import Answer, answer
from tui.screen import L2TScreen
from tui.sweep import FIELDS, Field, arguments, command_line, known_names, told

PAUSE = 0.6
"""Seconds without a key after which the form is looked at."""


class FieldInput(Input):
    """A line of the form."""

    def __init__(self, field: Field, value: str) -> None:
        names = known_names(field.names)
        super().__init__(value, id=field.option, suggester=SuggestFromList(names) if names else None)
        self.field = field
        self.cursor_blink = False
        self.select_on_focus = False

    def on_focus(self, event: events.Focus) -> None:
        self.screen.query_one("#hint", Static).update(_hint(self.field))


class SweepScreen(L2TScreen):
    """The form."""

    NAME = "sweep"
    # With priority: what is typed right behind an arrow belongs to the next field, however slow the line.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next field", show=False, priority=True),
        Binding("up", "app.focus_previous", "Field before", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SweepScreen #form { width: 1fr; min-width: 44; }
    SweepScreen .row { height: 1; }
    SweepScreen .label { width: 11; padding: 0 1; color: $foreground; }
    SweepScreen FieldInput { height: 1; border: none; padding: 0; background: $surface; width: 1fr; }
    SweepScreen FieldInput:focus { border: none; background: $panel; }
    SweepScreen #hint { height: 4; padding: 0 1; margin-top: 1; text-style: dim; }
    SweepScreen #preview { height: auto; padding: 0 1; }
    SweepScreen #line { height: auto; padding: 0 1; margin-top: 1; text-style: dim; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._timer: Timer | None = None
        self._asked = 0
        self._good = False

    def body(self) -> ComposeResult:
        yield Static("New sweep: what is to be run", classes="title", markup=False)
        with VerticalScroll(id="form"):
            for field in FIELDS:
                with Horizontal(classes="row"):
                    yield Static(field.title, classes="label", markup=False)
                    yield FieldInput(field, "demo" if field.option == "recipe" else "")
            yield Static("", id="hint", markup=False)
            with Vertical():
                yield Static("", id="preview", markup=False)
                yield Static("", id="line", markup=False)

    def on_mount(self) -> None:
        self.query_one("#method", FieldInput).focus()
        self._look()

    def on_input_changed(self, message: Input.Changed) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self._look)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self.focus_next()

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields."""
        return {field.field.option: field.value for field in self.query(FieldInput)}

    def _look(self) -> None:
        """Ask for a dry run of what stands there; the answer to an older form is dropped."""
        self._asked += 1
        asked, values = self._asked, self.values
        self.query_one("#line", Static).update(printable("$ " + _line(values)))

        def show(found: Answer) -> None:
            if asked != self._asked:
                return
            try:
                lines = told(found.out) if found.code == 0 else [found.said]
            except (ValueError, KeyError, TypeError):
                lines = [f"the dry run's answer cannot be read: {found.said}"]
            self._good = found.code == 0
            self.query_one("#preview", Static).update("\n".join(lines))

        self._ask(["run", *_safe(values), "--dry-run", "--json"], show)

    def _ask(self, line: Sequence[str], then: Callable[[Answer], None]) -> None:
        home = self.l2t.home

        def work() -> None:
            found = answer(home, line)
            self.app.call_from_thread(then, found)

        self.run_worker(work, thread=True, exit_on_error=False, group="command")

    def action_submit(self) -> None:
        self._submit(["queue", "add"])

    def action_submit_up(self) -> None:
        self._submit(["run"], ["--detach"])

    def _submit(self, command: Sequence[str], more: Sequence[str] = ()) -> None:
        if self.l2t.read_only:
            self.notify("read-only: nothing is changed", severity="warning", timeout=3)
            return
        self.query_one("#preview", Static).update("asking for it: data are made ready, sources are looked for …")

        def done(found: Answer) -> None:
            self.l2t.feed.look()
            self.notify(found.said, severity="error" if found.code else "information", markup=False, timeout=6)
            self.query_one("#preview", Static).update(found.said)
            if found.code == 0:
                self.app.switch_mode("queue" if command[0] == "queue" else "matrix")

        self._ask([*command, *_safe(self.values), *more], done)


def _safe(values: dict[str, str]) -> list[str]:
    """The options; an open quote is given as it is, so that the command says what is wrong with it."""
    try:
        return arguments(values)
    except ValueError:
        return ["--set", values["set"]]


def _line(values: dict[str, str]) -> str:
    try:
        return command_line(values)
    except ValueError as error:
        return str(error)


def _hint(field: Field) -> str:
    names = known_names(field.names)
    known = f"\n{', '.join(names)}" if names else ""
    if field.option == "set":
        known = f"\n{json.dumps(_options())[1:-1]}".replace('"', "")
    return printable(field.hint) + known


def _options() -> list[str]:
    """Names of all options of all methods."""
    from l2t.methods.registry import methods

    found: dict[str, None] = {}
    for _, config in methods.items():
        found |= dict.fromkeys(f"method.{name}" for name in config.model_fields)
    return list(found)
