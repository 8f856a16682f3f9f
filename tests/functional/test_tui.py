"""The screens, on the recorded home: what stands there, and what keys do."""

import os
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from scipy import stats
from screens import drive, press, text, until
from textual.pilot import Pilot

from l2t.spec import RunSpec, SourceSpec
from l2t.store.filter import parse
from l2t.store.rows import Owner, Submission
from l2t.store.state import State
from l2t.store.store import Store
from tui.app import L2TApp
from tui.screens.queue import QueueScreen

GOLDEN = Path(__file__).parent / "golden" / "tui"

Play = Pilot[Any]

TRAINED = {"ufm": "vgg-small", "finetune": "resnet8"}


def states(home: Path, *words: str) -> list[State]:
    with Store.read(home) as store:
        return [row.state for row in store.runs(parse(words))]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    ("name", "keys", "says"),
    [
        ("matrix", (), "scratch"),
        ("cell", ("enter",), "median"),
        ("queue", ("2",), "[all]"),
        ("run", ("2", "enter"), "matching"),
        ("weights", ("2", "enter", "tab"), "epoch"),
        ("log", ("2", "enter", "tab", "tab"), "attempt 1"),
        ("specification", ("2", "enter", "tab", "tab", "tab"), "checksum"),
        ("devices", ("4",), "cpu 1"),
        ("help", ("question_mark",), "Keys"),
    ],
)
def test_a_screen_looks_as_it_did(
    home: Path, name: str, keys: tuple[str, ...], says: str, width: int, height: int
) -> None:
    file = GOLDEN / f"{name}-{width}x{height}.txt"

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "▶ 2" in text(app) and "71.0 ± " in text(app))
        await press(pilot, *keys)
        await until(pilot, lambda: says in text(app))
        shown = text(app) + "\n"
        shown = "\n".join(line.rstrip() for line in _masked(shown).splitlines()) + "\n"
        if os.environ.get("L2T_GOLDEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(shown)
        assert shown == file.read_text()

    drive(home, play, (width, height))


def _masked(shown: str) -> str:
    """Without what is this process's own: its id, and the host's name."""
    import platform
    import re

    shown = re.sub(rf"pid {os.getpid()} on {re.escape(platform.node())}", "pid 1 on host", shown)
    return re.sub(rf"\b{os.getpid()}\b", lambda found: "1".rjust(len(found[0])), shown)


def test_enter_opens_the_cell_under_the_cursor_and_escape_goes_back(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        await press(pilot, "down", "enter")
        await until(pilot, lambda: "ufm, Digits, 2 shots" in text(app))
        await press(pilot, "escape")
        await until(pilot, lambda: "table" in text(app) or "VGG-small" in text(app))
        assert app.screen.NAME == "matrix"

    drive(home, play)


def test_the_queue_is_filtered_by_the_language_of_the_commands(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "slash", *"method=l2tww", "enter")
        await until(pilot, lambda: "/ method=l2tww" in text(app) and "30 runs" in text(app))
        assert "scratch" not in text(app)
        await press(pilot, "slash", *" nosuch=1", "enter")
        await until(pilot, lambda: "no filter key" in text(app))
        assert "/ method=l2tww" in text(app)

    drive(home, play)


def test_marked_runs_are_paused_resumed_and_given_tags(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "[waiting]   27 runs" in text(app).replace("  failed  done", ""))
        before = len(states(home, "state=paused"))
        await press(pilot, "space", "space", "p")
        await until(pilot, lambda: len(states(home, "state=paused")) == before + 2)
        await press(pilot, "u")
        await until(pilot, lambda: len(states(home, "state=paused")) == before)
        await press(pilot, "t", *"pilot", "enter")
        await until(pilot, lambda: len(states(home, "tag=pilot")) == 2)
        await press(pilot, "plus")
        await until(pilot, lambda: len(states(home, "priority=1")) == 2)

    drive(home, play)


def test_cancelling_asks_first(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "[waiting]   27 runs" in text(app).replace("  failed  done", ""))
        before = len(states(home, "state=cancelled"))
        await press(pilot, "c")
        await until(pilot, lambda: "Cancel scratch, digits, 10 shots, seed 3?" in text(app))
        await press(pilot, "enter")
        assert len(states(home, "state=cancelled")) == before
        await press(pilot, "c", "y")
        await until(pilot, lambda: len(states(home, "state=cancelled")) == before + 1)

    drive(home, play)


def test_what_was_asked_about_is_cancelled_wherever_its_line_has_gone(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "[waiting]   27 runs" in text(app).replace("  failed  done", ""))
        await press(pilot, "c")
        await until(pilot, lambda: "Cancel scratch, digits, 10 shots, seed 3?" in text(app))
        with Store.open(home) as store:
            store.prioritise(parse(["method=ufm", "state=queued"]), 5)
        app.feed.look()
        assert isinstance(app.screen_stack[-2], QueueScreen)
        table = app.screen_stack[-2].table
        await until(pilot, lambda: table.lines[0].cells[1] == "ufm")
        assert table.cursor > 0
        assert table.line is not None
        assert table.line.cells[1:5] == ("scratch", "digits", "10", "3")  # the cursor stays on its run
        await press(pilot, "y")
        await until(pilot, lambda: len(states(home, "state=cancelled", "method=scratch", "seed=3", "shots=10")) == 1)
        assert not states(home, "state=cancelled", "method=ufm")

    drive(home, play)


def test_runs_that_are_not_shown_yet_are_left_alone(home: Path) -> None:
    before = states(home)

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app) and "running" in text(app))
        app.feed.close()
        app.feed.join()
        await press(pilot, "right_square_bracket", "right_square_bracket", "p", "plus", "r")
        await pilot.pause(0.3)
        assert states(home) == before

    drive(home, play)


