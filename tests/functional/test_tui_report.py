"""The Report screen on the recorded home, with the command that it asks."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from screens import drive, press, text, until
from textual.pilot import Pilot
from textual.widgets import Input

from l2t.spec import RunSpec, TrainSettings
from l2t.store.rows import Submission
from l2t.store.store import Store
from tui.app import L2TApp
from tui.screens.matrix import MatrixScreen
from tui.screens.report import ReportScreen

GOLDEN = Path(__file__).parent / "golden" / "tui"

Play = Pilot[Any]


def said(*arguments: str) -> str:
    """What `l2t report` writes, of the home that is set."""
    code = "from cli.app import main; main()"
    line = [sys.executable, "-c", code, "report", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def screen_of(app: L2TApp) -> ReportScreen:
    found = app.screen_stack[0]
    assert isinstance(found, ReportScreen)
    return found


async def computed(app: L2TApp, pilot: Play) -> None:
    """Wait until what is asked for stands there."""

    def met() -> bool:
        screen = screen_of(app)
        return screen._waiting is None and screen._computing is None and screen._shown is not None

    await until(pilot, met)


async def brief(app: L2TApp, pilot: Play) -> None:
    """To the screen, with the quick report."""
    await press(pilot, "5")
    await press(pilot, "v")
    await computed(app, pilot)
    assert "Digits, VGG-small" in text(app)


@pytest.mark.parametrize(("width", "height"), [(80, 24), pytest.param(120, 40, marks=pytest.mark.slow)])
def test_it_looks_as_it_did(home: Path, width: int, height: int) -> None:
    file = GOLDEN / f"report-{width}x{height}.txt"

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "5")
        await until(pilot, lambda: "computing … (Esc cancels)" in text(app))
        await computed(app, pilot)
        shown = re.sub(r"as of \d{4}-\d\d-\d\d \d\d:\d\d", "as of 2027-01-15 09:00", text(app))
        shown = "".join(f"{line.rstrip()}\n" for line in shown.splitlines())
        if os.environ.get("L2T_GOLDEN"):
            file.write_text(shown)
        assert shown == file.read_text()

    drive(home, play, (width, height))


@pytest.mark.slow
def test_the_text_is_that_of_the_command_and_is_scrolled_by_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("L2T_HOME", str(home))

    async def play(app: L2TApp, pilot: Play) -> None:
        await brief(app, pilot)
        lines = said("--brief", "--width=79").splitlines()
        text_widget = screen_of(app).text
        assert [line.rstrip() for line in lines[:20]] == text(app).splitlines()[3:23]
        await press(pilot, "pagedown", "k", "j", "down", "l", "h")
        assert text_widget.scroll_offset.y == 20
        await press(pilot, "G")
        assert text(app).splitlines()[-2] == lines[-1].rstrip()
        await press(pilot, "g")
        assert text_widget.scroll_offset.y == 0

    drive(home, play)


async def typed(app: L2TApp, pilot: Play, line: str) -> None:
    """Answer the question in front."""
    app.screen.query_one(Input).value = line
    await press(pilot, "enter")


def test_choices_are_options_of_the_command(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "5", "v", "slash")
        await typed(app, pilot, "nosuch=1")
        assert "no filter key" in text(app)
        await typed(app, pilot, "method=scratch,ufm shots=5")
        await press(pilot, "m", "f")
        assert "method=scratch,ufm shots=5   baseline by default   metric best-val   family dataset   brief" in text(
            app
        )
        await press(pilot, "b")
        await until(pilot, lambda: "l2tww, l2twww, scratch, ufm" in text(app))
        await typed(app, pilot, "ufm")
        await press(pilot, "s")
        await typed(app, pilot, "cost")
        assert 'no section "cost"' in text(app)
        await typed(app, pilot, "costs")
        await computed(app, pilot)
        assert "l2tww" not in text(app)
        assert "brief   with costs" in text(app)
        assert "against ufm: fewer than 5 a side" in text(app)
        await press(pilot, "G")
        assert "peak" in text(app)
        await press(pilot, "b")
        await until(pilot, lambda: "Compare with" in text(app))
        await typed(app, pilot, "ufmx")
        await computed(app, pilot)
        assert "ufmx" in text(app).split("with costs")[1]  # the command's sentence
        assert "Digits, VGG-small" not in text(app)

    drive(home, play, (120, 40))


def test_a_report_that_cannot_be_says_what_to_press(
    tmp_path: Path, make_run: Callable[..., RunSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with Store.open(home) as store:
        runs = [make_run(train=TrainSettings(epochs=4, lr=lr)) for lr in (0.1, 0.01)]
        store.submit(Submission("l2t run", "demo", 1, runs))

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "5")
        await computed(app, pilot)
        assert "Here: s, then split-by=train.lr" in text(app)
        await press(pilot, "s")
        assert "split-by=train.lr" in text(app).partition("some of:")[2]
        await typed(app, pilot, "split-by=train.lr")
        await computed(app, pilot)
        assert "scratch lr=0.01" in text(app)

    drive(home, play, (80, 24))


def test_it_is_exported_whole_and_replaces_nothing_unasked(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "report.md"

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "5", "v", "e")
        assert app.screen.query_one(Input).value == "report.html"
        await typed(app, pilot, "report.xyz")
        assert ".html .md .tex .csv .json" in text(app)
        await typed(app, pilot, "report.md")
        await until(pilot, lambda: text(app).replace("\n", "").count("report.md") > 1 and file.exists())
        assert f"exported to {file}" in text(app)
        assert screen_of(app)._file == str(file)
        made = file.read_text()
        assert "| scratch |" in made
        file.write_text("mine")
        await press(pilot, "e", "enter")
        assert "Replace it?" in text(app)
        await press(pilot, "enter")
        assert file.read_text() == "mine"
        await press(pilot, "e", "enter", "y")
        await until(pilot, lambda: file.read_text() == made)

    drive(home, play, (160, 40), read_only=True)
    assert {path.name for path in tmp_path.iterdir()} == {"demo", "report.md"}


def test_it_is_stopped_by_escape_and_with_the_app_and_told_when_killed(home: Path) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    async def play(app: L2TApp, pilot: Play) -> None:
        def process() -> "subprocess.Popen[bytes] | None":
            computing = screen_of(app)._computing
            return computing[0]._process if computing else None

        async def started() -> "subprocess.Popen[bytes]":
            await until(pilot, lambda: process() is not None)
            found = process()
            assert found is not None
            processes.append(found)
            return found

        await press(pilot, "5")
        first = await started()
        await press(pilot, "escape")
        await until(pilot, lambda: first.poll() is not None)
        assert "r computes it" in text(app)
        await press(pilot, "r")
        (await started()).kill()
        await until(pilot, lambda: "l2t report was ended by signal 9" in text(app))
        await press(pilot, "r")
        await started()

    drive(home, play)
    assert len(processes) == 3
    assert processes[2].wait(timeout=10) < 0


def test_new_results_are_hinted_at_and_a_store_that_has_gone_is_said(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await brief(app, pilot)
        assert "runs ended since" not in text(app)
        with Store.open(home) as store:
            store._all("UPDATE jobs SET state = 'cancelled' WHERE state = 'queued'")
        app.feed.look()
        await until(pilot, lambda: "runs ended since: r computes again" in text(app))
        await press(pilot, "r")
        await computed(app, pilot)
        assert "runs ended since" not in text(app)
        shutil.rmtree(home)
        await press(pilot, "r")
        await computed(app, pilot)
        assert "Digits, VGG-small" not in text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, MatrixScreen)

    drive(home, play)


def test_nothing_to_report_teaches_the_next_step(tmp_path: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "5")
        await until(pilot, lambda: "3  chooses what to run and queues it" in text(app))

    drive(tmp_path / "nothing", play)


@pytest.mark.slow
def test_keys_are_answered_while_it_computes_and_no_size_is_too_small(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "2", "5", "s", *"all-tests", "enter")
        await until(pilot, lambda: "computing" in text(app))
        begun = time.monotonic()
        await press(pilot, "2")
        await until(pilot, lambda: "[all]" in text(app))
        assert time.monotonic() - begun < 5  # computing takes as long again
        await press(pilot, "5")
        await computed(app, pilot)
        for size in ((1, 1), (2, 2), (200, 1), (5, 60), (1, 60), (30, 10), (80, 24)):
            await pilot.resize_terminal(*size)
            await press(pilot, "G", "l", "g")
        await computed(app, pilot)
        assert "Digits, VGG-small" in text(app)
        assert screen_of(app).text.virtual_size.width <= 79

    drive(home, play)
