"""The app: which screens there are, what is the same in all of them, and the feed that reads for them.

It holds no state of runs: closing it stops nothing. It imports neither torch nor scipy, pandas or matplotlib.
"""

import asyncio
import gc
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, TypeVar

from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.filter import NoColor
from textual.screen import Screen
from textual.timer import Timer

from l2t.errors import UsageError
from l2t.printable import printable
from l2t.store.rows import JobRow
from l2t.store.state import Reason, State
from l2t.words import percent
from tui.actions import EVERYWHERE, bindings, of
from tui.ascii import Ascii, needs_ascii
from tui.feed import RATES, Feed, Frame, View
from tui.judging import Judging
from tui.memory import Memory, keymap, remember, remembered
from tui.screen import L2TScreen
from tui.themes import THEMES
from tui.widgets.scale import Ink
from tui.words import counted, trouble
from tui.writing import Writing

AGAIN = 10.0
"""Seconds after which the same fault is told again."""
SWITCH = 0.001
"""Seconds after which the thread that reads lets keys be answered; Python's 5 ms add up over the steps of an answer."""
LITTER = 10_000
"""Objects after which garbage is looked for; with Python's 700 a key in fourteen waited for it."""
GATHER = 5.0
"""Seconds of which runs that are done are told together."""
T = TypeVar("T")

TOASTS = 3
"""Failed runs that are told one by one; more at a time are counted."""


def _screen(reference: str) -> Callable[[], Screen[Any]]:
    """Makes a screen when it is first shown: its module is imported then."""

    def make() -> Screen[Any]:
        from l2t.registry import load_object

        screen: Screen[Any] = load_object(reference)()
        return screen

    return make


