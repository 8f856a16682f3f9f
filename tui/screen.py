"""What all screens have in common: the bar above, the footer below, frames from the feed, and writing to the store."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from l2t.errors import StoreError
from l2t.store.database import NAME
from l2t.store.store import Store
from tui.actions import bindings, of
from tui.feed import PATIENCE, Frame, View
from tui.widgets.bar import Bar
from tui.widgets.footer import Footer

if TYPE_CHECKING:
    from tui.app import L2TApp

T = TypeVar("T")

WAITING = 1.5
"""Seconds after which a change that is not made yet is spoken of."""
WAITS = "the store is not free yet: another program has locked it. What was asked for is done when it is"


class L2TScreen(Screen[None]):
    """Base of all screens. A subclass says its NAME, what it wants to know (`view`), and draws it (`show`)."""

    NAME: ClassVar[str] = ""
    TITLE_SHOWN: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = []
    _seen: View | None = None

    def __init_subclass__(cls) -> None:
        """The keys of a screen are those of its actions."""
        if cls.NAME:
            cls.BINDINGS = [*bindings(cls.NAME), *cls.__dict__.get("BINDINGS", ())]
        super().__init_subclass__()

    @property
    def l2t(self) -> "L2TApp":
        """The app, as its own class."""
        return cast("L2TApp", self.app)

    def compose(self) -> ComposeResult:
        yield Bar(self.NAME)
        yield from self.body()
        yield Footer()

    def body(self) -> ComposeResult:
        """What stands between bar and footer."""
        yield from ()

    async def _dispatch_message(self, message: Message) -> None:
        """A fault of ours in a handler is said, and does not end the app; one in making the screen does."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.is_mounted:
                raise
            self.l2t.tell(error)

    @property
    def busy(self) -> bool:
        """Whether something of what it shows is still being read or computed; a picture waits for it."""
        return self._seen != self.view()

    def view(self) -> View | None:
        """What the feed is to read for this screen."""
        return None

    def show(self, frame: Frame) -> None:
        """Draw what was read. `frame.data` is None where it has not changed."""

    def receive(self, frame: Frame) -> None:
        """A frame from the feed: drawn, and where it cannot be, said so: a fault of ours does not end the app."""
        if not self.query(Bar):  # it is only being made: not lost, since the feed sends nothing twice
            self.call_after_refresh(self.receive, frame)
            return
        try:
            self.query_one(Bar).show(frame, self.l2t.feed.frozen)
            if frame.view == self.view():
                self._seen = frame.view
                self.show(frame)
        except Exception as error:
            self.l2t.tell(error)

    def on_screen_resume(self) -> None:
        self.l2t.look_at(self.view())

    def watch_anew(self) -> None:
        """Let the feed read the present view, which has changed: after the answer to the key that changed it is drawn,
        since two threads at once make each other wait."""
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        if self.is_current:
            self.l2t.look_at(self.view())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """With --read-only, actions that write are not there."""
        return not (self.l2t.read_only and any(each.writes and each.method == action for each in of(self.NAME)))

    def ask(self, question: Screen[T], then: Callable[[T | None], object]) -> None:
        """Put a question in front; what goes wrong with its answer is a toast."""
        self.app.push_screen(question, lambda given: self.l2t.answer(given, then))

    def write(self, call: Callable[[Store], T], then: Callable[[T], None]) -> None:
        """Change the store after all that was asked for before, in a thread that draws nothing; `then` is called with
        what it gave, in the app's thread.

        What goes wrong is a toast; the feed looks at once.
        """
        if self.l2t.read_only:
            self.notify("read-only: nothing is changed", severity="warning", timeout=3)
            return
        app = self.l2t
        waiting = app.set_timer(WAITING, lambda: app.notify(WAITS, severity="warning", timeout=8))

        def told(made: T | Exception) -> None:
            waiting.stop()
            app.answer(made, then)

        app.writing.ask(lambda: _asked(app, lambda: _existing(app.home), call, told))

    def read(self, call: Callable[[Store], T], then: Callable[[T], None]) -> None:
        """Read from the store once, in a thread of its own; `then` is not called where the screen has gone meanwhile.

        What goes wrong is a toast.
        """
        app = self.l2t

        def told(made: T | Exception) -> None:
            if self.is_attached:
                app.answer(made, then)

        def work() -> None:
            _asked(app, lambda: Store.read(app.home, PATIENCE), call, told)

        self.run_worker(work, thread=True, exit_on_error=False, group="store")


def _existing(home: Path) -> Store:
    """The store for writing; what is chosen on a screen is never chosen in a store that has gone meanwhile."""
    if not (home / NAME).exists():
        raise StoreError(f"{home}: there is no store any more: it was moved or removed")
    return Store.open(home)


def _asked(
    app: "L2TApp", opening: Callable[[], Store], call: Callable[[Store], T], told: Callable[[T | Exception], None]
) -> None:
    """Not in the app's thread: ask the store, and let `told` be called in it."""
    made: T | Exception
    try:
        with opening() as store:
            made = call(store)
    except Exception as error:  # whatever it is, it must not take the app down
        made = error
    app.feed.look()
    app.call_later(told, made)
