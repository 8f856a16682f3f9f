"""The Cell screen says what `l2t report` says of the same home; before statistics are there, what the store knows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from screens import drive, press, text, until
from textual.pilot import Pilot

from l2t.spec import RunSpec
from l2t.store.filter import parse
from l2t.store.rows import Owner, Submission
from l2t.store.state import Reason
from l2t.store.store import Store
from tui import judging
from tui.app import L2TApp
from tui.judging import Judgement
from tui.screens.cell import CellScreen

L2T = str(Path(sys.executable).with_name("l2t"))
ME = Owner("host", "boot", 1, 1)

MakeRun = Callable[..., RunSpec]
Play = Pilot[Any]


def reported(home: Path) -> list[dict[str, Any]]:
    """The tables of `l2t report` on this home."""
    env = os.environ | {"L2T_HOME": str(home)}
    line = [L2T, "report", "--format", "json"]
    done = subprocess.run(line, env=env, check=True, capture_output=True, text=True, timeout=60)
    tables: list[dict[str, Any]] = json.loads(done.stdout)["tables"]
    return tables


def entry(tables: list[dict[str, Any]], row: str, shots: int) -> dict[str, Any]:
    return next(each for table in tables for each in table["entries"] if (each["row"], each["shots"]) == (row, shots))


def said(app: L2TApp) -> str:
    """The screen's text, without its line breaks."""
    return " ".join(text(app).split())


def fill(home: Path, runs: list[RunSpec], done: int, better: dict[str, float]) -> None:
    """A home with these runs, of which the first ones are done."""
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 8, runs))
        finish(store, done, better)


def finish(store: Store, count: int, better: dict[str, float]) -> None:
    for _ in range(count):
        job = store.claim(ME)
        assert job is not None
        spec = json.loads(job.spec().model_dump_json())
        store.finish(job.id, ME, {"accuracy": 50 + better[spec["method"]] + spec["seed"] % 5 * 0.7}, 1.0, None)


def test_a_cell_is_compared_as_the_report_compares_it(home: Path) -> None:
    tables = reported(home)
    found = entry(tables, "scratch", 5)
    summary, compared = found["summary"], found["comparison"]
    tests = sum(
        "p" in each["comparison"]["test"] for table in tables for each in table["entries"] if each["comparison"]
    )
    far = compared["difference"]

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0 ± " in text(app))
        await press(pilot, "right", "enter")
        await until(pilot, lambda: "scratch, Digits, 5 shots" in text(app))
        await until(pilot, lambda: "median" in text(app))
        assert (
            f"{summary['mean']:.1f} ± {summary['half_width']:.1f} % (95 % interval, n {summary['n']},"
            f" sd {summary['sd']:.1f}, median {summary['median']:.1f})"
        ) in said(app)
        assert (
            f"▲ {far['value']:.1f} points above l2tww (95 % {far['low']:.1f} to {far['high']:.1f}):"
            f" p {compared['adjusted']:.3f} ({compared['test']['test']}, Holm over {tests} tests);"
            f" paired Wilcoxon p {compared['paired']['p']:.3f}, uncorrected"
        ) in said(app)
        rows = {line.split()[1]: line.split() for line in text(app).splitlines() if " ± " in line and "(" not in line}
        assert list(rows) == ["scratch", "l2tww", "ufm", "l2twww"]
        for method, row in rows.items():
            summary_of = entry(tables, method, 5)["summary"]
            assert f"{summary_of['mean']:.1f} ± {summary_of['half_width']:.1f}" in " ".join(row)

    drive(home, play)


def test_the_baseline_is_told_how_the_others_compare_with_it(home: Path) -> None:
    tables = reported(home)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0 ± " in text(app))
        await press(pilot, "down", "down", "right", "enter")
        await until(pilot, lambda: "l2tww, Digits, 5 shots" in text(app) and "median" in text(app))
        assert (
            "◆ l2tww is the baseline that others are compared with (Mann–Whitney U, two-sided, Holm over 6 tests):"
            " 1 better, 2 no difference shown"
        ) in said(app)
        for method in ("scratch", "ufm", "l2twww"):
            compared = entry(tables, method, 5)["comparison"]
            [line] = [line for line in text(app).splitlines() if f" {method} " in line and " p " in line]
            assert line.endswith(f"{compared['difference']['value']:+.1f} p {compared['adjusted']:.3f}")

    drive(home, play)


def test_fewer_than_five_seeds_a_side_are_not_tested(home: Path) -> None:
    compared = entry(reported(home), "scratch", 10)["comparison"]

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0 ± " in text(app))
        await press(pilot, "right", "right", "enter")
        await until(pilot, lambda: "scratch, Digits, 10 shots" in text(app) and "median" in text(app))
        assert "n 3 of 10 planned" in said(app)
        far = compared["difference"]
        assert (
            f"{far['value']:.1f} points above l2tww (95 % {far['low']:.1f} to {far['high']:.1f});"
            f" no test: {compared['test']['reason']}"
        ) in said(app)
        assert "▲" not in text(app)

    drive(home, play)


