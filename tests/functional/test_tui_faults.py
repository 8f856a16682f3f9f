"""What may happen to a screen that is left open all week: it stays, says what is wrong in a line, and goes on."""

import ctypes
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
from screens import PATIENCE, drive, forget_statistics, press, text, until
from textual import events
from textual.pilot import Pilot
from textual.strip import Strip

from l2t.store import database
from l2t.store.filter import parse
from l2t.store.folder import JobFolder
from l2t.store.rows import RunRow
from l2t.store.schema import MIGRATIONS, VERSION
from l2t.store.store import Store
from tui.app import L2TApp
from tui.demo.unpack import unpack
from tui.feed import RATES
from tui.memory import Memory, remembered
from tui.runs import RunsView
from tui.screens.queue import QueueScreen
from tui.screens.run import RunScreen
from tui.widgets.table import Table

Play = Pilot[Any]

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@contextmanager
def held(home: Path, lock: str) -> Iterator[None]:
    """Another process holds a lock of the store."""
    line = [sys.executable, "-c", HOLD, str(home / "l2t.db"), lock]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.communicate("\n", timeout=10)


async def answered(pilot: Play, key: str, met: Callable[[], bool], seconds: float = 3.0) -> float:
    """A key does what it should; it took so many seconds, fewer than `seconds`: less than anything waits for a lock."""
    begun = time.monotonic()
    await pilot.press(key)
    await until(pilot, met)
    took = time.monotonic() - begun
    assert took < seconds
    return took


def runs(home: Path, *words: str) -> list[RunRow]:
    with Store.read(home) as store:
        return store.runs(parse(words))


async def to_waiting(app: L2TApp, pilot: Play) -> str:
    """The queue with what waits only; returns the id of the run under the cursor."""
    await press(pilot, "2", "right_square_bracket", "right_square_bracket")
    await until(pilot, lambda: "27 runs" in text(app) and app.screen.table.line is not None)
    key: str = app.screen.table.line.key
    return key


def words(app: L2TApp) -> str:
    """What stands on the screen as if it had one line, and what stands in toasts, which lie over it."""
    lines = text(app).splitlines()
    toasts = [line.partition("▌")[2] for line in lines]
    return " ".join(" ".join([*lines, "|", *toasts]).split())


def test_a_store_that_is_locked_for_readers_is_said_and_read_again_when_it_is_free(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "on_network", lambda path: True)  # where readers wait for writers
    monkeypatch.setattr("tui.feed.PATIENCE", 4.0)
    Store.open(home).close()

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "question_mark", "escape", "1")
        await until(pilot, lambda: "71.0" in text(app))
        with held(home, "BEGIN EXCLUSIVE"):
            await until(pilot, lambda: "another program has locked the store" in text(app))
            assert "71.0" in text(app)
            await answered(pilot, "2", lambda: app.screen.NAME == "queue" and "[all]" in text(app))
            await answered(pilot, "question_mark", lambda: "Keys" in text(app))
            await answered(pilot, "escape", lambda: "Keys" not in text(app))
            await until(pilot, lambda: "another program has locked the store" in text(app))
        await until(pilot, lambda: "locked" not in text(app) and "l2tww" in text(app))

    drive(home, play)


def test_changes_wait_for_a_locked_store_and_are_made_in_the_order_of_asking(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        run = await to_waiting(app, pilot)
        with held(home, "BEGIN IMMEDIATE"):
            await answered(pilot, "p", lambda: True)
            await press(pilot, "u", "plus", "p")
            await until(pilot, lambda: "the store is not free yet" in words(app))
            await answered(pilot, "c", lambda: "Cancel scratch, digits" in text(app))
            await answered(pilot, "y", lambda: "Cancel scratch, digits" not in text(app))
            assert runs(home, f"id={run}")[0].state == "queued"
        await until(pilot, lambda: runs(home, f"id={run}")[0].state == "cancelled")
        assert runs(home, f"id={run}")[0].priority == 1

    drive(home, play)


def test_a_change_that_waited_too_long_is_given_up_with_a_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.5)

    async def play(app: L2TApp, pilot: Play) -> None:
        run = await to_waiting(app, pilot)
        with held(home, "BEGIN IMMEDIATE"):
            await press(pilot, "p")
            await until(pilot, lambda: "l2t.db: another program keeps the store locked" in words(app))
        assert runs(home, f"id={run}")[0].state == "queued"
        await press(pilot, "p")
        await until(pilot, lambda: runs(home, f"id={run}")[0].state == "paused")

    drive(home, play)


