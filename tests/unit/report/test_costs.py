"""What runs cost: means and ranges, no two devices in one, and amounts that are none left out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from l2t.report.formats import latex, markdown, rich
from l2t.report.report import Report
from l2t.report.section import Section
from l2t.report.sections.costs import costs
from l2t.spec import DataSettings
from l2t.store.files import write_json
from l2t.store.folder import JobFolder
from l2t.store.state import State


def spend(home: Path, runs: Any, *seconds: float | None, device: str | None = "a chip", host: str = "box") -> None:
    """Give the last runs what they took, 50 steps and 900 MiB each, and an env.json where a device is named."""
    for index, taken in enumerate(seconds, start=len(runs.rows) - len(seconds)):
        row = runs.rows[index]
        runs.rows[index] = replace(
            row, seconds=taken, steps=50, peak_memory=900 << 20, parameters=61514, device="cpu", host=host
        )
        if device is not None:
            folder = JobFolder.of(home, "run", row.id)
            folder.make()
            write_json(folder.env, {"host": host, "fingerprint": {"cpu": device}})


def section(home: Path, runs: Any, **options: Any) -> Section:
    return costs(home, runs.report(**options), runs.rows)


def said(found: Section) -> str:
    json.dumps(found.data, allow_nan=False)
    report = Report((), "all", {}, (found,))
    assert found.title in markdown.render(report)
    latex.render(report)
    assert all(line.cell_len <= 80 for line in rich.lines(report, 80))
    return " ".join(sentence for grid in found.grids for sentence in grid.sentences)


def test_means_and_ranges(tmp_path, runs):
    runs.add("scratch", [50.0, 50.0])
    spend(tmp_path, runs, 10.0, 40.0)
    found = section(tmp_path, runs)
    grid = found.grids[0]
    assert grid.title == "Digits, VGG-small, 4 epochs: a chip"
    assert grid.headings == ("shots", "method", "n", "time, s", "steps", "steps/s", "peak MiB")
    assert grid.rows == (("5", "scratch", "2", "25 (10–40)", "50", "3.12", "900"),)
    text = said(found)
    assert "Each has 61,514 parameters." in text
    assert "killed until the last epoch it noted" in text
    assert "Peak memory: of the whole process (cpu)." in text
    for unsaid in ("Hosts", "Not known", "attempt came"):
        assert unsaid not in text
    [one] = found.data
    assert one["seconds"] == {"n": 2, "mean": 25.0, "least": 10.0, "greatest": 40.0}
    assert one["steps_per_second"]["mean"] == pytest.approx((5.0 + 1.25) / 2)


def test_devices_are_never_averaged(tmp_path, runs):
    runs.add("scratch", [50.0] * 2)
    spend(tmp_path, runs, 10.0, 10.0)
    runs.add("scratch", [50.0], seeds=[2])
    spend(tmp_path, runs, 40.0, device="another chip", host="tower")
    runs.add("scratch", [50.0], seeds=[3])
    spend(tmp_path, runs, 80.0, device=None)
    found = section(tmp_path, runs)
    titles = [grid.title.rpartition(": ")[2] for grid in found.grids[:-1]]
    assert titles == ["a chip", "another chip", "cpu, unnamed"]
    assert [grid.rows[0][2:4] for grid in found.grids[:-1]] == [("2", "10"), ("1", "40"), ("1", "80")]
    assert "Hosts: box, tower; those with one device are averaged." in said(found)


def test_times_have_a_unit_for_a_person(tmp_path, new_runs):
    for seconds, unit, text in (
        (0.004, "s", "0.004"),
        (119.0, "s", "119"),
        (120.0, "min", "2"),
        (7199.0, "min", "120"),
        (9000.0, "h", "2.50"),
        (4e6, "h", "1,111"),
        (1.795490931143898e09, "h", "498,747"),
    ):
        runs = new_runs()
        runs.add("scratch", [50.0])
        spend(tmp_path, runs, seconds)
        grid = section(tmp_path, runs).grids[0]
        assert (grid.headings[3], grid.rows[0][3]) == (f"time, {unit}", text)


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf"), -1.0, 1e308])
def test_what_is_no_amount_is_left_out_and_counted(tmp_path, runs, bad):
    runs.add("scratch", [50.0, 50.0])
    spend(tmp_path, runs, 10.0, bad)
    found = section(tmp_path, runs)
    assert found.grids[0].rows[0][2:6] == ("2", "10", "50", "5")
    assert "Not known, and left out: time of 1 runs." in said(found)


def test_runs_that_took_no_time_have_no_speed(tmp_path, runs):
    runs.add("scratch", [50.0])
    spend(tmp_path, runs, 0.0)
    assert section(tmp_path, runs).grids[0].rows[0][3:6] == ("0", "50", "–")


def test_nothing_known_is_a_row_of_dashes(tmp_path, runs):
    runs.add("scratch", [50.0] * 2)
    runs.rows = [replace(row, device="cpu") for row in runs.rows]
    found = section(tmp_path, runs)
    assert found.grids[0].rows == (("5", "scratch", "2", "–", "–", "–", "–"),)
    assert "time of 2, steps of 2, memory of 2, parameters of 2 runs" in said(found)
    assert "Each has" not in said(found)


def test_only_finished_runs_count(tmp_path, runs):
    runs.add("scratch", [None] * 2, State.FAILED)
    spend(tmp_path, runs, 10.0, 20.0)
    found = section(tmp_path, runs)
    assert said(found) == "No finished run here."
    assert found.data == []


def test_attempts_beyond_the_first_are_told(tmp_path, runs):
    runs.add("scratch", [50.0])
    spend(tmp_path, runs, 10.0)
    runs.rows[0] = replace(runs.rows[0], attempts=3)
    assert "2 attempts came after a run's first" in said(section(tmp_path, runs))


def test_parameters_that_differ_have_a_column(tmp_path, runs):
    runs.add("scratch", [50.0])
    spend(tmp_path, runs, 10.0)
    runs.add("fitnets", [50.0])
    spend(tmp_path, runs, 10.0)
    runs.rows[1] = replace(runs.rows[1], parameters=479272)
    grid = section(tmp_path, runs).grids[0]
    assert [row[7] for row in grid.rows] == ["61,514", "479,272"]
    assert grid.headings[7] == "parameters"
    assert not grid.sentences


def test_the_memory_of_a_gpu_is_another(tmp_path, runs):
    runs.add("scratch", [50.0], device="cuda")
    spend(tmp_path, runs, 10.0, device=None)
    runs.rows[0] = replace(runs.rows[0], device="cuda")
    found = section(tmp_path, runs)
    assert found.grids[0].title.endswith(": cuda, unnamed")
    assert "Peak memory: what torch held of the GPU's (cuda)." in said(found)


def test_runs_of_a_rare_class_are_shown_once(tmp_path, runs):
    runs.add("scratch", [50.0], data=DataSettings(rare_class=3), recalls=[10.0])
    spend(tmp_path, runs, 10.0)
    assert len(runs.report().tables) == 2
    assert len(section(tmp_path, runs).data) == 1
