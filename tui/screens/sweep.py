"""A new sweep: a form over the options of `l2t run`, what it would take, and the command line that does the same."""

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, Static

from l2t.printable import printable
from l2t.store.store import Store
from l2t.words import size
from tui.command import Answer, Questions
from tui.screen import L2TScreen
from tui.screens.prompt import Confirm
from tui.sweep import (
    FIELDS,
    Choice,
    DryRun,
    Field,
    arguments,
    command_line,
    entries,
    left_of,
    offered,
    option_of,
    read_dry_run,
    taking,
    values_of,
)
from tui.widgets.choices import Choices, Shown
from tui.widgets.drawn import FAINT, PLAIN
from tui.words import counted

if TYPE_CHECKING:
    from tui.sweep_check import Checked

T = TypeVar("T")

CHECKED, COUNTED = 0.2, 0.6
"""Seconds without a key after which the fields are checked, and the runs are counted."""
COUNTING = "counting the runs …   images that were never used before are decoded first"
KEYS = Style(bold=False, dim=True)
MANY = 1000
"""Runs; more are queued after a question."""


class FieldInput(Input):
    """A line of the form."""

    def __init__(self, field: Field) -> None:
        super().__init__("", id=field.option, select_on_focus=False)
        self.field = field
        self.cursor_blink = False

    def put(self, text: str) -> None:
        """Let this stand there, the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)


class Line(Static):
    """The command line; a click copies it."""

    async def on_click(self) -> None:
        await self.run_action("screen.copy_line")


class SweepScreen(L2TScreen):
    """The form."""

    NAME = "sweep"
    DEFAULT_CSS = """
    SweepScreen #form { height: auto; }
    SweepScreen #fields { width: 1fr; max-width: 64; height: auto; }
    SweepScreen .row { height: 1; }
    SweepScreen .label { width: 11; }
    SweepScreen .label.-wrong { color: $error; }
    SweepScreen FieldInput { height: 1; border: none; padding: 0; background: $surface; width: 1fr; }
    SweepScreen FieldInput:focus { border: none; background: $panel; }
    SweepScreen Choices { width: 1fr; height: 11; margin-left: 1; background: $surface; }
    SweepScreen #hint { height: auto; min-height: 2; max-height: 6; padding: 0 1; color: $text-muted; }
    SweepScreen #hint.-long { min-height: 4; }
    SweepScreen #preview { height: 1fr; min-height: 2; padding: 0 1; scrollbar-size-vertical: 1; }
    SweepScreen #found { height: auto; }
    SweepScreen #found.-wrong { color: $error; }
    SweepScreen Line { height: auto; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: Timer | None = None
        self._known: dict[str, tuple[Choice, ...]] = {}
        self._looked = 0
        self._refused: str | None = None
        self._found: DryRun | None = None
        self._wanted: Sequence[str] | None = None
        self._submitting = False
        self._at = FIELDS[0].option
        self._cursor: int | None = None
        self._taken: str | None = None

    def body(self) -> ComposeResult:
        yield Static("", classes="title", id="title", markup=False)
        with Horizontal(id="form"):
            with Vertical(id="fields"):
                for field in FIELDS:
                    with Horizontal(classes="row"):
                        yield Static(f" {field.title}", classes="label", id=f"label-{field.option}", markup=False)
                        yield FieldInput(field)
            yield Choices(id="choices")
        yield Static("", id="hint", markup=False)
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
        self._read_names()
        self._changed()

    @cached_property
    def _questions(self) -> Questions:
        return Questions(self.l2t.home, self._aside)

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields."""
        return {line.field.option: line.value for line in self.query(FieldInput)}

    @property
    def line(self) -> FieldInput:
        """The field that has the keys, or had them last."""
        return self.query_one(f"#{self._at}", FieldInput)

    # What is typed

    def on_input_changed(self, message: Input.Changed) -> None:
        names = [choice.text for choice in self._choices()[0]]
        self._cursor = names.index(self._taken) if self._taken in names else None
        self._taken = None
        self._changed()

    def on_descendant_focus(self) -> None:
        focused = self.focused  # the event may be older than the last key
        if isinstance(focused, FieldInput) and focused.field.option != self._at:
            self._at, self._cursor = focused.field.option, None
        self._draw_choices()

    def _changed(self) -> None:
        """Another form: what is known of the last one holds no more."""
        self._looked += 1
        self._found = self._wanted = self._refused = None
        self._questions.forget()
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(CHECKED, self._check)
        self._tell(["…"])
        self._draw_line()
        self._draw_choices()

    def _aside(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do the work in a thread that nobody waits for when the app is closed; `then` is called, in the app's thread,
        with what it gave. What goes wrong is a toast."""
        app = self.l2t

        def told(made: T | Exception) -> None:
            try:
                if isinstance(made, Exception):
                    raise made
                then(made)
            except Exception as error:
                app.tell(error)

        def call() -> None:
            made: T | Exception
            try:
                made = work()
            except Exception as error:
                made = error
            with suppress(RuntimeError):  # the app is closed
                app.call_later(told, made)

        Thread(target=call, daemon=True).start()

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
            checked, self._known["set"] = found
            self._draw_checked(checked.problems, checked.standing)
            self._draw_choices()
            if not checked.problems:
                self._tell([COUNTING])
                self._waiting = self.set_timer(COUNTED - CHECKED, self._count)

        self._aside(work, show)

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
                self._submit(self._wanted)

        self._questions.ask(["run", *arguments(self.values), "--dry-run", "--json"], show)

    def _read_names(self) -> None:
        """Read the names that fields take."""

        def show(known: Mapping[str, tuple[Choice, ...]]) -> None:
            self._known |= known
            self._draw_choices()

        def work() -> dict[str, tuple[Choice, ...]]:
            from tui.sweep_choices import named_choices

            return named_choices()

        def read(store: Store) -> dict[str, tuple[Choice, ...]]:
            from tui.sweep_choices import source_choices

            return {"source": source_choices(store)}

        self._aside(work, show)
        self.read(read, show)

    # What is shown

    def _draw_checked(self, problems: Mapping[str, str], standing: Mapping[str, str]) -> None:
        """Mark the fields that are wrong, and let empty ones show what they stand for."""
        for line in self.query(FieldInput):
            option, wrong = line.field.option, line.field.option in problems
            label = self.query_one(f"#label-{option}", Static)
            label.update(f"{'✗' if wrong else ' '}{line.field.title}")
            label.set_class(wrong, "-wrong")
            line.placeholder = printable(standing.get(option, ""))
        if problems:
            titles = {field.option: field.title for field in FIELDS}
            self._refuse([f"{titles[option]}: {said}" for option, said in problems.items()])

    def _refuse(self, why: Sequence[str]) -> None:
        """Say why it cannot be run."""
        self._refused = why[0]
        self._tell([f"✗ {line}" for line in why])
        self.query_one("#found").set_class(True, "-wrong")
        if self._wanted is not None:
            self._submit(self._wanted)

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

    def _choices(self) -> tuple[list[Choice], bool]:
        """What may stand where one is writing, and whether the first of it has been begun."""
        line = self.line
        return offered(line.field, line.value, self._taking(line))

    def _taking(self, line: FieldInput) -> Sequence[Choice]:
        """All that a field takes; where the value of an option is being written, its values."""
        known = self._known.get(line.field.option, ())
        option = option_of(line.value, known) if line.field.option == "set" else None
        return known if option is None else values_of(line.value, option)

    def _draw_choices(self) -> None:
        line, (choices, begun) = self.line, self._choices()
        there = entries(line.field, line.value)
        shown = []
        for choice in choices:
            taken = any(entry.startswith(choice.text) for entry in there) if choice.values else choice.text in there
            shown.append(Shown(choice.text.removesuffix("="), choice.words, taken))
        at = self._cursor if self._cursor is not None else 0 if begun else None
        self.query_one(Choices).show(shown, at)
        option = option_of(line.value, self._known.get("set", ())) if line.field.option == "set" else None
        said = option.help if option else line.field.hint
        if at is not None and at < len(choices):
            said = choices[at].help or said
        hint = self.query_one("#hint", Static)
        hint.set_class(line.field.option == "set", "-long")
        hint.update(printable(said))

    # Keys

    async def _settled(self) -> FieldInput:
        """The field that has the keys, once what was typed before this key has arrived in it, however slow it is."""
        arrived = asyncio.Event()
        self.line.call_later(arrived.set)
        await asyncio.wait_for(arrived.wait(), 5)
        return self.line

    async def action_next_field(self) -> None:
        line = await self._settled()
        if self._choices()[1]:
            self._take(line, self._cursor or 0)
        else:
            self._go(1)

    async def action_previous_field(self) -> None:
        await self._settled()
        self._go(-1)

    def _go(self, by: int) -> None:
        lines = list(self.query(FieldInput))
        line = lines[(lines.index(self.line) + by) % len(lines)]
        self._at, self._cursor = line.field.option, None
        self.set_focus(line)  # at once: the next key is already on its way

    async def action_choice_down(self) -> None:
        await self._settled()
        choices, begun = self._choices()
        if choices:
            before = self._cursor if self._cursor is not None else 0 if begun else -1
            self._cursor = min(before + 1, len(choices) - 1)
            self._draw_choices()
        else:
            self._go(1)

    async def action_choice_up(self) -> None:
        await self._settled()
        if self._cursor is None:
            self._go(-1)
        else:
            self._cursor = self._cursor - 1 if self._cursor else None
            self._draw_choices()

    async def action_take(self) -> None:
        line = await self._settled()
        begun = self._choices()[1]
        if self._cursor is not None or begun:
            self._take(line, self._cursor or 0)
        else:
            self._go(1)

    def _take(self, line: FieldInput, at: int) -> None:
        choices = self._choices()[0]
        if at >= len(choices):
            return
        text = taking(line.field, line.value, choices[at], self._taking(line))
        if text != line.value:
            self._taken = choices[at].text if self._cursor is not None and line.field.separator == "," else None
            line.put(text)
        self.set_focus(line)

    def on_choices_picked(self, message: Choices.Picked) -> None:
        self._take(self.line, message.at)

    def on_choices_turned(self, message: Choices.Turned) -> None:
        number = len(self._choices()[0])
        self._cursor = max(0, min((self._cursor or 0) + message.by, number - 1))
        self._draw_choices()

    async def action_leave(self) -> None:
        await self._settled()
        if self._cursor is not None:
            self._cursor = None
            self._draw_choices()
        else:
            await self.l2t.action_back()

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
        if self._refused is not None:
            self.notify(printable(self._refused), severity="error", markup=False, timeout=6)
        elif self._found is None:
            self._wanted = command
        elif (question := self._question(self._found)) is None:
            self._queue(command)
        else:
            self.app.push_screen(Confirm(question), lambda yes: self._queue(command) if yes else None)

    def _question(self, found: DryRun) -> str | None:
        """What to ask before so much is queued."""
        home = next(folder for folder in (self.l2t.home, *self.l2t.home.parents) if folder.exists())
        free = shutil.disk_usage(home).free
        if found.disk > free:
            return f"Queue {counted(found.left, 'run')}? They take {size(found.disk)}; {size(free)} are free."
        return f"Queue {counted(found.left, 'run')}?" if found.left > MANY else None

    def _queue(self, command: Sequence[str]) -> None:
        """Have the command line do it, and show its runs in the queue."""
        self._submitting, self._wanted = True, None
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
            self.l2t.memory.filter = f"sweep={sweep}"
            self.app.switch_mode("queue")

        Questions(self.l2t.home, self._aside).ask([*command, *arguments(self.values), "--json"], show)
