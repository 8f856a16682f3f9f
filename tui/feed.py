"""The one thread that reads: it looks at the store at a steady pace, and tells the app what has changed.

Widgets never read a database or a file. What a screen wants to know beyond the home's state it says as a `View`, which
is read here; data that are equal to the last are not sent again, so that an app at rest writes nothing.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from l2t.jobs.overview import Overview, overview
from l2t.jobs.owner import lives_here
from l2t.jobs.status import shown_at
from l2t.printable import printable
from l2t.store.database import LockedError
from l2t.store.rows import JobRow
from l2t.store.state import State
from l2t.store.store import Store
from tui.words import trouble

RATES = (0.5, 1.0, 2.0, 5.0)
"""Seconds between two looks, as the user chooses."""
OVERVIEW_SECONDS = 2.0
"""The state of the whole home is looked at no oftener while runs only progress."""
SHARE = 0.05
"""Of one core that looking at the whole home, or ordering all runs, may take: large homes are looked at less often."""
PATIENCE = 1.0
"""Seconds that a look waits for another program's transaction."""
CALM = 0.3
"""Seconds without a key after which the state of the whole home is looked at: meanwhile, keys would wait for it."""
LATEST = 2.0
"""Seconds that it is put off for keys at most."""
TOLD = 20
"""Endings that are told one by one; more at a time are only counted."""


@dataclass
class Reader:
    """What a view reads from."""

    store: Store
    home: Path
    now: float
    memory: dict[object, object] = field(default_factory=dict)
    """Kept from one read to the next of views of the same kind and run: offsets, arrays."""
    asked: bool = False
    """Whether this process has just changed something: nothing that was kept may hide it."""


class View(Protocol):
    """What a visible screen wants to know: a frozen dataclass, equal where the same is wanted."""

    @property
    def files(self) -> bool:
        """Whether it tails files, and so is read although the database has not changed."""
        ...

    def read(self, reader: Reader) -> object:
        """Read it, in the feed's thread: immutable data. Raises L2tError where there is something to be said."""
        ...


@dataclass(frozen=True)
class Frame:
    """One look."""

    home: Path
    overview: Overview | None
    """None before the first whole look."""
    counts: Mapping[State, int]
    """Runs by state."""
    view: View | None
    data: object
    """What the view read; None where it was not read anew, or could not be."""
    ended: tuple[JobRow, ...]
    """Jobs that have ended since the last frame, for toasts."""
    problem: str | None
    """Why nothing can be read now, one line."""
    now: float


class Feed(threading.Thread):
    """Reads `home` until it is closed, and gives frames to `post`, which must be safe to call from any thread."""

    def __init__(self, home: Path, post: Callable[[Frame], object], seconds: float = 1.0) -> None:
        super().__init__(name="feed", daemon=True)
        self.seconds = seconds
        self.frozen = False
        self.pressed = float("-inf")
        """When the last key came, of the monotonic clock."""
        self._home = home
        self._post = post
        self._view: View | None = None
        self._wake = threading.Event()
        self._closed = False
        self._store: Store | None = None
        self._memory: dict[object, object] = {}
        self._last: Frame | None = None
        self._signs: tuple[object, ...] = ()
        self._overviewed = float("-inf")
        self._took = 0.0
        self._overview: Overview | None = None
        self._counts: Mapping[State, int] = dict.fromkeys(State, 0)
        self._read_view: View | None = None
        self._ending: int | None = None
        self._asked = False

    def watch(self, view: View | None) -> None:
        """From now on read this, at once."""
        self._view = view
        self._wake.set()

    def look(self) -> None:
        """Look now: something was changed by this process."""
        self._signs = ()
        self._overviewed = float("-inf")
        self._asked = True
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    def run(self) -> None:
        while not self._closed:
            asked = self._wake.is_set()
            self._wake.clear()
            if asked or not self.frozen:
                frame = self._frame()
                if frame is not None:
                    self._last = frame
                    self._post(frame)
            self._wake.wait(self.seconds)
        if self._store is not None:
            self._store.close()

    def _frame(self) -> Frame | None:
        """One look; None where nothing has changed. Whatever goes wrong is a frame that says so."""
        try:
            return self._looked()
        except LockedError:
            return self._troubled("another program has locked the store: waiting until it is free")
        except Exception as error:  # a fault of ours must not end the looking, either
            return self._troubled(trouble(error))

    def _troubled(self, why: str) -> Frame | None:
        if self._store is not None:
            self._store.close()
        self._store, self._signs, self._read_view = None, (), None
        problem = why.replace(f"{printable(str(self._home))}/", "")
        if self._last is not None and self._last.problem == problem and self._last.view == self._view:
            return None
        counts = self._last.counts if self._last else dict.fromkeys(State, 0)
        return Frame(self._home, self._overview, counts, self._view, None, (), problem, time.time())

    def _opened(self) -> Store:
        store = self._store
        if store is None or not store.in_place:
            if store is not None:
                store.close()
            self._store = store = Store.read(self._home, PATIENCE)
            self._signs, self._memory, self._read_view, self._ending = (), {}, None, None
        return store

    def _looked(self) -> Frame | None:
        store, view, now = self._opened(), self._view, time.time()
        signs = (store.changed, shown_at(self._home), self._attended)
        moved = signs != self._signs
        if moved:
            store.check_version()
        waited = time.monotonic() - self._overviewed
        pace = max(OVERVIEW_SECONDS, self._took / SHARE)
        over = (moved and waited >= pace) or (waited >= 10 * pace and self._running)
        over &= time.monotonic() - self.pressed >= CALM or waited >= pace + LATEST
        if over:
            begun = time.monotonic()
            self._overview, self._overviewed = overview(self._home, store), time.monotonic()
            self._took = self._overviewed - begun
        if not moved or over:
            self._signs = signs
        data = self._data(view, store, now, moved or over)
        last = self._last
        same_view = last is not None and last.view == view
        if data is not None and same_view and last is not None and data == self._memory.get("sent"):
            data = None
        if data is not None:
            self._memory["sent"] = data
        if moved:
            self._counts = store.count()
        ended = self._endings(store) if moved else ()
        quiet = last is not None and last.problem is None and same_view and self._counts == last.counts
        if quiet and data is None and not ended and not over:
            return None
        return Frame(self._home, self._overview, self._counts, view, data, ended, None, now)

    @property
    def _attended(self) -> bool:
        """Whether the process that looked after the home still lives: one that was killed changes no file."""
        found = self._overview.holder if self._overview else None
        return found is not None and lives_here(found.owner)

    @property
    def _running(self) -> bool:
        return self._overview is not None and bool(self._overview.runs[State.RUNNING])

    def _data(self, view: View | None, store: Store, now: float, moved: bool) -> object:
        if view is None:
            self._read_view = None  # what changes meanwhile is read when it is looked at again
            return None
        if _subject(view) != _subject(self._read_view):
            self._memory = {}
        elif view == self._read_view and not (moved or view.files):
            return None
        data = view.read(Reader(store, self._home, now, self._memory, self._asked))
        self._asked = False
        self._read_view = view
        return data

    def _endings(self, store: Store) -> tuple[JobRow, ...]:
        last = store.last_ending()
        before, self._ending = self._ending, last
        if before is None or last <= before:
            return ()
        return tuple(store.ended_after(before))[-TOLD:]


def _subject(view: View | None) -> tuple[type, object]:
    """What a view's memory is about."""
    return type(view), getattr(view, "run", None)