def test_read_only_changes_nothing(home: Path) -> None:
    before = states(home)

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app) and "running" in text(app))
        await press(pilot, "p", "c", "y", "t", "D", "r", "plus", "4", "u", "D")
        await pilot.pause(0.3)

    drive(home, play, read_only=True)
    assert states(home) == before
    assert not (home / "tui.json").exists()


def test_what_was_chosen_is_remembered(home: Path) -> None:
    async def choose(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "f7", "2", "slash", *"shots=2", "enter")

    async def look(app: L2TApp, pilot: Play) -> None:
        assert app.theme == "l2t-light"
        await press(pilot, "2")
        await until(pilot, lambda: "/ shots=2" in text(app))

    drive(home, choose)
    drive(home, look)


def test_what_the_report_is_of_is_remembered(home: Path) -> None:
    said = "all runs   baseline by default   metric best-val   family all   brief"

    async def choose(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "5", "v", "m")
        await until(pilot, lambda: said in text(app))

    async def look(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "5")
        await until(pilot, lambda: said in text(app))

    drive(home, choose)
    drive(home, look)


def test_an_empty_home_teaches_the_next_step(tmp_path: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        assert "No runs yet" in text(app)
        await press(pilot, "2")
        await until(pilot, lambda: "No runs yet" in text(app))
        await press(pilot, "4")
        await until(pilot, lambda: "no supervisor works here" in text(app))

    drive(tmp_path / "nothing", play)
    assert not (tmp_path / "nothing").exists()


def test_a_store_that_goes_and_comes_back_is_told(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        (home / "l2t.db").write_bytes(b"no database at all" * 100)
        for end in ("-wal", "-shm"):
            (home / f"l2t.db{end}").unlink(missing_ok=True)
        (home / "supervisor.json").touch()
        await until(pilot, lambda: "damaged" in text(app))
        (home / "l2t.db").unlink()
        await until(pilot, lambda: "No runs yet" in text(app))

    drive(home, play)


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (20, 5), (200, 60)])
def test_any_size_is_drawn(home: Path, size: tuple[int, int]) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        for key in ("1", "enter", "escape", "2", "4", "question_mark", "escape"):
            await press(pilot, key)

    async def shrink(app: L2TApp, pilot: Play) -> None:
        await pilot.resize_terminal(*size)
        await play(app, pilot)

    drive(home, shrink)


def test_an_ascii_terminal_gets_ascii_only(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        for key in ("2", "4", "1", "enter"):
            await press(pilot, key)
            await pilot.pause(0.2)
            lines = app.screen._compositor.render_strips()
            for line in lines:
                for filter in app.get_line_filters():
                    line = line.apply_filter(filter, app.screen.background_colors[1])
                assert line.text.isascii(), line.text

    drive(home, play, ascii=True)


def test_control_characters_never_reach_the_screen(home: Path) -> None:
    with Store.open(home) as store:
        store.annotate(parse(["state=running"]), "a\x1b[31m\x07\u202eb [bold]c")

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "\\x1b[31m" in text(app) and "[bold]c" in text(app))
        assert not {"\x1b", "\x07", "\u202e"} & set(text(app))

    drive(home, play, (200, 40))


