"""Drives the app without a terminal, on the recorded home at a fixed time, and reads what stands on the screen."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from l2t.errors import L2tError
from l2t.jobs.gauges import Cpu, Readings
from l2t.store.store import Store
from tui.app import L2TApp
from tui.demo.unpack import Demo

NOW = 1_800_000_000.0
PATIENCE = 20.0
"""Seconds within which the app shows what is waited for."""


MACHINE = Readings(
    Cpu(use=31.2, load=5.04, cores=16, total=64 * 10**9, used=12 * 10**9),
    (),
    {"cpu": (*range(0, 100, 4), None, 60.0, 40.0, 31.2)},
    "no NVIDIA driver is installed (libnvidia-ml.so.1)",
)


_KEPT: dict[str, str] = {}
"""Statistics of recorded homes, by the key of their results: computing them takes longer than most tests."""


class Still:
    """A machine that is the same at every look."""

    def __init__(self, readings: Readings = MACHINE) -> None:
        self._readings = readings

    def look(self, workers: Mapping[int, str | None]) -> Readings:
        return self._readings


@contextmanager
def demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The recorded home, at NOW for everything that tells of ages, on MACHINE."""
    monkeypatch.setattr("tui.screens.devices.Gauges", Still)
    clock = SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic)
    monkeypatch.setattr("tui.feed.time", clock)
    monkeypatch.setattr("l2t.jobs.overview.time", clock)
    with Demo(folder, NOW) as made:
        with Store.open(made.home) as store:
            for key, text in _KEPT.items():
                store.keep_summary(key, text)
        yield made.home
        with suppress(L2tError), Store.read(made.home) as store:  # the test may have damaged it
            _KEPT.update(store._all("SELECT key, value FROM summaries"))


def forget_statistics(home: Path) -> None:
    """Let the app compute them itself."""
    with Store.open(home) as store:
        store._all("DELETE FROM summaries")


def drive(
    home: Path,
    play: Callable[[L2TApp, Pilot[Any]], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
    faulty: bool = False,
    **options: Any,
) -> None:
    """Run the app on `home`, and `play` with it once it has read everything for the first time.

    faulty: what the app tells as a fault of ours, and lives through, is no failure of the test.
    """

    async def whole() -> None:
        app = L2TApp(home, **({"ascii": False} | options))
        faults = _listened(app)
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: "looking" not in text(app))
            await play(app, pilot)
        if faults and not faulty:
            raise faults[0]

    asyncio.run(whole())


def _listened(app: L2TApp) -> list[Exception]:
    """The faults of ours that the app is going to tell."""
    faults: list[Exception] = []
    tell = app.tell

    def listen(error: Exception) -> None:
        if not isinstance(error, L2tError):
            faults.append(error)
        tell(error)

    app.tell = listen  # type: ignore[method-assign]
    return faults


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
