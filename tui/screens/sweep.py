"""A new sweep: a form over the options of `l2t run`, what it would take, and the command line that does the same."""

import json
import shutil
from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import Static

from l2t.printable import printable
from l2t.words import size
from tui.command import Answer, Questions, aside
from tui.screens.form import FieldInput, FormScreen
from tui.screens.prompt import Confirm
from tui.sweep import FIELDS, Choice, DryRun, arguments, command_line, left_of, read_dry_run
from tui.widgets.choices import Choices
from tui.widgets.drawn import FAINT, PLAIN
from tui.words import counted

if TYPE_CHECKING:
    from tui.sweep_check import Checked

CHECKED, COUNTED = 0.2, 0.6
"""Seconds without a key after which the fields are checked, and the runs are counted."""
COUNTING = "counting the runs …   images that were never used before are decoded first"
KEYS = Style(bold=False, dim=True)
MANY = 1000
"""Runs; more are queued after a question."""


class Line(Static):
    """The command line; a click copies it."""

    async def on_click(self) -> None:
        await self.run_action("screen.copy_line")


class SweepScreen(FormScreen):
    """The form."""

    NAME = "sweep"
    DEFAULT_CSS = """
    SweepScreen #preview { height: 1fr; min-height: 2; padding: 0 1; scrollbar-size-vertical: 1; }
    SweepScreen #found { height: auto; }
    SweepScreen #found.-wrong { color: $error; }
    SweepScreen Line { height: auto; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: Timer | None = None
        self._looked = 0
        self._refused: str | None = None
        self._found: DryRun | None = None
        self._form: dict[str, str] = {}
        self._wanted: tuple[Sequence[str], dict[str, str]] | None = None
        self._submitting = False

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        yield from self.fields()
        with VerticalScroll(id="preview", can_focus=False):
            yield Static("", id="found", markup=False)
        yield Line("", id="line", markup=False)

    def on_mount(self) -> None:
        self.query_one(Choices).ink = self.l2t.ink
        self.query_one("#title", Static).update(
            Text.assemble("New sweep", ("   tab next field   ↓ choices   enter takes   esc leaves", KEYS))
        )
        self.query_one("#method", FieldInput).focus()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.read_names()
        self.changed()

    @cached_property
    def _questions(self) -> Questions:
        return Questions(self.l2t.home, partial(aside, self.l2t))

    @property
    def busy(self) -> bool:
        return super().busy or (self._found is None and self._refused is None)

    def changed(self) -> None:
        """Another form: what is known of the last one holds no more."""
        self._looked += 1
        self._form = self.values
        self._found = self._refused = None
        if self._wanted is not None and self._wanted[1] != self._form:
            self._wanted = None
        self._questions.forget()
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(CHECKED, self._check)
        self._tell(["…"])
        self._draw_line()
        self._draw_choices()

    def _check(self) -> None:
        """Read the fields; the first time, that imports what reads them."""
        looked, values = self._looked, self.values

        def work() -> "tuple[Checked, tuple[Choice, ...]]":
            from tui.sweep_check import check
            from tui.sweep_choices import option_choices

            checked = check(values)
            return checked, option_choices(checked.methods, checked.recipe)

        def show(found: "tuple[Checked, tuple[Choice, ...]]") -> None:
            if looked != self._looked:
                return
            checked, options = found
            self.mark(checked.problems, checked.standing)
            self.know({"set": options})
            if checked.problems:
                titles = {field.option: field.title for field in FIELDS}
                self._refuse([f"{titles[option]}: {said}" for option, said in checked.problems.items()])
            else:
                self._tell([COUNTING])
                self._waiting = self.set_timer(COUNTED - CHECKED, self._count)

        aside(self.l2t, work, show)

    def _count(self) -> None:
        """Ask for a dry run of what stands there."""

        def show(answer: Answer) -> None:
            try:
                found = read_dry_run(answer.out) if answer.code == 0 else None
            except (ValueError, KeyError, TypeError):
                found = None
            if found is None:
                self._refuse([answer.said or "the dry run gives no answer that can be read"])
                return
            self._found = found
            self._tell(found.said, found.cells)
            if self._wanted is not None:
                self._submit(self._wanted[0])

        self._questions.ask(["run", *arguments(self.values), "--dry-run", "--json"], show)

    def _refuse(self, why: Sequence[str]) -> None:
        """Say why it cannot be run."""
        self._refused = why[0]
        self._tell([f"✗ {line}" for line in why])
        self.query_one("#found").set_class(True, "-wrong")
        if self._wanted is not None:
            self._submit(self._wanted[0])

    def _tell(self, said: Sequence[str], cells: Sequence[str] = ()) -> None:
        text = Text("\n".join(said), no_wrap=False)
        for number, line in enumerate(cells):
            text.append(f"\n{line}", FAINT if number == 0 else PLAIN)
        found = self.query_one("#found", Static)
        found.set_class(False, "-wrong")
        found.update(text)

    def _draw_line(self) -> None:
        try:
            text = command_line(self.values)
        except ValueError:
            text = "l2t run …  (a quotation mark is open)"
        self.query_one(Line).update(printable(f"$ {text}"))

    def action_preview_down(self) -> None:
        self.query_one("#preview").scroll_page_down(animate=False)

    def action_preview_up(self) -> None:
        self.query_one("#preview").scroll_page_up(animate=False)

    def action_copy_line(self) -> None:
        try:
            self.app.copy_to_clipboard(command_line(self.values))
        except ValueError:
            return
        self.notify("the l2t run line is copied, where the terminal takes it", timeout=3)

    # Queueing

    def action_submit(self) -> None:
        self._submit(("queue", "add"))

    def action_submit_up(self) -> None:
        self._submit(("run", "--detach"))

    def _submit(self, command: Sequence[str]) -> None:
        """Queue what was counted; what was not is counted first."""
        if self.l2t.read_only:
            self.notify("read-only: nothing is changed", severity="warning", timeout=3)
            return
        if self._submitting:
            return
        values = self.values
        if values != self._form or (self._found is None and self._refused is None):
            self._wanted = command, values
            return
        self._wanted = None
        if self._refused is not None:
            self.notify(printable(self._refused), severity="error", markup=False, timeout=6)
        elif self._found is not None:
            question = self._question(self._found)
            if question is None:
                self._queue(command)
            else:
                self.ask(Confirm(question), lambda yes: self._queue(command) if yes else None)

    def _question(self, found: DryRun) -> str | None:
        """What to ask before so much is queued."""
        home = next(folder for folder in (self.l2t.home, *self.l2t.home.parents) if folder.exists())
        free = shutil.disk_usage(home).free
        if found.disk > free:
            return f"Queue {counted(found.left, 'run')}? They take {size(found.disk)}; {size(free)} are free."
        return f"Queue {counted(found.left, 'run')}?" if found.left > MANY else None

    def _queue(self, command: Sequence[str]) -> None:
        """Have the command line do it, and show its runs in the queue."""
        self._submitting = True
        self._tell(["queueing: data are made ready, sources are looked for …"])

        def show(answer: Answer) -> None:
            self._submitting = False
            self.l2t.feed.look()
            try:
                found = json.loads(answer.out)
                sweep, left = found["sweep"], found["left"] if "left" in found else left_of(found["runs"])
            except (ValueError, KeyError, TypeError):
                self._refuse([answer.said or "the command gives no answer that can be read"])
                self.notify(answer.said, severity="error", markup=False, timeout=8)
                return
            more = answer.said.removeprefix("queued; ") if command[0] == "queue" else "a supervisor works on them"
            self.notify(f"{counted(left, 'run')} queued; {more}", markup=False, timeout=6)
            if self.is_current:  # the user may have gone elsewhere meanwhile
                self.l2t.memory.filter = f"sweep={sweep}"
                self.app.switch_mode("queue")

        Questions(self.l2t.home, partial(aside, self.l2t)).ask([*command, *arguments(self.values), "--json"], show)