def test_what_was_asked_for_before_the_app_closed_is_done(home: Path) -> None:
    found = []

    async def play(app: L2TApp, pilot: Play) -> None:
        found.append(await to_waiting(app, pilot))
        with held(home, "BEGIN IMMEDIATE"):
            await press(pilot, "p", "plus", "q")

    drive(home, play)
    deadline = time.monotonic() + PATIENCE
    while runs(home, f"id={found[0]}")[0].priority != 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert runs(home, f"id={found[0]}")[0].state == "paused"


def test_a_store_that_a_newer_l2t_upgrades_is_said_and_not_called_damaged(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        with sqlite3.connect(home / "l2t.db") as newer:
            newer.execute("ALTER TABLE runs RENAME COLUMN accuracy TO score")
            newer.execute(f"PRAGMA user_version = {VERSION + 1}")
        newer.close()
        await until(pilot, lambda: "made by a newer l2t" in words(app) and "Update l2t" in words(app))
        for key in ("2", "4", "1"):
            await press(pilot, key)
            await pilot.pause(0.3)
            assert "made by a newer l2t" in words(app)
            assert not re.search("damaged|bug|Traceback", text(app))
        await press(pilot, "2", "p")
        await pilot.pause(0.5)

    drive(home, play)


def test_an_older_store_that_another_process_upgrades_is_shown_when_that_is_done(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    older = sqlite3.connect(tmp_path / "old" / "l2t.db", isolation_level=None)
    older.execute("PRAGMA journal_mode = wal")
    for statement in (each for version in MIGRATIONS[:2] for each in version):
        older.execute(statement)
    older.execute(
        "INSERT INTO jobs (number, id, kind, name, state, position, epochs, created)"
        " VALUES (1, 'abc', 'run', 'scratch digits', 'queued', 1, 4, 1.0)"
    )
    older.execute(
        "INSERT INTO runs (number, method, dataset, shots, seed, target, recipe, cell)"
        " VALUES (1, 'scratch', 'digits', 5, 7, 'vgg-small', 'demo', 'c')"
    )
    older.execute("PRAGMA user_version = 2")

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "another program has locked the store" in text(app))
        await answered(pilot, "2", lambda: app.screen.NAME == "queue")
        for statement in MIGRATIONS[2]:
            older.execute(statement)
        older.execute("PRAGMA user_version = 3")
        older.execute("COMMIT")
        await until(pilot, lambda: "scratch" in text(app) and "locked" not in text(app))

    older.execute("BEGIN IMMEDIATE")
    drive(tmp_path / "old", play)
    older.close()


REBUILD = "import sys; from pathlib import Path; from l2t.store.rebuild import rebuild; rebuild(Path(sys.argv[1]))"


def test_a_rebuild_beside_an_open_app_is_refused_and_one_of_a_damaged_store_is_seen(home: Path) -> None:
    def rebuild() -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-c", REBUILD, str(home)]
        return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        assert "in use by another process" in rebuild().stderr
        (home / "l2t.db").write_bytes(b"no database at all" * 100)
        for end in ("-wal", "-shm"):
            (home / f"l2t.db{end}").unlink(missing_ok=True)
        (home / "supervisor.json").touch()
        await until(pilot, lambda: "damaged. `l2t store rebuild` restores it" in " ".join(text(app).split()))
        tries = [rebuild() for _ in range(3)]  # one may meet the moment in which the app looks
        assert any(done.returncode == 0 for done in tries), tries
        await until(pilot, lambda: "damaged" not in text(app) and "71.0" in text(app))

    drive(home, play)


def test_a_home_that_is_moved_away_and_back_is_shown_again(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        home.rename(home.with_name("elsewhere"))
        await until(pilot, lambda: "No runs yet" in text(app))
        assert not home.exists()
        home.with_name("elsewhere").rename(home)
        await until(pilot, lambda: "71.0" in text(app))

    drive(home, play)


WRITE = """
import sys, time
begun = time.monotonic()
with open(sys.argv[1], "ab", buffering=0) as log:
    for piece in range(60):
        lines = (f"line {number} \\x1b[31mred\\x07 \\u202e back\\n" for number in range(piece * 500, piece * 500 + 500))
        log.write("".join(lines).encode())
        time.sleep(max(begun + (piece + 1) / 20 - time.monotonic(), 0))
"""


def resident() -> float:
    """Memory of this process, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def to_log(app: L2TApp, pilot: Play) -> Path:
    """The log of the run that runs; returns its path."""
    await press(pilot, "2")
    await until(pilot, lambda: "[all]" in text(app) and "running" in text(app))
    await press(pilot, "enter", "tab", "tab")
    await until(pilot, lambda: "[log]" in text(app) and "attempt 1" in text(app))
    path: Path = app.home / "runs" / app.screen._run / "log.txt"
    return path


def test_ten_thousand_log_lines_a_second_are_followed_and_keys_answered_meanwhile(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        log = await to_log(app, pilot)
        await press(pilot, "tab", "shift+tab")
        before = resident()
        with subprocess.Popen([sys.executable, "-c", WRITE, str(log)]) as writer:
            took = []
            while writer.poll() is None:
                took.append(await answered(pilot, "tab", lambda: "[specification]" in text(app), 2.0))
                took.append(await answered(pilot, "shift+tab", lambda: "[log]" in text(app), 2.0))
                await pilot.pause(0.3)
        assert median(took) < 0.5
        await until(pilot, lambda: "line 29999 " in text(app))
        assert not {"\x1b", "\x07", "\u202e"} & set(text(app))
        assert "line 29999 \\x1b[31mred\\x07 \\u202e back" in text(app)
        assert resident() - before < 20

    drive(home, play)


@pytest.mark.parametrize(
    "junk", [b"x" * 1_000_000, os.urandom(300_000), "\u4e16\u0301\U0001f469\u200d".encode() * 80_000]
)
def test_a_log_of_long_lines_or_garbage_is_shown_to_its_end(home: Path, junk: bytes) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        log = await to_log(app, pilot)
        with log.open("ab") as file:
            file.write(junk + b"\nhere it ends\n")
        await until(pilot, lambda: "here it ends" in text(app))
        assert text(app).replace("\n", "").isprintable()
        for key in ("up", "pageup", "home"):
            await answered(pilot, key, lambda: True)
        await answered(pilot, "end", lambda: "here it ends" in text(app))
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "here it ends" in text(app))

    drive(home, play)


def test_a_view_that_cannot_be_read_is_a_line_and_the_next_look_is_good(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, torn = RunsView.read, [True]

    def reading(view: RunsView, reader: Any) -> Any:
        if torn[0]:
            raise RuntimeError("torn \x1b[31m")
        return read(view, reader)

    monkeypatch.setattr(RunsView, "read", reading)

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "RuntimeError: torn \\x1b[31m. This is a bug in l2t" in words(app))
        torn[0] = False
        await until(pilot, lambda: "RuntimeError" not in text(app) and "l2tww" in text(app))

    drive(home, play)


def test_what_raises_behind_a_write_a_read_or_a_frame_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(word: str) -> Callable[..., None]:
        def failing(*_: object) -> None:
            raise ValueError(word)

        return failing

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "l2tww" in text(app))
        screen = app.screen
        screen.write(fail("written"), lambda made: None)
        await until(pilot, lambda: "unexpected ValueError: written. This is a bug in l2t" in words(app))
        screen.write(lambda store: 1, fail("told"))
        await until(pilot, lambda: "unexpected ValueError: told." in words(app))
        screen.read(lambda store: 1, fail("shown"))
        await until(pilot, lambda: "unexpected ValueError: shown." in words(app))
        monkeypatch.setattr(QueueScreen, "show", fail("drawn"))
        app.feed.look()
        await until(pilot, lambda: "unexpected ValueError: drawn." in words(app))
        monkeypatch.undo()
        run = await to_waiting(app, pilot)
        await press(pilot, "p")
        await until(pilot, lambda: runs(home, f"id={run}")[0].state == "paused")

    drive(home, play, (120, 40), faulty=True)


def test_what_raises_in_a_message_handler_or_while_drawing_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(self: QueueScreen, message: Table.Opened) -> None:
        raise ValueError("handler")

    def lines(self: Table, y: int) -> Strip:
        raise ValueError("drawing")

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: app.screen.table.line is not None)
        with monkeypatch.context() as broken:
            broken.setattr(QueueScreen, "on_table_opened", handler)
            await press(pilot, "enter")
            await until(pilot, lambda: "handler" in words(app))
        with monkeypatch.context() as broken:
            broken.setattr(Table, "render_line", lines)
            await press(pilot, "down")
            await until(pilot, lambda: "drawing" in words(app))
        await press(pilot, "down", "enter")
        await until(pilot, lambda: app.screen.NAME == "run")

    drive(home, play, faulty=True)


def test_an_action_that_raises_is_said_by_key_and_from_the_palette(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(screen: QueueScreen) -> None:
        raise KeyError("nothing\x07")

    monkeypatch.setattr(QueueScreen, "action_reverse", failing)
    monkeypatch.setattr("tui.app.AGAIN", 0.0)

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "l2tww" in text(app))
        await press(pilot, "S")
        await until(pilot, lambda: "unexpected KeyError: 'nothing\\x07'. This is a bug in l2t" in words(app))
        app.clear_notifications()
        await until(pilot, lambda: "unexpected" not in text(app))
        await press(pilot, "ctrl+p", *"Reverse")
        await until(pilot, lambda: "Turn the order" in text(app))
        await press(pilot, "down", "enter")
        await until(pilot, lambda: "unexpected KeyError" in words(app))
        await press(pilot, "s")
        await until(pilot, lambda: "sorted by created" in text(app))

    drive(home, play, (120, 40), faulty=True)


def test_statistics_whose_process_dies_are_said_and_the_app_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(home / "l2t.db") as store:
        store.execute("DELETE FROM summaries")
    store.close()
    forget_statistics(home)
    monkeypatch.setattr("tui.judging.sys", SimpleNamespace(executable=shutil.which("false")))
    monkeypatch.setattr("tui.judging.PAUSE", 0.5)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "no statistics: their process ended without an answer" in words(app))
        assert "71.0 ± " not in text(app)
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app))

    drive(home, play)


OPEN: dict[str, tuple[tuple[str, ...], str]] = {
    "matrix": ((), "3.4 "),
    "cell": (("enter",), "median"),
    "queue": (("2",), "[all]"),
    "run": (("2", "enter"), "matching"),
    "weights": (("2", "enter", "tab"), "epoch"),
    "log": (("2", "enter", "tab", "tab"), "attempt 1"),
    "specification": (("2", "enter", "tab", "tab", "tab"), "checksum"),
    "sweep": (("3",), "l2t run"),
    "devices": (("4",), "cpu 1"),
    "report": (("5", "v"), "as of"),
    "help": (("question_mark",), "Keys"),
    "prompt": (("2", "slash"), "Show runs"),
    "question": (("2", "c"), "Cancel l2tww, digits"),
    "palette": (("ctrl+p",), "Matrix"),
}
"""Keys to each screen, and what stands there then."""


async def opened(app: L2TApp, pilot: Play, name: str) -> None:
    keys, says = OPEN[name]
    await until(pilot, lambda: "▶ 2" in text(app) and "71.0 ± " in text(app))
    for key in keys:
        await press(pilot, key)
        await until(pilot, lambda: "running" in text(app) or getattr(app.screen, "NAME", "") != "queue")
    await until(pilot, lambda: says in text(app))


def timeless(app: L2TApp) -> str:
    """The screen without the time at which a report was computed."""
    return re.sub(r"as of [\d:. -]+", "as of …", text(app))


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN)
def test_a_terminal_shrunk_to_nothing_and_back_shows_what_it_did(home: Path, name: str) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await opened(app, pilot, name)
        await pilot.pause(0.3)
        before = timeless(app)
        for size in ((1, 1), (2, 2), (200, 1), (5, 60), (1, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.1)
        await until(pilot, lambda: timeless(app) == before)

    drive(home, play)


@pytest.mark.parametrize(
    "line",
    [
        {"order": "nosuch", "filter": "nosuch=1", "rate": 0.0, "theme": "nosuch", "measure": -(10**30)},
        {"rate": -1.0, "order": "--queue", "filter": "'", "smoothing": 10**9, "run_view": "nosuch", "plot": "\x1b[31m"},
        {"rate": "1", "order": ["queue"], "filter": None, "measure": "1", "log_scale": 1, "states": 7},
        {
            "rate": 1e308,
            "filter": "method=\ud800",
            "order": "",
            "states": "nosuch",
            "measure": 10**30,
            "plot": "x" * 9999,
            "report": {"filter": "nosuch=1", "metric": "\x1b", "parts": "nosuch", "brief": 1},
        },
    ],
)
def test_a_memory_of_impossible_choices_is_as_good_as_none(home: Path, line: dict[str, Any]) -> None:
    (home / "tui.json").write_text(json.dumps(line))
    kept = remembered(home)
    assert (kept.rate, kept.order, kept.filter) == (1.0, "queue", "")

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        for key in ("m", "2", "s", "S", "right_square_bracket", "1", "2", "left_square_bracket", "f6", "f7"):
            await press(pilot, key)
        await until(pilot, lambda: "l2tww" in text(app))
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen.NAME == "run" and "[curves]" in text(app))
        await press(pilot, "tab", "s", "y", "m", "5")
        await until(pilot, lambda: "all runs   baseline by default   metric last" in text(app))

    drive(home, play)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff", b"[" * 100_000, b'{"rate": NaN}', b'{"rate": ' + b"9" * 9999 + b"}", b"[1]", b'{"a": ' * 5000],
)
def test_a_memory_that_cannot_be_read_is_as_good_as_none(home: Path, content: bytes) -> None:
    (home / "tui.json").write_bytes(content)
    assert remembered(home) == Memory()
    drive(home, _stays)
    assert json.loads((home / "tui.json").read_bytes())["rate"] in RATES


async def _stays(app: L2TApp, pilot: Play) -> None:
    await until(pilot, lambda: "71.0" in text(app))
    await press(pilot, "2")
    await until(pilot, lambda: "l2tww" in text(app))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"queue = 7", "names no keys"),
        (b"nosuch = 'x'", 'no action "nosuch"'),
        (b"queue = '1'", "one key for two actions"),
        (b"queue = ','", "names no keys"),
        (b"queue = 'x,,y'", "names no keys"),
        (b"queue = 'no such key'", "names no keys"),
        (b"queue = '\\u001b[31m'", "names no keys"),
        (b"queue = " + b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "keymap.toml"),
        (b"queue = 'x", "keymap.toml"),
        (b"[queue]\na = 'x'", "names no keys"),
    ],
)
def test_a_keymap_that_means_nothing_is_said_and_the_keys_are_as_at_first(
    home: Path, content: bytes, says: str
) -> None:
    (home / "keymap.toml").write_bytes(content)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: says in words(app))
        await _stays(app, pilot)

    drive(home, play, (160, 40))


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN)
def test_every_screen_is_ascii_in_a_terminal_without_unicode(home: Path, name: str) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "> 2" in sent(app) and "71.0" in sent(app))
        for key in OPEN[name][0]:
            await press(pilot, key)
            await until(pilot, lambda: "running" in text(app) or getattr(app.screen, "NAME", "") != "queue")
        await until(pilot, lambda: OPEN[name][1] in text(app))
        assert sent(app).replace("\n", "").isascii()
        app.notify("λ ± 3 … “quoted” 世界 é", timeout=60)
        await until(pilot, lambda: "quoted" in text(app) or name == "palette")
        assert sent(app).replace("\n", "").isascii()

    drive(home, play, ascii=True)


def sent(app: L2TApp) -> str:
    """The characters as the terminal gets them."""
    lines = app.screen._compositor.render_strips()
    for filter in app.get_line_filters():
        lines = [line.apply_filter(filter, app.screen.background_colors[1]) for line in lines]
    return "\n".join(line.text for line in lines)


@contextmanager
def permissions_hold() -> Iterator[None]:
    """Also for the super-user: without the capabilities to override them (Linux; CAP_DAC_OVERRIDE, …_READ_SEARCH)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    effective = held[0]
    held[0] &= ~0b110
    assert libc.capset(header, held) == 0
    try:
        yield
    finally:
        held[0] = effective
        assert libc.capset(header, held) == 0


@pytest.mark.parametrize("read_only", [False, True])
def test_a_home_that_may_not_be_written_is_said(tmp_path: Path, read_only: bool) -> None:
    home = unpack(tmp_path / "made", time.time())
    for path in (home, *home.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "Check the folder's permissions" in words(app))
        await press(pilot, "2", "p", "4", "1")
        await pilot.pause(0.5)

    with permissions_hold():
        drive(home, play, read_only=read_only)
    for path in (home, *home.rglob("*")):
        path.chmod(0o700)
    assert not (home / "tui.json").exists()


def test_a_home_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a home")

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "Not a directory" in words(app) and "--home" in words(app))
        await press(pilot, "2", "4", "3", "escape", "1")

    drive(tmp_path / "file", play)
    assert (tmp_path / "file").read_text() == "not a home"


def test_a_home_that_is_made_while_the_app_is_open_is_shown(tmp_path: Path, home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "No runs yet" in text(app))
        shutil.copytree(home, tmp_path / "new")
        await until(pilot, lambda: "71.0" in text(app))

    drive(tmp_path / "new", play)


def test_enter_pressed_twice_in_a_question_is_answered_once(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "slash", *"shots=2")
        for _ in range(2):
            app.post_message(events.Key("enter", None))
        await until(pilot, lambda: "40 runs   / shots=2" in text(app))

    drive(home, play)


@pytest.mark.parametrize("made", ["fifo", "link"])
def test_files_of_a_run_that_are_none_are_not_read(home: Path, made: str, tmp_path: Path) -> None:
    run = runs(home, "state=done")[0].id
    secret = tmp_path / "secret"
    secret.write_text("a secret\n")
    folder = JobFolder.of(home, "run", run)
    for file in (folder.metrics, folder.log):
        file.unlink(missing_ok=True)
        if made == "fifo":
            os.mkfifo(file)
        else:
            file.symlink_to(secret)

    async def play(app: L2TApp, pilot: Play) -> None:
        await app.push_screen(RunScreen(run))
        await until(pilot, lambda: "No epoch is done yet" in text(app))
        await press(pilot, "tab", "tab")
        await until(pilot, lambda: "not shown: log.txt" in text(app))
        assert "a secret" not in text(app)
        await press(pilot, "1")
        await until(pilot, lambda: "71.0" in text(app))

    drive(home, play)
