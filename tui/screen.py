"""What all screens have in common: the bar above, the footer below, frames from the feed, and writing to the store."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Footer

from l2t.errors import L2tError
from l2t.printable import printable
from l2t.store.store import Store
from tui.actions import bindings, of
from tui.feed import Frame, View
from tui.widgets.bar import Bar

if TYPE_CHECKING:
    from tui.app import L2TApp

T = TypeVar("T")


class L2TScreen(Screen[None]):
    """Base of all screens. A subclass says its NAME, what it wants to know (`view`), and draws it (`show`)."""

    NAME: ClassVar[str] = ""
    TITLE_SHOWN: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = []

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
        yield Footer(compact=True, show_command_palette=False)

    def body(self) -> ComposeResult:
        """What stands between bar and footer."""
        yield from ()

    def view(self) -> View | None:
        """What the feed is to read for this screen."""
        return None

    def show(self, frame: Frame) -> None:
        """Draw what was read. `frame.data` is None where it has not changed."""

    @property
    def busy(self) -> bool:
        """Whether something is being computed that the screen is to show."""
        return False

    def receive(self, frame: Frame) -> None:
        """A frame from the feed: drawn, and where it cannot be, said so: a fault of ours does not end the app."""
        self.query_one(Bar).show(frame, self.l2t.feed.frozen)
        try:
            if frame.view == self.view():
                self.show(frame)
        except Exception as error:
            said = f"unexpected {type(error).__name__}: {error}. This is a bug in l2t"
            self.notify(printable(said), severity="error", markup=False)

    def on_screen_resume(self) -> None:
        self.watch_anew()

    def watch_anew(self) -> None:
        """Let the feed read the present view: it has changed, or the screen has come to the front."""
        self.l2t.look_at(self.view())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """With --read-only, actions that write are not there."""
        return not (self.l2t.read_only and any(each.writes and each.method == action for each in of(self.NAME)))

    def write(self, call: Callable[[Store], T], then: Callable[[T], None]) -> None:
        """Change the store in a thread of its own; `then` is called with what it gave, in the app's thread.

        What the user can mend is a toast; the feed looks at once.
        """
        if self.l2t.read_only:
            self.notify("read-only: nothing is changed", severity="warning", timeout=3)
            return
        self._in_thread(Store.open, call, then)

    def read(self, call: Callable[[Store], T], then: Callable[[T], None]) -> None:
        """Read from the store once, in a thread of its own."""
        self._in_thread(Store.read, call, then)

    def _in_thread(
        self, opening: Callable[[Path], Store], call: Callable[[Store], T], then: Callable[[T], None]
    ) -> None:
        home, app = self.l2t.home, self.l2t

        def work() -> None:
            try:
                with opening(home) as store:
                    made = call(store)
            except Exception as error:  # whatever it is, it must not take the app down
                text = str(error) if isinstance(error, L2tError) else f"unexpected {type(error).__name__}: {error}"
                app.call_from_thread(app.notify, printable(text), severity="error", markup=False)
                return
            app.feed.look()
            app.call_from_thread(then, made)

        self.run_worker(work, thread=True, exit_on_error=False, group="store")