def test_a_cell_whose_runs_all_failed_says_so(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0 ± " in text(app))
        await press(pilot, "down", "left", "enter")
        await until(pilot, lambda: "No run has a result: 2 failed" in text(app))
        await until(pilot, lambda: "No comparison: l2tww has no runs here" in text(app))

    drive(home, play)


def test_a_cell_whose_runs_are_forgotten_is_empty(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0 ± " in text(app))
        await press(pilot, "down", "left", "enter")
        await until(pilot, lambda: "No run has a result: 2 failed" in text(app))
        with Store.open(home) as store:
            store.clear(parse(["state=failed"]))
        await until(pilot, lambda: "this cell has no runs any more" in text(app))
        assert "ufm" not in text(app)

    drive(home, play)


def test_a_cell_without_results_says_so_and_one_with_some_is_interim(tmp_path: Path, make_run: MakeRun) -> None:
    runs = [make_run(seed, method=method) for seed in range(8) for method in ("scratch", "l2tww")]
    runs += [make_run(0, method="ufm")]
    better = {"scratch": 0.05, "l2tww": 6.0}
    fill(tmp_path, runs, 12, better)
    compared = entry(reported(tmp_path), "scratch", 5)["comparison"]

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "▽" in text(app))
        await press(pilot, "enter")
        await until(pilot, lambda: "n 6 of 8 planned" in said(app))
        assert (
            f"interim p {compared['adjusted']:.3f} (Mann–Whitney U, two-sided, Holm over 1 test); paired Wilcoxon"
        ) in said(app)
        assert "planned runs are missing" in said(app)
        assert f"({compared['adjusted']:.3f})" not in said(app)
        assert f"(p {compared['adjusted']:.3f})" in said(app)
        assert "▼" not in text(app)
        await press(pilot, "escape", "down", "enter")
        await until(pilot, lambda: "ufm, Digits" in text(app) and "No run has ended yet" in text(app))
        await until(pilot, lambda: "no test" in text(app))

    drive(tmp_path, play)


def test_statistics_are_computed_once_and_a_cell_shows_them_at_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def counted(*arguments: Any) -> Judgement:
        asked.append(arguments)
        return judge(*arguments)

    judge = judging.judge
    monkeypatch.setattr(judging, "judge", counted)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0 ± " in text(app))
        for key in ("right", "down"):
            await press(pilot, key, "enter")
            await until(pilot, lambda: isinstance(app.screen, CellScreen) and "n 10, sd" in text(app))
            assert "points" in text(app)
            assert "computed" not in text(app)
            await press(pilot, "escape")
        assert len(asked) == 1

    drive(home, play)


def test_before_statistics_are_there_the_store_is_told_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.read(home) as store:
        rows = store.runs(parse(["method=scratch", "shots=5"]))
    mean = fmean(row.accuracy for row in rows if row.accuracy is not None)

    def never(home: Path, key: str, keep: bool) -> Judgement:
        return Judgement(key, {}, "no statistics: there is no scipy")

    begin = judging.Judging._begin
    monkeypatch.setattr(judging.Judging, "_begin", lambda self: None)
    monkeypatch.setattr(judging, "judge", never)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        await press(pilot, "right", "enter")
        await until(pilot, lambda: "statistics are being computed" in text(app))
        assert f"{mean:.1f} % (n 10, sd 2.5); statistics are being computed" in said(app)
        dots = [line for line in text(app).splitlines() if "scratch" in line and "┃" in line]
        assert len(dots) == 1
        begin(app.judging)
        await until(pilot, lambda: "n 10, sd 2.5); no statistics: there is no scipy" in said(app))

    drive(home, play)


def test_results_that_follow_close_are_judged_too(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "PAUSE", 1.0)
    better = {"scratch": 0.05, "l2tww": 6.0}
    fill(tmp_path, [make_run(seed, method=method) for seed in range(6) for method in better], 11, better)

    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "▽" in text(app))
        await press(pilot, "down", "enter")
        await until(pilot, lambda: "n 5 of 6 planned, sd" in said(app))
        with Store.open(tmp_path) as store:
            finish(store, 1, better)
        await until(pilot, lambda: "(95 % interval, n 6, sd" in said(app) and "being computed" not in said(app))
        assert "1 worse" in said(app)

    drive(tmp_path, play)


def test_a_failed_run_is_counted_beside_the_results(tmp_path: Path, make_run: MakeRun) -> None:
    with Store.open(tmp_path) as store:
        store.submit(Submission("l2t run", "demo", 8, [make_run(seed) for seed in range(3)]))
        finish(store, 2, {"scratch": 0.0})
        job = store.claim(ME)
        assert job is not None
        store.fail(job.id, ME, Reason.DIVERGED, "the loss is not finite")

    async def play(app: L2TApp, pilot: Play) -> None:
        await press(pilot, "enter")
        await until(pilot, lambda: "n 2 of 3 planned, sd 0.5, median 50.4); 1 failed" in said(app))
        assert "No comparison: no other method is here" in said(app)
        assert "no test" not in said(app)

    drive(tmp_path, play)


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 16), (66, 20), (200, 60)])
def test_any_size_is_drawn_and_runs_keep_their_room(home: Path, size: tuple[int, int]) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0 ± " in text(app))
        await press(pilot, "right", "enter")
        await until(pilot, lambda: "median" in text(app))
        await pilot.resize_terminal(*size)
        await pilot.pause()
        shown = [line for line in text(app).splitlines() if " done " in line]
        assert size[1] < 20 or len(shown) >= 6

    drive(home, play)


def test_an_ascii_terminal_gets_ascii_only(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await until(pilot, lambda: "71.0" in text(app))
        await press(pilot, "right", "enter")
        await until(pilot, lambda: "median" in text(app))
        lines = app.screen._compositor.render_strips()
        for filter in app.get_line_filters():
            lines = [line.apply_filter(filter, app.screen.background_colors[1]) for line in lines]
        shown = "\n".join(line.text for line in lines)
        assert shown.isascii()
        assert "^ scratch" in shown
        assert "| mean  - 95 %" in shown

    drive(home, play, ascii=True)
