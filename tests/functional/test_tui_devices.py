"""The Devices screen: this machine as it is, GPUs as a driver would tell of them, and supervisors that come and go."""

import os
import platform
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_gpus import GB, gpu
from screens import MACHINE, Still, drive, press, text, until
from textual.pilot import Pilot

from l2t.jobs import gauges as module
from l2t.jobs.daemon import ask_down, start, wait_down
from l2t.jobs.gauges import Gauges, Occupant, Readings
from l2t.jobs.gpus import NoGpus, Process
from l2t.jobs.lock import holder
from l2t.jobs.owner import start_ticks
from l2t.jobs.slots import SlotSettings
from l2t.jobs.status import SlotStatus, Snapshot, write_snapshot
from l2t.spec import RunSpec
from l2t.store.rows import Submission
from l2t.store.store import Store
from tui.app import L2TApp
from tui.feed import Frame

GOLDEN = Path(__file__).parent / "golden" / "tui"
SOURCE = "tui.screens.devices.Gauges"

Play = Pilot[Any]
MakeRun = Callable[..., RunSpec]


@pytest.fixture
def supervised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, on a machine that stands still; a supervisor that is left there is ended."""
    monkeypatch.setattr(SOURCE, Still)
    home = tmp_path / "supervised"
    home.mkdir()
    yield home
    if holder(home) is not None:
        ask_down(home, now=True)
    assert wait_down(home, 60)


def two_gpus() -> Readings:
    """One that works for us and one that somebody else uses."""
    ours = [Occupant(Process(pid, 9 * GB), True, ("me", "python")) for pid in (101, 102)]
    other = Occupant(Process(4711, 61 * GB), False, ("alice", "python"))
    first = gpu(0, total=85 * GB, used=19 * GB, utilisation=97.4, temperature=66, power=612.3)
    second = gpu(1, total=85 * GB, used=61 * GB, utilisation=38.0, temperature=48, power=301.0)
    history = {first.uuid: (*[0.0] * 5, *[97.0] * 20), second.uuid: (*range(100, 30, -5), None, 38.0)}
    return replace(
        MACHINE,
        gpus=((first, tuple(ours)), (second, (other,))),
        history=MACHINE.history | history,
        reason="gpu 2 does not answer: GPU is lost",
    )


def all_kinds() -> Readings:
    """Eight GPUs, and all that may not be known of one."""
    cards = [gpu(n, total=80 * GB, used=n * GB, utilisation=12.5 * n, name="NVIDIA A100-SXM4-80GB") for n in range(6)]
    hidden = gpu(6, processes=None, used=7 * GB)
    part = gpu(7, index="7:1", name="NVIDIA A100-SXM4-80GB MIG 1g.10gb", card="GPU-x", total=10 * GB, used=0)
    busy = (Occupant(Process(5, None), False, None),)
    steering = (Occupant(Process(6, None), False, ("bob", "a\x1b[31m\u202e[bold]b")),)
    gpus = [*((card, ()) for card in cards[:4]), (cards[4], steering), (cards[5], busy), (hidden, None), (part, ())]
    return replace(MACHINE, gpus=tuple(gpus), history=MACHINE.history | {card.uuid: (1.0,) for card in cards})


def slots(home: Path, count: int) -> None:
    """Let the demo tell of so many slots on GPUs, and of two that are left alone."""
    found = holder(home)
    assert found is not None
    closed = [(f"gpu {n} (NVIDIA A100-SXM4-80GB)", "not among those chosen (--gpus)") for n in (6, 7)]
    told = [SlotStatus(f"gpu {n}", "cuda", None, 100 + n, None, None) for n in range(count)]
    write_snapshot(home, Snapshot(found, "working", None, told, closed))


def test_two_gpus_look_as_they_did(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SOURCE, lambda: Still(two_gpus()))
    file = GOLDEN / "devices-gpus-80x24.txt"

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: "cpu 1" in text(app) and "alice" in text(app))
        shown = re.sub(rf"pid {os.getpid()} on {re.escape(platform.node())}", "pid 1 on host", text(app)) + "\n"
        shown = re.sub(rf"\b{os.getpid()}\b", lambda found: "1".rjust(len(found[0])), shown)
        if os.environ.get("L2T_GOLDEN"):
            file.write_text(shown)
        assert shown == file.read_text()

    drive(home, play)


def test_eight_gpus_and_eight_slots_fit_and_what_is_not_known_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SOURCE, lambda: Still(all_kinds()))
    slots(home, 8)

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: "gpu 0 " in text(app) and "CPU" in text(app))
        shown = text(app)
        lines = {line[1]: line for line in shown.splitlines() if re.match(r" [0-7](:1)? [AHM]", line)}
        assert len(lines) == 8
        assert lines["0"].endswith("free")
        assert "processes not shown" in lines["1"]
        assert "bob a\\x1b[31m\\u202e[" in lines["4"]
        assert not {"\x1b", "\u202e"} & set(shown)
        assert "process 5" in lines["5"]
        assert " –  " in lines["6"]
        assert "processes hidden" in lines["6"]
        assert "7:1 MIG 1g.10gb" in lines["7"]
        assert "gpu 6, gpu 7 are left alone: not among those chosen" in shown
        await press(pilot, "end")
        await until(pilot, lambda: "▸ gpu 7" in text(app))

    drive(home, play)


def test_more_gpus_than_lines_are_scrolled_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [gpu(n, utilisation=1.0) for n in range(30)]
    many = replace(MACHINE, gpus=tuple((card, ()) for card in cards))
    monkeypatch.setattr(SOURCE, lambda: Still(many))

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: " 3 H100" in text(app) and "cpu 1" in text(app))
        assert " 29 H100" not in text(app)
        await press(pilot, "shift+tab", "end")
        await until(pilot, lambda: " 29 H100" in text(app) and "cpu 1" in text(app))
        await press(pilot, "tab", "down")
        await until(pilot, lambda: "▸ cpu 1" in text(app))

    drive(home, play)


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (30, 8), (59, 24), (200, 60)])
def test_gpus_are_drawn_at_any_size_and_in_ascii(
    home: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(SOURCE, lambda: Still(two_gpus()))

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await pilot.resize_terminal(*size)
        await pilot.pause(0.2)
        for line in app.screen._compositor.render_strips():
            for filter in app.get_line_filters():
                line = line.apply_filter(filter, app.screen.background_colors[1])
            assert line.text.isascii(), line.text
        if size == (200, 60):
            assert "97 %" in text(app)
            assert "######" in text(app)
            assert "612 W" not in text(app)
            assert "610 W" in text(app)

    drive(home, play, ascii=True)


def test_this_machine_is_read_while_the_screen_is_in_front_only_and_its_history_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    class Counted(Gauges):
        def look(self, workers: Any) -> Readings:
            looks.append(dict(workers))
            return super().look(workers)

    monkeypatch.setattr(SOURCE, lambda: Counted(NoGpus()))
    monkeypatch.setattr(module, "SOON", 0.05)

    async def play(app: L2TApp, pilot: Play) -> None:
        app.feed.seconds = 0.1
        await pilot.pause(0.5)
        assert looks == []
        await press(pilot, "4")
        await until(
            pilot, lambda: re.search(r"CPU, \d+ cores?  [━─]{5}  [ \d]{3} %  +[▁▂▃▄▅▆▇█]{8} ", text(app)) is not None
        )
        assert looks[-1] == {os.getpid(): None}
        await pilot.pause(2.5)
        before = len(looks)
        await pilot.pause(1)
        assert len(looks) > before + 3  # nothing else moves by now
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app))
        await pilot.pause(0.3)
        before = len(looks)
        await pilot.pause(0.5)
        assert len(looks) == before
        await press(pilot, "4")
        await until(pilot, lambda: len(looks) > before)
        assert re.search(r" [▁▂▃▄▅▆▇█]{8} ", text(app))

    drive(home, play)


def test_what_looks_the_same_is_not_sent_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wavering(Still):
        """A machine that changes by less than is shown."""

        looks = 0

        def look(self, workers: Any) -> Readings:
            Wavering.looks += 1
            cpu = replace(MACHINE.cpu, use=31.0 + self.looks % 5 / 10, used=MACHINE.cpu.used + self.looks % 7 * 10**6)
            return replace(MACHINE, cpu=cpu)

    monkeypatch.setattr(SOURCE, Wavering)
    frames: list[Frame] = []

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: "CPU" in text(app))
        app.feed.seconds = 0.05
        await pilot.pause(3)
        monkeypatch.setattr(app.feed, "_post", frames.append)
        before = Wavering.looks
        await pilot.pause(1)
        assert Wavering.looks > before + 5
        assert [frame for frame in frames if frame.data is not None] == []

    drive(home, play)


def test_the_demo_is_neither_started_nor_ended(home: Path) -> None:
    """A signal would end this very process."""

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: "the demo (it computes nothing)" in text(app))
        for keys in (["u"], ["d"], ["D", "y"]):
            app.clear_notifications()
            await pilot.pause(0.3)
            await press(pilot, *keys)
            await until(pilot, lambda: "the demo computes nothing" in text(app))

    drive(home, play)
    with pytest.raises(Exception, match=r"held by the demo \(it computes nothing\).*: leave the screens"):
        ask_down(home, now=True)
    assert holder(home) is not None


def test_enter_opens_the_run_in_a_slot(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: "cpu 1" in text(app))
        await press(pilot, "down", "enter")
        await until(pilot, lambda: "l2twww, Digits" in text(app))

    drive(home, play)


def test_a_supervisor_is_started_and_ended_from_here(supervised: Path) -> None:
    (supervised / "l2t.toml").write_text("[supervisor]\ncpu_slots = 2\ngpus = []\n")

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: "No slots: no supervisor works here." in text(app))
        await press(pilot, "u")
        await until(pilot, lambda: "up: the supervisor (l2t up), pid" in text(app))
        await until(pilot, lambda: "cpu 1" in text(app))
        assert text(app).splitlines()[1].startswith(" the supervisor (l2t up), pid")
        await press(pilot, "d")
        await until(pilot, lambda: text(app).splitlines()[1] == " nobody works here")
        assert "No slots" in text(app)

    drive(supervised, play)


def test_a_supervisor_that_is_killed_is_told_and_its_slots_are_gone(
    supervised: Path, make_run: MakeRun, tiny_engine: str
) -> None:
    run = make_run(epochs=100_000, options={"sleep": 0.05})
    with Store.open(supervised) as store:
        store.submit(Submission("l2t run", "demo", 1, [run]))
    found = start(supervised, SlotSettings(cpu=1), tiny_engine)
    worker = 0

    async def play(app: L2TApp, pilot: Play) -> None:
        nonlocal worker
        await press(pilot, "4")
        await until(pilot, lambda: "cpu 0" in text(app) and "scratch digits" in text(app))
        (slot,) = (line for line in text(app).splitlines() if "cpu 0" in line)
        worker = int(slot.split()[4])
        os.kill(found.owner.pid, signal.SIGKILL)
        killed = time.monotonic()
        await until(pilot, lambda: "nobody works here, 1 run waits; the last was killed" in text(app))
        assert time.monotonic() - killed < 6
        assert "scratch digits" not in text(app)
        assert "No slots" in text(app)

    drive(supervised, play)
    deadline = time.monotonic() + 30
    while start_ticks(worker) is not None:  # it ends by itself
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_an_idle_supervisor_that_is_killed_is_told_too(supervised: Path, tiny_engine: str) -> None:
    """Nothing in the store moves then."""
    Store.open(supervised).close()
    found = start(supervised, SlotSettings(cpu=1), tiny_engine)

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "4")
        await until(pilot, lambda: "cpu 0" in text(app))
        await pilot.pause(3)
        os.kill(found.owner.pid, signal.SIGKILL)
        killed = time.monotonic()
        await until(pilot, lambda: "nobody works here; the last was killed" in text(app))
        assert time.monotonic() - killed < 6

    drive(supervised, play)
