"""Statistics for Matrix and Cell: kept in the store, else computed by a process of their own, which imports scipy."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from l2t.errors import StoreError
from l2t.printable import printable
from l2t.report.judged import Judged, Place
from l2t.store.database import NAME
from l2t.store.rows import CellRow
from l2t.store.store import Store
from tui.words import trouble

if TYPE_CHECKING:
    from tui.app import L2TApp

VERSION = "4"
"""Another one when the statistics or their form change: what was kept is of no use then."""
SECONDS = 120.0
"""After which the computation is given up."""
REST = 5
"""Times as long as a computation took are between it and the next, while runs end one after the other: a sixth of a
core at most."""
PAUSE = 20.0
"""Seconds between two computations at most."""


@dataclass(frozen=True)
class Judgement:
    """What statistics say of all cells."""

    key: str
    """Of the results that they are about."""
    cells: Mapping[tuple[Place, str], Judged]
    """By table and cell."""
    problem: str | None = None

    def of(self, table: Place, cell: CellRow) -> Judged | None:
        """What is said of a cell; None where it has other results now: an interval of other runs is no interval."""
        found = self.cells.get((table, cell.cell))
        return found if found is not None and found.digest == cell.digest else None


class Judging:
    """The statistics of the home's present results, for all screens of an app: one computation at a time, and not too
    often. To be used in the app's thread."""

    def __init__(self, app: "L2TApp") -> None:
        self.judgement = Judgement("", {})
        """The latest."""
        self._app = app
        self._key = ""
        self._tell: Callable[[], None] = lambda: None
        self.busy = False
        """Whether something is being computed."""
        self._begun = self._next = 0.0
        """When a computation began last, and when the next may, of the monotonic clock."""

    def ask(self, key: str, tell: Callable[[], None]) -> None:
        """Compute the statistics of the results under this key, where the latest are of others or could not be
        computed; `tell` is called when they are there, but only that of who asked last: the screen in front."""
        self._key, self._tell = key, tell
        known = key == self.judgement.key and not self.judgement.problem
        if self.busy or known or not key:
            return
        self.busy = True
        pause = self._next - monotonic()
        if pause > 0:
            self._app.set_timer(pause, self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        self._begun = monotonic()
        app, key = self._app, self._key
        home, keep = app.home, not app.read_only

        def work() -> None:
            try:
                found = judge(home, key, keep)
            except Exception as error:  # whatever it is: what waits for an answer gets one
                found = Judgement(key, {}, trouble(error))
            app.call_later(self._found, found)

        threading.Thread(target=work, name="judging", daemon=True).start()

    def _found(self, found: Judgement) -> None:
        before, self.judgement = self.judgement, found
        self.busy, now = False, monotonic()
        self._next = now + min(REST * (now - self._begun), PAUSE)
        if found.problem and found.problem != before.problem:
            self._app.notify(printable(found.problem), severity="warning", markup=False)
        try:
            self._tell()
        except Exception as error:
            self._app.tell(error)
        if self._key != found.key:
            self.ask(self._key, self._tell)


def key_of(cells: Iterable[CellRow]) -> str:
    """Another text for other results."""
    digests = "\n".join(sorted(cell.digest for cell in cells))
    text = f"{VERSION}\n{digests}"
    return f"cells:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def judge(home: Path, key: str, keep: bool) -> Judgement:
    """The statistics kept under this key, else computed now and kept. Takes seconds: not for a thread that draws."""
    with suppress(StoreError, ValueError, TypeError, KeyError), Store.read(home) as store:
        kept = store.summary(key)
        if kept is not None:
            return Judgement(key, _read(kept))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "l2t.report.summarise", str(home)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=SECONDS,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        found = json.loads(done.stdout)
        if "error" in found:
            return Judgement(key, {}, f"no statistics: {found['error']}")
        text = json.dumps(found)
        cells = _read(text)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, KeyError) as error:
        return Judgement(key, {}, f"no statistics: their process ended without an answer ({type(error).__name__})")
    if keep and (home / NAME).exists():  # it may have gone meanwhile: nothing is made anew
        with suppress(StoreError), Store.open(home) as store:
            store.keep_summary(key, text)
    return Judgement(key, cells)


def _read(text: str) -> dict[tuple[Place, str], Judged]:
    found = {}
    for each in json.loads(text)["cells"]:
        target, source, training = each.pop("table")
        judged = Judged(table=(target, source, training), **each)
        found[judged.table, judged.cell] = judged
    return found
