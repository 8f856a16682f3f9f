"""Lines of text with the choices for each beside them: what the form of a new sweep is filled in with."""

import asyncio
from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from l2t.printable import printable
from l2t.store.store import Store
from tui.command import aside
from tui.screen import L2TScreen
from tui.sweep import FIELDS, Choice, Field, entries, offered, option_of, taking, values_of
from tui.widgets.choices import Choices, Shown


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


class FormScreen(L2TScreen):
    """The fields, the choices for the one that has the keys, and what they mean. A subclass learns of what is typed."""

    DEFAULT_CSS = """
    FormScreen #form { height: auto; }
    FormScreen #fields { width: 1fr; max-width: 64; height: auto; }
    FormScreen .row { height: 1; }
    FormScreen .label { width: 11; }
    FormScreen .label.-wrong { color: $error; }
    FormScreen FieldInput { height: 1; border: none; padding: 0; background: $surface; width: 1fr; }
    FormScreen FieldInput:focus { border: none; background: $panel; }
    FormScreen Choices { width: 1fr; height: 11; margin-left: 1; background: $surface; }
    FormScreen #hint { height: auto; min-height: 2; max-height: 6; padding: 0 1; color: $text-muted; }
    FormScreen #hint.-long { min-height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, tuple[Choice, ...]] = {}
        self._at = FIELDS[0].option
        self._cursor: int | None = None
        self._taken: str | None = None

    def changed(self) -> None:
        """Another text stands in a field."""

    def fields(self) -> ComposeResult:
        """The lines, the choices and the hint."""
        with Horizontal(id="form"):
            with Vertical(id="fields"):
                for field in FIELDS:
                    with Horizontal(classes="row"):
                        yield Static(f" {field.title}", classes="label", id=f"label-{field.option}", markup=False)
                        yield FieldInput(field)
            yield Choices(id="choices")
        yield Static("", id="hint", markup=False)

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields."""
        return {line.field.option: line.value for line in self.query(FieldInput)}

    @property
    def line(self) -> FieldInput:
        """The field that has the keys, or had them last."""
        return self.query_one(f"#{self._at}", FieldInput)

    def know(self, known: Mapping[str, tuple[Choice, ...]]) -> None:
        """From now on these are the choices of those fields."""
        self._known |= known
        self._draw_choices()

    def read_names(self) -> None:
        """Read the names that fields take."""

        def work() -> dict[str, tuple[Choice, ...]]:
            from tui.sweep_choices import named_choices

            return named_choices()

        def read(store: Store) -> dict[str, tuple[Choice, ...]]:
            from tui.sweep_choices import source_choices

            return {"source": source_choices(store)}

        aside(self.l2t, work, self.know)
        self.read(read, self.know)

    def mark(self, problems: Mapping[str, str], standing: Mapping[str, str]) -> None:
        """Mark the fields that are wrong, and let empty ones show what they stand for."""
        for line in self.query(FieldInput):
            option, wrong = line.field.option, line.field.option in problems
            label = self.query_one(f"#label-{option}", Static)
            label.update(f"{'✗' if wrong else ' '}{line.field.title}")
            label.set_class(wrong, "-wrong")
            line.placeholder = printable(standing.get(option, ""))

    def on_input_changed(self, message: Input.Changed) -> None:
        names = [choice.text for choice in self._choices()[0]]
        self._cursor = names.index(self._taken) if self._taken in names else None
        self._taken = None
        self.changed()

    def on_descendant_focus(self) -> None:
        focused = self.focused  # the event may be older than the last key
        if isinstance(focused, FieldInput) and focused.field.option != self._at:
            self._at, self._cursor = focused.field.option, None
        self._draw_choices()

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
