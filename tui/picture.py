"""A picture of a screen, drawn without a terminal: for the README, and for looking at."""

import asyncio
import time
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from l2t.errors import StoreError
from l2t.store.files import write_atomic
from l2t.store.filter import parse
from l2t.store.store import Store
from tui.app import L2TApp
from tui.screen import L2TScreen

SECONDS = 60.0
"""Within which a screen has drawn what it has to."""
STILL = 0.5
"""Seconds without a change after which it counts as drawn."""

KEYS = {"matrix": "1", "queue": "2", "sweep": "3", "devices": "4", "report": "5", "help": "question_mark"}


def draw(home: Path, screen: str, size: tuple[int, int], file: Path) -> None:
    """Write the picture of a screen as SVG. StoreError where it cannot, or nothing is there to show."""
    picture = asyncio.run(_drawn(home, screen, size))
    try:
        write_atomic(file, picture.encode())
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}") from error


async def _drawn(home: Path, screen: str, size: tuple[int, int]) -> str:
    app = L2TApp(home, read_only=True, ascii=False)
    async with app.run_test(size=size) as pilot:
        await _settled(pilot, app)
        await _go(pilot, app, screen)
        await _settled(pilot, app)
        shown = app.screen
        if isinstance(shown, L2TScreen) and (shown.busy or {"weights": "run"}.get(screen, screen) != shown.NAME):
            raise StoreError(f"{home}: nothing to show on the {screen} screen, or not within {SECONDS:.0f} s")
        return app.export_screenshot(title="l2t")


async def _go(pilot: Pilot[Any], app: L2TApp, screen: str) -> None:
    if screen in KEYS:
        await pilot.press(KEYS[screen])
    elif screen == "cell":
        await pilot.press("enter")
    else:
        from tui.screens.run import RunScreen

        await app.push_screen(RunScreen(_shown_run(app.home, screen)))
        await pilot.pause()
        if screen == "weights":
            await pilot.press("tab")


def _shown_run(home: Path, screen: str) -> str:
    """The run to show: of a method with meta-weights for the weights; one that runs, else the last one done."""
    wanted = ["method=l2twww"] if screen == "weights" else []
    with Store.read(home) as store:
        for state in ("running", "done") if screen == "run" else ("done",):
            rows = store.runs(parse([*wanted, f"state={state}"]), "-finished", 200)
            for row in rows:
                if screen == "run" or any((home / "runs" / row.id / "traces").glob("*.npz")):
                    return row.id
    raise StoreError(f"{home}: no run to show on this screen")


async def _settled(pilot: Pilot[Any], app: L2TApp) -> None:
    """Wait until nothing changes any more."""
    deadline = time.monotonic() + SECONDS
    last, since = "", time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < STILL:
        await pilot.pause(0.1)
        now = app.export_screenshot(simplify=True)
        busy = app.judging.busy or (isinstance(app.screen, L2TScreen) and app.screen.busy)
        if now != last or busy:
            last, since = now, time.monotonic()