def test_a_run_is_looked_at_from_all_sides(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app) and "running" in text(app))
        await press(pilot, "enter")
        await until(pilot, lambda: "epoch 35/50" in text(app) and "loss" in text(app))
        await press(pilot, "y", "s")
        await until(pilot, lambda: "loss, log, smoothed 0.6" in text(app))
        await press(pilot, "h", "h")
        await until(pilot, lambda: "epoch 3" in text(app).splitlines()[-2])
        await press(pilot, "0", "plus")
        await until(pilot, lambda: "epochs " in text(app))
        await press(pilot, "0", "m", "o")
        await until(pilot, lambda: "accuracy" in text(app) and "other seeds ± sd" in text(app))
        await press(pilot, "tab", "tab")
        await until(pilot, lambda: "attempt 1" in text(app))
        await press(pilot, "slash", *"nowhere", "enter")
        await until(pilot, lambda: "not in the log: nowhere" in text(app))

    drive(home, play)


def test_two_runs_are_compared_by_what_differs(home: Path) -> None:
    with Store.read(home) as store:
        other = store.runs(parse(["method=scratch", "shots=2", "seed=4"]))[0].id

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app) and "running" in text(app))
        await press(pilot, "enter", "tab", "tab", "tab")
        await until(pilot, lambda: "[specification]" in text(app) and "checksum" in text(app))
        await press(pilot, "v", *other, "enter")
        await until(pilot, lambda: "checksum" not in text(app) and "scratch" in text(app))

    drive(home, play)


def test_a_run_folder_that_vanishes_or_is_torn_is_no_end(home: Path) -> None:
    import shutil

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app) and "running" in text(app))
        await press(pilot, "enter")
        await until(pilot, lambda: "epoch 35/50" in text(app) and "loss" in text(app))
        folder = home / "runs" / app.screen._run
        with (folder / "metrics.jsonl").open("ab") as file:
            file.write(b'{"epoch": 36, "lo\xff\n{"epoch": "x"}\n[1]\n{"epoch": 37, "loss": 1')
        await pilot.pause(1.5)
        assert "loss" in text(app)
        shutil.rmtree(folder)
        await press(pilot, "tab", "tab", "tab", "tab")
        await pilot.pause(1.5)
        assert "l2tww, Digits" in text(app)

    drive(home, play)


def test_the_matrix_says_what_the_report_says(home: Path) -> None:
    with Store.read(home) as store:
        rows = [row.accuracy for row in store.runs(parse(["method=scratch", "shots=5"])) if row.accuracy is not None]
    low, high = stats.t.interval(0.95, len(rows) - 1, fmean(rows), stats.sem(rows))

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: f"▲ {fmean(rows):.1f} ± {(high - low) / 2:.1f}" in text(app))
        assert "◆ baseline l2tww" in text(app)
        await press(pilot, "m")
        await until(pilot, lambda: "points" in text(app))
        await press(pilot, "m")
        await until(pilot, lambda: "p 0.0" in text(app))

    drive(home, play)


def test_the_footer_is_pressed_by_mouse_and_keeps_the_way_out(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "c Cancel" in text(app))
        await pilot.click("Footer", offset=(text(app).splitlines()[-1].index("State"), 0))
        await until(pilot, lambda: "[running]" in text(app))
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: text(app).splitlines()[-1].endswith("? Help q Quit"))
        assert text(app).splitlines()[-1].startswith("⏎ Open")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "c Cancel" in text(app))

    drive(home, play)


def test_what_is_made_first_is_told_and_finetuned_sources_have_a_table_of_their_own(
    tmp_path: Path, make_run: Callable[..., RunSpec], make_source: Callable[..., SourceSpec]
) -> None:
    source = make_source()
    runs = [make_run(method=method, source=source.ref, target=target) for method, target in TRAINED.items()]
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 1, runs, [source]))
        assert store.claim(Owner(os.uname().nodename, "", os.getpid(), 1), "cpu")

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "1 made first  ○ 2" in text(app))
        await until(pilot, lambda: "Table 1 of 2: VGG-small ← " in text(app) and "finetune" not in text(app))
        await press(pilot, "tab")
        await until(pilot, lambda: "Table 2 of 2: ResNet-8 ← " in text(app) and "ufm" not in text(app))
        await press(pilot, "2", "right_square_bracket")
        await until(pilot, lambda: "is made first." in text(app) and f"{source.name}  epoch 0/" in text(app))
        await press(pilot, "left_square_bracket", "enter")
        await until(pilot, lambda: f"[curves]  weights  log  specification   waits for {source.name}" in text(app))

    drive(tmp_path / "home", play)
