"""`l2t tui` as a command: where it begins, what it draws without a terminal, and what it refuses."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from screens import drive, press, text, until
from textual.pilot import Pilot

from tui.app import L2TApp
from tui.picture import draw

LINE = [sys.executable, "-P", "-c", "from cli.app import main; main()", "tui"]


def asked(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LINE, *options], capture_output=True, stdin=subprocess.DEVNULL, text=True, check=False, timeout=120
    )


def words(picture: Path) -> str:
    """The text of an SVG picture."""
    parts = re.findall(r"<text[^>]*>([^<]*)</text>", picture.read_text())
    return " ".join(unescape(part).replace("\xa0", " ") for part in parts)


def test_a_screen_of_the_demo_is_drawn_without_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "queue.svg"
    done = asked("--demo", "--screenshot", str(file), "--screen", "queue", "--size", "100x30")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"l2t: {file}: the queue screen\n"
    assert "[all]" in words(file)
    assert "l2twww" in words(file)


@pytest.mark.parametrize(
    ("screen", "wanted"),
    [
        ("cell", "95 % interval"),
        ("weights", "λ of the pairs"),
        ("help", "Keys — Escape closes"),
        ("sweep", "40 runs in 4 cells"),
        ("report", "differs from l2tww"),
    ],
)
def test_every_kind_of_screen_can_be_drawn(home: Path, tmp_path: Path, screen: str, wanted: str) -> None:
    before = sorted(path for path in home.rglob("*") if path.is_file() and path.suffix not in (".db-wal", ".db-shm"))
    draw(home, screen, (120, 40), tmp_path / "drawn.svg")
    assert wanted in words(tmp_path / "drawn.svg")
    assert (
        sorted(path for path in home.rglob("*") if path.is_file() and path.suffix not in (".db-wal", ".db-shm"))
        == before
    )


def test_a_screen_that_has_nothing_to_show_is_not_drawn(tmp_path: Path) -> None:
    done = asked("--screenshot", str(tmp_path / "cell.svg"), "--screen", "cell")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing to show on the cell screen" in done.stderr
    assert not list(tmp_path.glob("*.svg"))


def test_it_begins_with_the_screen_that_is_asked_for(home: Path) -> None:
    async def play(app: L2TApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "[all]" in text(app))
        await press(pilot, "escape")
        await until(pilot, lambda: "accuracy % ± 95 % interval" in text(app))

    drive(home, play, first="queue")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "the screens need a terminal"),
        (["--screen", "cell"], "--screen cell can only be drawn, with --screenshot. Begin with matrix,"),
        (["--screen", "quueue"], 'no screen "quueue". Did you mean queue?'),
        (["--screenshot", "x.svg", "--size", "10"], '--size "10" is no size. Write WIDTHxHEIGHT'),
    ],
)
def test_what_cannot_be_is_one_line(options: list[str], why: str) -> None:
    done = asked(*options)
    assert done.returncode == 2
    assert done.stderr.startswith(f"l2t: {why}")
    assert done.stderr.count("\n") == 1
    assert not Path(os.environ["L2T_HOME"]).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_in_order_and_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if not pid:
        os.environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TMPDIR": str(tmp_path)}
        os.execv(sys.executable, [*LINE, "--demo"])
    written = b""
    while b"VGG-small" not in written:
        assert select.select([terminal], [], [], 60)[0], written
        written += os.read(terminal, 65536)
    os.kill(pid, number)
    with suppress(OSError):  # the other side is closed
        while select.select([terminal], [], [], 60)[0]:
            written += os.read(terminal, 65536)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 128 + number
    assert written.rfind(b"\x1b[?1049l") > written.rfind(b"\x1b[?1049h")
    assert b"\x1b[?1000l" in written
    assert not list(tmp_path.glob("l2t-demo-*"))