class L2TApp(App[None], inherit_bindings=False):
    """Everything about one home, on screens."""

    TITLE = "l2t"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+backslash"
    BINDINGS: ClassVar[list[BindingType]] = bindings(EVERYWHERE)
    MODES = {  # noqa: RUF012 - as Textual declares it
        "matrix": _screen("tui.screens.matrix:MatrixScreen"),
        "queue": _screen("tui.screens.queue:QueueScreen"),
        "sweep": _screen("tui.screens.sweep:SweepScreen"),
        "devices": _screen("tui.screens.devices:DevicesScreen"),
        "report": _screen("tui.screens.report:ReportScreen"),
    }
    DEFAULT_MODE = "matrix"

    def __init__(
        self, home: Path, read_only: bool = False, first: str = DEFAULT_MODE, ascii: bool | None = None
    ) -> None:
        """first: the mode that it begins with. ascii: whether only such characters are written; None: as the terminal
        is."""
        super().__init__()
        self._first = first
        self.home = home
        self.read_only = read_only
        self.memory: Memory = remembered(home)
        self.feed = Feed(home, self._post, self.memory.rate)
        self.writing = Writing()
        self.judging = Judging(self)
        self._trouble = ("", 0.0)
        self._done: list[JobRow] = []
        self._gathering: Timer | None = None
        self.animation_level = "none"
        if self.no_color:  # none at all, where Textual would keep greys
            self._filters = [NoColor()]
        self._ascii = needs_ascii() if ascii is None else ascii
        if self._ascii:
            self._filters.append(Ascii())
        for theme in THEMES:
            self.register_theme(theme)

    @property
    def ink(self) -> Ink:
        """What widgets that draw may use."""
        return Ink.ASCII if self._ascii else Ink.SHADES if self.no_color else Ink.COLOUR

    def on_mount(self) -> None:
        self.theme = self.memory.theme if self.memory.theme in self.available_themes else THEMES[0].name
        try:
            self.set_keymap(keymap(self.home))
        except UsageError as error:
            self.notify(printable(str(error)), severity="error", markup=False, timeout=15)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with suppress(ValueError, RuntimeError):  # in a thread that is not the main one there are none
                asyncio.get_running_loop().add_signal_handler(number, self._stopped, number)
        if self._first != self.DEFAULT_MODE:
            self.switch_mode(self._first)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))  # a shell has written meanwhile
        sys.setswitchinterval(SWITCH)
        self.feed.start()

    def on_ready(self) -> None:
        """What stands there now stays: looked through for garbage every two seconds, it held up a key each time."""
        if not self.is_headless:
            gc.freeze()
            gc.set_threshold(LITTER)
            gc.enable()

    def _stopped(self, number: int) -> None:
        """The terminal is put in order, and what was chosen is kept."""
        self.exit(return_code=128 + number)

    def on_unmount(self) -> None:
        self.feed.close()
        if not self.read_only:
            remember(self.home, self.memory)

    def get_key_display(self, binding: Binding) -> str:
        """A key as it stands on the keyboard: Textual spells the period out."""
        return super().get_key_display(binding).replace("period", ".")

    def look_at(self, view: View | None) -> None:
        """Let the feed read this from now on: what the screen in front wants to know."""
        self.feed.watch(view)

    def tell(self, error: Exception) -> None:
        """Say what went wrong, once in a while where it goes on: it ends nothing."""
        text = trouble(error).replace(f"{printable(str(self.home))}/", "")
        if text != self._trouble[0] or monotonic() - self._trouble[1] > AGAIN:
            self._trouble = (text, monotonic())
            self.notify(text, severity="error", markup=False, timeout=8)

    def answer(self, made: T | Exception, then: Callable[[T], object]) -> None:
        """Give `then` what a thread has made; what went wrong there, or goes wrong now, is said."""
        try:
            if isinstance(made, Exception):
                raise made
            then(made)
        except Exception as error:
            self.tell(error)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Every action comes by here, from key, footer or palette: a fault of ours is said, and ends nothing."""
        self.feed.pressed = monotonic()
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            self.tell(error)
            return True

    def _post(self, frame: Frame) -> None:
        """Called in the feed's thread."""
        self.call_later(self._receive, frame)

    def _receive(self, frame: Frame) -> None:
        self._tell(frame.ended)
        for screen in reversed(self.screen_stack):  # under a question or the palette it goes on, too
            if isinstance(screen, L2TScreen):
                screen.receive(frame)
                break

    def _tell(self, ended: Iterable[JobRow]) -> None:
        """Toasts for what has ended."""
        jobs = list(ended)
        self._done += [job for job in jobs if job.state is State.DONE]
        if self._done and self._gathering is None:
            self._gathering = self.set_timer(GATHER, self._tell_done)
        failed = [job for job in jobs if job.state is State.FAILED]
        for job in failed[:TOASTS]:
            why = "diverged" if job.reason is Reason.DIVERGED else printable(job.message or "failed")
            self.notify(f"{printable(job.name)}: {why}", severity="error", markup=False, timeout=8)
        if len(failed) > TOASTS:
            reasons = Counter(str(job.reason) for job in failed)
            why = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common())
            self.notify(f"{counted(len(failed), 'run')} failed: {why}", severity="error", markup=False, timeout=8)

    def _tell_done(self) -> None:
        """One toast for what was done within a while: they lie over what is read."""
        done, self._done, self._gathering = self._done, [], None
        text = counted(len(done), "run") + " done"
        if len(done) == 1:
            value = f": {percent(done[0].accuracy)} %" if done[0].accuracy is not None else ""
            text = f"{printable(done[0].name)} is done{value}"
        self.notify(text, markup=False, timeout=3)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action of the screen in front and of the app."""
        for where in dict.fromkeys((getattr(screen, "NAME", ""), EVERYWHERE)):
            for action in of(where):
                owner = screen if where != EVERYWHERE else self
                if owner.check_action(action.method, ()) and hasattr(owner, f"action_{action.method}"):
                    yield SystemCommand(action.title, action.help, partial(self.run_action, action.method, owner))

    def action_matrix(self) -> None:
        self._go("matrix")

    def action_queue(self) -> None:
        self._go("queue")

    def action_new_sweep(self) -> None:
        self._go("sweep")

    def action_devices(self) -> None:
        self._go("devices")

    def action_report(self) -> None:
        self._go("report")

    def _go(self, mode: str) -> None:
        """To the screen of that name itself, whatever was opened from it."""
        if mode != self.current_mode:
            self.switch_mode(mode)
        for _ in self.screen_stack[1:]:
            self.pop_screen()

    async def action_back(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.current_mode != self.DEFAULT_MODE:
            self.switch_mode(self.DEFAULT_MODE)

    def action_freeze(self) -> None:
        self.feed.frozen = not self.feed.frozen
        self.feed.look()

    def action_rate(self) -> None:
        self.memory.rate = self.feed.seconds = next((rate for rate in RATES if rate > self.feed.seconds), RATES[0])
        self.notify(f"refreshed every {self.feed.seconds:g} s", timeout=2)

    def action_theme(self) -> None:
        names = [theme.name for theme in THEMES] + ["ansi-dark", "ansi-light"]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.memory.theme = self.theme
        self.notify(self.theme, timeout=2)

    def action_palette(self) -> None:
        self.action_command_palette()

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(getattr(self.screen, "NAME", "")))
