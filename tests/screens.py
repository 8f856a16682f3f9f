"""Drives the app without a terminal, on the recorded home at a fixed time, and reads what stands on the screen."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from tui.app import L2TApp
from tui.demo.unpack import Demo

NOW = 1_800_000_000.0
PATIENCE = 20.0
"""Seconds within which the app shows what is waited for."""


@contextmanager
def demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The recorded home, at NOW for everything that tells of ages."""
    clock = SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic)
    monkeypatch.setattr("tui.feed.time", clock)
    monkeypatch.setattr("l2t.jobs.overview.time", clock)
    with Demo(folder, NOW) as made:
        yield made.home


def drive(
    home: Path,
    play: Callable[[L2TApp, Pilot[Any]], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
    **options: Any,
) -> None:
    """Run the app on `home`, and `play` with it once it has read everything for the first time."""

    async def whole() -> None:
        app = L2TApp(home, **({"ascii": False} | options))
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: "looking" not in text(app))
            await play(app, pilot)

    asyncio.run(whole())


async def until(pilot: Pilot[Any], met: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline, text(pilot.app)
        await pilot.pause(0.05)
    await pilot.pause()


def text(app: Any) -> str:
    """The characters on the screen, without blanks at the ends of lines."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
