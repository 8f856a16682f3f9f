"""Queue and Run on the recorded home: times that are left, curves of several runs, the log, what is remembered."""

import time
from pathlib import Path
from typing import Any

import pytest
from screens import drive, press, text, until
from textual.pilot import Pilot

from l2t.store.filter import parse
from l2t.store.store import Store
from tui.app import L2TApp
from tui.screens.curves_pane import CurvesPane
from tui.screens.run import WIDE
from tui.widgets.log import Log

Play = Pilot[Any]


async def queue(app: L2TApp, pilot: Play, filter: str = "") -> None:
    await press(pilot, "2")
    if filter:
        await press(pilot, "slash", *filter, "enter")
    await until(pilot, lambda: "[all]" in text(app) and filter in text(app) and "▸ " in text(app))


async def run_of(app: L2TApp, pilot: Play, *keys: str) -> None:
    """Open the first run, which is running, and press keys there."""
    await queue(app, pilot)
    await press(pilot, "enter")
    await until(pilot, lambda: "epoch 35/50" in text(app))
    await press(pilot, *keys)


def curves(app: L2TApp) -> list[str]:
    return [curve.name for curve in app.screen.query_one(CurvesPane)._drawing.curves]


def test_the_queue_says_how_long_runs_still_take(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await queue(app, pilot)
        lines = text(app).splitlines()[3:]
        assert "running             10 s" in lines[0]
        assert "running             23 s" in lines[1]
        # The first to wait begins when the first of two slots is free, and takes what its cell took: 3 s.
        assert "queued             ~13 s" in lines[2]
        assert "about 4 min left in 2 slots" in text(app)

    drive(home, play)


def test_where_nobody_works_no_end_is_told(home: Path) -> None:
    (home / "supervisor.json").unlink()

    async def play(app: L2TApp, pilot: Play) -> None:
        await queue(app, pilot)
        await until(pilot, lambda: "10 s" in text(app))
        assert "~13 s" not in text(app)
        assert "left in" not in text(app)

    drive(home, play)


def test_the_queue_remembers_which_states_it_showed(home: Path) -> None:
    async def choose(app: L2TApp, pilot: Play) -> None:
        await queue(app, pilot)
        await press(pilot, "right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "[waiting]" in text(app))

    async def look(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2")
        await until(pilot, lambda: "[waiting]" in text(app) and "27 runs" in text(app))

    drive(home, choose)
    drive(home, look)


def test_marked_runs_lie_in_one_plot_named_by_what_differs(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await queue(app, pilot, "shots=5 seed=0")
        await until(pilot, lambda: "done   4 runs" in text(app))
        await press(pilot, "a")
        await until(pilot, lambda: "4 runs marked" in text(app))
        await press(pilot, "o")
        await until(pilot, lambda: "Digits, 5 shots, seed 0, vgg-small" in text(app) and "loss: total" in text(app))
        assert sorted(curves(app)) == ["l2tww", "l2twww", "scratch", "ufm"]
        await press(pilot, "m")
        await until(pilot, lambda: "loss: CE" in text(app))
        for key in ("tab", "slash", "v", "o"):  # what a run has besides its curves is not there
            await press(pilot, key)
        assert "loss: CE" in text(app)
        await press(pilot, "escape")
        await until(pilot, lambda: "4 runs marked" in text(app))

    drive(home, play)


def test_more_runs_than_can_be_told_apart_are_the_first_or_of_one_cell_their_mean(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await queue(app, pilot, "shots=5")
        await until(pilot, lambda: "done   40 runs" in text(app))
        await press(pilot, "a")
        await until(pilot, lambda: "40 runs marked" in text(app))
        await press(pilot, "o")
        await until(pilot, lambda: "the first 8 of 40 runs" in text(app))
        assert len(curves(app)) == len(set(curves(app))) == 8
        await press(pilot, "escape")
        await queue(app, pilot, " method=ufm")
        await until(pilot, lambda: "done   10 runs" in text(app))
        await press(pilot, "a")
        await until(pilot, lambda: "10 runs marked" in text(app))
        await press(pilot, "o")
        await until(pilot, lambda: "mean of 10 runs" in text(app) and "mean of 10 ± sd" in text(app))
        assert curves(app) == ["mean of 10 ± sd"]

    drive(home, play)


def test_a_log_is_followed_until_one_reads_and_again_from_its_end(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot, "tab", "tab")
        await until(pilot, lambda: "attempt 1" in text(app))
        file = home / "runs" / app.screen._run / "log.txt"

        def write(first: int, last: int) -> None:
            with file.open("a") as log:
                log.writelines(f"line {at}\n" for at in range(first, last))

        write(0, 100)
        await until(pilot, lambda: "line 99" in text(app))
        assert "follows the end" in text(app)
        await press(pilot, "up")
        shown = text(app).splitlines()[4:-1]
        write(100, 200)
        await until(pilot, lambda: "more has come" in text(app))
        assert text(app).splitlines()[4:-1] == shown
        await press(pilot, "down")
        await until(pilot, lambda: "line 199" in text(app))
        write(200, 210)
        await until(pilot, lambda: "line 209" in text(app))
        await press(pilot, "home")
        assert "attempt 1" in text(app)
        write(210, 220)
        await until(pilot, lambda: "more has come" in text(app))
        await press(pilot, "G")
        await until(pilot, lambda: "line 219" in text(app) and "follows the end" in text(app))
        await press(pilot, "f")
        write(220, 230)
        await until(pilot, lambda: "more has come" in text(app))
        await press(pilot, "f")
        await until(pilot, lambda: "line 229" in text(app))

    drive(home, play)


def test_what_is_searched_for_is_counted_and_stands_out(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot, "tab", "tab")
        await until(pilot, lambda: "attempt 1" in text(app))
        with (home / "runs" / app.screen._run / "log.txt").open("a") as log:
            log.writelines(f"line {at} {'Warning [x' if at % 30 == 5 else 'fine'}\n" for at in range(100))
        await until(pilot, lambda: "line 99" in text(app))
        await press(pilot, "home", "slash", *"warning [x", "enter")
        await until(pilot, lambda: "warning [x: 1 of 4" in text(app) and "line 5 " in text(app))
        await press(pilot, "n", "n")
        assert "warning [x: 3 of 4" in text(app)
        assert "line 65 " in text(app)
        await press(pilot, "N", "N", "N")
        assert "warning [x: 4 of 4" in text(app)
        strips = app.screen._compositor.render_strips()
        reversed_ = ["".join(s.text for s in line if s.style and s.style.reverse) for line in strips[4:-1]]
        assert [found for found in reversed_ if found.strip()] == ["Warning [x"]
        await press(pilot, "slash", *([*["backspace"] * 10, *"nowhere"]), "enter")
        await until(pilot, lambda: "not in the log: nowhere" in text(app))

    drive(home, play)


def test_a_cut_log_says_so_and_only_what_is_in_sight_is_drawn(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot, "tab", "tab")
        await until(pilot, lambda: "attempt 1" in text(app))
        with (home / "runs" / app.screen._run / "log.txt").open("a") as log:
            log.writelines(f"line {at} {'x' * 200}\n" for at in range(1000))
        await until(pilot, lambda: "the end of 210.0 kB" in text(app))
        assert f"l2t logs {app.screen._run}" in text(app)
        log_ = app.screen.query_one(Log)
        assert 64_000 / 210 - 2 < len(log_._lines) < 64_000 / 205 + 16

    drive(home, play, (120, 24))


def test_specification_and_environment_are_compared(home: Path) -> None:
    with Store.read(home) as store:
        other = store.runs(parse(["method=scratch", "shots=2", "seed=4"]))[0].id

    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot, "tab", "tab", "tab")
        await until(pilot, lambda: "checksum" in text(app))
        await press(pilot, "end")
        await until(pilot, lambda: "env.source_weights" in text(app))
        await press(pilot, "up", "up", "up", "up", "up", "up", "up")
        assert "env.fingerprint" in text(app) or "env.device" in text(app)
        await press(pilot, "v", *other, "enter")
        await until(pilot, lambda: "scratch, 2 shots, seed 4" in text(app))
        shown = text(app)
        assert "checksum" not in shown
        assert "env.python" not in shown
        assert "env.asked" in shown
        await press(pilot, "home", "enter")
        await until(pilot, lambda: "l2tww\n" in text(app) or "method" in text(app))
        await press(pilot, "v", "enter")
        await until(pilot, lambda: "checksum" in text(app))

    drive(home, play)


def test_the_cursor_follows_the_mouse_and_the_wheel_zooms(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot)
        await until(pilot, lambda: "total" in text(app))
        plot = app.screen.query_one(CurvesPane)
        await pilot.mouse_down(CurvesPane, offset=(20, 5))
        await pilot.pause()
        first = plot.look.cursor
        assert first is not None
        assert f"epoch {first:.0f} " in text(app)
        await pilot.hover(CurvesPane, offset=(40, 5))
        await pilot.mouse_up(CurvesPane, offset=(40, 5))
        await pilot.pause()
        second = plot.look.cursor
        assert second is not None
        assert second > first
        await pilot.hover(CurvesPane, offset=(50, 5))
        await pilot.pause()
        assert plot.look.cursor == second
        from textual import events

        where = {"x": 20, "y": 5, "delta_x": 0, "delta_y": 0, "button": 0, "shift": False, "meta": False, "ctrl": False}
        plot.post_message(events.MouseScrollUp(plot, **where))
        await until(pilot, lambda: "epochs " in text(app))
        plot.post_message(events.MouseScrollDown(plot, **where))
        await until(pilot, lambda: "epochs " not in text(app))

    drive(home, play)


def test_a_runs_view_and_plot_are_remembered(home: Path) -> None:
    async def choose(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot)
        await until(pilot, lambda: "total" in text(app))
        await press(pilot, "m", "tab", "tab")
        await until(pilot, lambda: "[log]" in text(app))

    async def look(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot)
        await until(pilot, lambda: "attempt 1" in text(app) and "[log]" in text(app))
        await press(pilot, "shift+tab", "shift+tab")
        await until(pilot, lambda: "accuracy" in text(app).splitlines()[3])

    drive(home, choose)
    drive(home, look)


def test_a_wide_screen_keeps_the_curves_beside_the_rest_and_folds_when_it_shrinks(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot)
        await until(pilot, lambda: "total" in text(app) and "λ of the pairs" in text(app))
        await press(pilot, "tab")
        await until(pilot, lambda: "attempt 1" in text(app) and "total" in text(app))
        await press(pilot, "m")
        await until(pilot, lambda: "accuracy" in text(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "attempt 1" in text(app) and "accuracy" not in text(app))
        await pilot.resize_terminal(WIDE, 50)
        await until(pilot, lambda: "attempt 1" in text(app) and "accuracy" in text(app))

    drive(home, play, (200, 60))


def test_a_single_run_is_opened_rather_than_laid_over_nothing(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await queue(app, pilot)
        await press(pilot, "o")
        await until(pilot, lambda: "[curves]  weights" in text(app))

    drive(home, play)


@pytest.mark.slow
def test_ten_thousand_lines_a_second_are_followed_and_keys_still_answer(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot, "tab", "tab")
        await until(pilot, lambda: "attempt 1" in text(app))
        took = []
        with (home / "runs" / app.screen._run / "log.txt").open("a") as log:
            for at in range(30):
                log.writelines(f"line {number} \x1b[31m\u202e{'y' * (number % 90)}\n" for number in range(1000))
                log.flush()
                await pilot.pause(0.1)
                begun = time.perf_counter()
                await press(pilot, "up" if at % 3 else "end")
                took.append(time.perf_counter() - begun)
        await press(pilot, "end")
        await until(pilot, lambda: "line 999 \\x1b[31m\\u202e" in text(app))
        assert sorted(took)[len(took) // 2] < 0.2, took  # 50 ms where nothing else runs

    drive(home, play)


def test_a_log_that_starts_over_is_shown_anew(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await run_of(app, pilot, "tab", "tab")
        await until(pilot, lambda: "attempt 1" in text(app))
        file = home / "runs" / app.screen._run / "log.txt"
        file.write_text("\n".join(f"old {at}" for at in range(300)))
        await until(pilot, lambda: "old 299" in text(app))
        file.write_text("new\n")
        await until(pilot, lambda: "new" in text(app) and "follows the end" in text(app))
        file.write_text("\n".join(f"newer {at}" for at in range(300)))
        await until(pilot, lambda: "newer 299" in text(app))
        file.unlink()
        await until(pilot, lambda: "No log" in text(app))

    drive(home, play)
