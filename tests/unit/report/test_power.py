"""`--power`: what so many seeds find, how many are missing, and lines that ask for exactly those."""

import json
import random
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prepared import work

from cli.asking import Asked
from l2t.data.registry import resolve
from l2t.errors import UsageError
from l2t.methods.registry import methods
from l2t.report.build import build
from l2t.report.formats import latex, rich
from l2t.report.report import Report
from l2t.report.section import Section
from l2t.report.sections.power import power
from l2t.report.sections.queueing import lines
from l2t.spec import DataSettings, RunSpec, SourceRef, TrainSettings
from l2t.spec.recipe_file import read_recipe
from l2t.spec.request import SweepRequest
from l2t.spec.sweep import Point, expand
from l2t.spec.values import read_seeds
from l2t.stats import Needed, detectable, needed, pooled_sd
from l2t.store.state import State
from l2t.store.store import Store

L2T = str(Path(sys.executable).with_name("l2t"))
SOURCE = SourceRef(hash="ab" * 8, name="glyphs", model="resnet8", outputs=62)
DIGITS = DataSettings(padding=2, flip=False)

RECIPE = """
methods = ["scratch", "ufm", "l2tww", "l2twww"]
datasets = ["digits"]
shots = [1, 3]
seeds = 4
target = "vgg-small"
train = { epochs = 7, lr = 0.05, weight_decay = 1e-5, select = "val" }
data = { size = 16, flip = true }
method = { beta = 0.7, l2twww = { parts = [["what", "where"]] } }
source = { name = "mine", dataset = "digits", model = "resnet8", train = { epochs = 2 }, data = { size = 16 } }
"""


def l2t(*arguments: str) -> str:
    result = subprocess.run([L2T, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout


def sample(mean: float, n: int = 8, seed: int = 0) -> list[float]:
    rng = random.Random(f"{mean} {seed}")
    return [round(rng.gauss(mean, 2.0), 1) for _ in range(n)]


def add(runs: Any, method: str, values: list[Any], *arguments: Any, **changes: Any) -> None:
    """Runs of the method with its own options, as `l2t run` makes them."""
    runs.add(method, values, *arguments, **{"options": methods.get(method)().effective(), "data": DIGITS, **changes})


def said(section: Section) -> str:
    return " ".join(sentence for grid in section.grids for sentence in grid.sentences)


def texts(section: Section) -> list[str]:
    cells = [cell for grid in section.grids for row in grid.rows for cell in row]
    return [*cells, said(section), json.dumps(section.data, allow_nan=False, ensure_ascii=False)]


def asked_for(cell: dict[str, Any]) -> list[int]:
    seeds = list(read_seeds(cell["seeds_to_ask_for"]))
    assert len(seeds) == cell["more"]
    return seeds


def asked_by(command: str) -> tuple[Point, ...]:
    """What `l2t run` expands a line to."""
    words = shlex.split(command)
    assert words[:2] == ["l2t", "run"]
    options: dict[str, list[str]] = {}
    for name, value in zip(words[2::2], words[3::2], strict=True):
        options.setdefault({"--set": "set_"}.get(name, name.removeprefix("--")), []).append(value)
    several = ("method", "dataset", "source", "target", "set_", "trace")
    asked: dict[str, Any] = {name: value if name in several else value[0] for name, value in options.items()}
    return expand(Asked(**asked).request)


def report_of(home: Path, difference: float) -> tuple[Report, Section]:
    with Store.read(home) as store:
        rows = store.runs()
        specs = store.cell_specs({row.cell for row in rows})
    made = build(rows, specs, Counter(row.cell for row in rows))
    return made, power(made, specs, rows, difference)


def test_the_lines_queue_the_missing_seeds_of_the_same_cells_and_nothing_else(tmp_path: Path) -> None:
    home, recipe = tmp_path / "home", tmp_path / "odd.toml"
    recipe.write_text(RECIPE)
    l2t("queue", "add", "--recipe", str(recipe), "--device", "cpu")
    with Store.open(home) as store:
        work(store)
    recipe.unlink()  # a line stands for itself
    before, section = report_of(home, 1000.0)
    [command] = section.data["commands"]
    assert command.startswith("l2t run --method scratch,ufm,l2tww,l2twww --dataset digits --shots 1,3 --seeds 4-4 ")
    asked = {cell["cell"]: asked_for(cell) for cell in section.data["cells"]}
    assert set(asked) == {entry.cell for entry in before.tables[0].entries}
    assert list(asked.values()) == [[4]] * 8  # with five a side p can be below 0.05 / 6

    planned = json.loads(l2t(*shlex.split(command)[1:], "--dry-run", "--json"))
    assert (planned["runs"]["new"], planned["runs"]["done"], len(planned["cells"])) == (8, 0, 8)
    l2t("queue", "add", *shlex.split(command)[2:])
    with Store.read(home) as store:
        rows = store.runs()
    new: dict[str, list[int]] = {}
    for row in rows:
        if row.state is not State.DONE:
            new.setdefault(row.cell, []).append(row.seed)
    assert {cell: sorted(seeds) for cell, seeds in new.items()} == asked
    after, section = report_of(home, 1000.0)
    assert section.data["commands"] == []
    assert "No seeds to add for 1000 points." in said(section)
    late = {entry.cell: entry.late for entry in after.tables[0].entries}
    assert late == {cell: len(seeds) for cell, seeds in asked.items()}
    assert not any(entry.late for entry in before.tables[0].entries)


def specs_of(request: SweepRequest) -> list[RunSpec]:
    """A run of each cell of a request, as a plan resolves them on the CPU."""
    found = []
    for point in expand(replace(request, seeds=(0,))):
        dataset = resolve(point.dataset)
        data = point.settings.data.model_copy(update={"padding": dataset.padding, "flip": dataset.flip})
        found.append(
            RunSpec(
                method=point.method,
                options=point.settings.options,
                dataset=point.dataset,
                checksum="c" * 16,
                classes=10,
                shots=point.shots,
                seed=0,
                source=None if point.source is None else SOURCE,
                target=point.target,
                train=point.settings.train,
                data=data,
                recipe=request.recipe.name,
                trace=point.trace,
            )
        )
    return found


def key(method: str, dataset: str, shots: int, options: Mapping[str, Any], train: TrainSettings, rare: Any) -> str:
    return json.dumps([method, dataset, shots, options, train.model_dump(mode="json"), rare], sort_keys=True)


def keys(points: Iterable[Point]) -> list[str]:
    return [
        key(p.method, p.dataset, p.shots, p.settings.options, p.settings.train, p.settings.data.rare_class)
        for p in points
    ]


def test_every_cell_of_the_thesis_can_be_asked_for_in_few_lines() -> None:
    specs = specs_of(SweepRequest(read_recipe("thesis")))
    commands, refused = lines((spec, (30, 31)) for spec in specs)
    assert (len(specs), refused) == (58, {})
    points = [point for command in commands for point in asked_by(command)]
    expected = [key(s.method, s.dataset, s.shots, s.options, s.train, s.data.rare_class) for s in specs]
    assert sorted(keys(points)) == sorted(2 * expected)
    assert {point.seed for point in points} == {30, 31}
    assert len(commands) <= 6
    assert all("--recipe thesis" in command and f"--source {SOURCE.hash}" in command for command in commands)
    traced = {(point.method, point.shots) for point in points if point.trace}
    assert traced == {(method, 10) for method in ("scratch", "ufm", "l2tww", "l2twww")}


@pytest.mark.parametrize("asked", [{}, {"datasets": ("digits",), "shots": (3,)}], ids=["own data", "other data"])
def test_every_cell_of_the_ablation_can_be_asked_for(asked) -> None:
    specs = specs_of(SweepRequest(read_recipe("ablation"), **asked))
    commands, refused = lines((spec, (30,)) for spec in specs)
    assert (len(specs), refused) == (21, {})
    points = [point for command in commands for point in asked_by(command)]
    expected = [key(s.method, s.dataset, s.shots, s.options, s.train, s.data.rare_class) for s in specs]
    assert sorted(keys(points)) == sorted(expected)


def test_cells_with_other_seeds_have_lines_of_their_own() -> None:
    specs = specs_of(SweepRequest(read_recipe("demo")))
    commands, _ = lines((spec, (7,) if spec.method == "ufm" else (0, 1, 2)) for spec in specs)
    assert commands == [
        f"l2t run --method scratch,l2tww,l2twww --dataset digits --shots 2 --seeds 3 --source {SOURCE.hash}"
        " --device cpu",
        f"l2t run --method ufm --dataset digits --shots 2 --seeds 7-7 --source {SOURCE.hash} --device cpu",
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"engine": 0}, "its runs are of engine 0, new ones would be of engine "),
        ({"method": "l2tw"}, 'no method "l2tw". Did you mean l2tww?'),
        ({"options": {"beta": 0.5, "gone": 1}}, 'no option "method.gone"'),
        ({"options": {"beta": 0.5}}, "its settings cannot be asked for as they were"),
        ({"dataset": "folder:/data/a,b"}, "the name of its folder cannot be written in a list"),
        ({"dataset": "folder:/data/a\x1bb"}, "names no folder"),
    ],
)
def test_a_cell_that_cannot_be_asked_for_again_is_refused_with_the_reason(make_run, changes, why) -> None:
    spec = make_run(**{"method": "ufm", "source": SOURCE, "options": methods.get("ufm")().effective(), **changes})
    commands, refused = lines([(spec, (0,))])
    assert commands == []
    assert why in refused[spec.cell]


def test_a_comparison_is_planned_at_both_levels(runs) -> None:
    values = {shots: (sample(60.0, 8, shots), sample(64.0, 10, shots)) for shots in (5, 10)}
    for shots, (ufm, base) in values.items():
        add(runs, "ufm", ufm, shots=shots, source=SOURCE)
        add(runs, "scratch", base, shots=shots)
    section = power(runs.report(), runs.specs, runs.rows, 3.0, 0.9)
    for found in section.data["comparisons"]:
        ufm, base = values[found["shots"]]
        sd = pooled_sd(ufm, base)
        assert found["sd"] == sd
        assert found["level"] == {"uncorrected": 0.05, "strict": 0.025}
        for name, level in found["level"].items():
            expected = needed(ufm, base, 3.0, 0.9, level)
            assert isinstance(expected, Needed)
            assert found["detectable_points"][name] == pytest.approx(detectable(8, 10, 0.9, level) * sd)
            assert found["seeds_needed"][name] == expected.seeds
        assert (found["more"], found["more_baseline"]) == expected.more
    assert "at p < 0.025 (of 2)" in said(section)


def test_a_lone_comparison_has_one_level(runs) -> None:
    add(runs, "ufm", sample(60.0), source=SOURCE)
    add(runs, "scratch", sample(64.0))
    section = power(runs.report(), runs.specs, runs.rows)
    assert section.grids[0].headings == ("shots", "method", "n", "sd", "finds", "needs", "more")
    assert "strict" not in said(section)


@pytest.mark.parametrize(("family", "level"), [("all", 0.05 / 3), ("dataset", 0.025)])
def test_the_strict_level_is_that_of_the_family(runs, family, level) -> None:
    for dataset, others in {"digits": ("ufm", "l2tww"), "cifar10": ("ufm",)}.items():
        for method in ("scratch", *others):
            add(runs, method, sample(60.0), dataset=dataset, source=None if method == "scratch" else SOURCE)
    section = power(runs.report(baseline="scratch", family=family), runs.specs, runs.rows)
    strict = {found["level"]["strict"] for found in section.data["comparisons"] if found["dataset"] == "digits"}
    assert strict == {level}


def test_runs_that_wait_are_not_asked_for_and_cancelled_ones_are_asked_for_again(runs) -> None:
    add(runs, "ufm", sample(60.0, 5), source=SOURCE)
    add(runs, "scratch", sample(60.0, 5))
    needs = power(runs.report(), runs.specs, runs.rows).data["comparisons"][0]["seeds_needed"]["strict"]
    assert needs > 9
    add(runs, "ufm", [None, None], State.QUEUED, seeds=[6, 8], source=SOURCE)
    add(runs, "ufm", [None], State.FAILED, seeds=[7], source=SOURCE)
    add(runs, "ufm", [None], State.CANCELLED, seeds=[5], source=SOURCE)
    base, ours = power(runs.report(), runs.specs, runs.rows).data["cells"]
    assert asked_for(ours) == [5, *range(9, needs + 1)]
    assert asked_for(base) == list(range(5, needs))


def test_the_seeds_of_runs_that_are_not_selected_are_taken(runs) -> None:
    add(runs, "ufm", sample(60.0, 9), source=SOURCE)
    add(runs, "scratch", sample(60.0, 9))
    everything = list(runs.rows)
    runs.rows = [row for row in runs.rows if row.seed < 6]
    cells = power(runs.report(), runs.specs, everything).data["cells"]
    assert [asked_for(cell)[0] for cell in cells] == [9, 9]


def test_a_baseline_gets_what_its_hungriest_comparison_needs(runs) -> None:
    add(runs, "ufm", [50.0, 70.0] * 4, source=SOURCE)
    add(runs, "l2tww", sample(60.0), source=SOURCE)
    add(runs, "scratch", sample(60.0))
    section = power(runs.report(baseline="scratch"), runs.specs, runs.rows, 4.0)
    needs = [found["seeds_needed"]["strict"] for found in section.data["comparisons"]]
    assert needs[0] > needs[1]
    found = {cell["row"]: cell["seeds_needed"] for cell in section.data["cells"]}
    assert found == {"scratch": needs[0], "ufm": needs[0], "l2tww": needs[1]}


def test_optional_stopping_is_said_where_there_are_lines(runs) -> None:
    add(runs, "ufm", sample(60.0), source=SOURCE)
    add(runs, "scratch", sample(60.0))
    section = power(runs.report(), runs.specs, runs.rows)
    assert len(section.data["commands"]) == 1
    assert "Seeds added after results are known are optional stopping" in said(section)
    assert "optional stopping" not in said(power(runs.report(), runs.specs, runs.rows, 50.0))


def test_every_line_of_numbers_and_words_fits_80_columns(runs) -> None:
    for shots in (5, 10, 100):
        add(runs, "ufm", [40.0, 70.0] * 15, shots=shots, source=SOURCE)
        add(runs, "scratch", [40.0, 70.0] * 15, shots=shots)
    report = runs.report()
    section = power(report, runs.specs, runs.rows, 0.5)
    drawn = [line.plain for line in rich.lines(replace(report, tables=(), sections=(section,)), 80)]
    assert max(len(line) for line in drawn if "l2t run" not in line) <= 80
    assert any(f" {section.data['commands'][0]}" == line for line in drawn)  # in one piece, to be copied


def test_hyphens_of_options_stay_two_in_latex(runs) -> None:
    add(runs, "ufm", sample(60.0), source=SOURCE)
    add(runs, "scratch", sample(60.0))
    report = runs.report()
    drawn = latex.render(replace(report, tables=(), sections=(power(report, runs.specs, runs.rows),)))
    assert drawn.isascii()
    assert r"l2t run -{}-method scratch,ufm -{}-dataset digits" in drawn


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_runs(runs, n) -> None:
    add(runs, "ufm", sample(60.0, n) or [None] * 3, State.DONE if n else State.FAILED, source=SOURCE)
    add(runs, "scratch", sample(64.0))
    section = power(runs.report(), runs.specs, runs.rows)
    assert not [text for text in texts(section) if "nan" in text.lower()]
    [found] = section.data["comparisons"]
    reason = f"fewer than 2 finite values a side ({n} and 8)" if n < 2 else "fewer than 5 a side (2 and 8)"
    assert found["reasons"] == [reason]
    assert f"–: {reason} (ufm at 5 shots)." in said(section)
    assert bool(section.data["commands"]) == (n == 2)


def test_where_not_even_separation_is_a_star_nothing_is_found(runs) -> None:
    for shots in range(1, 11):
        add(runs, "ufm", sample(60.0, 5), shots=shots, source=SOURCE)
        add(runs, "scratch", sample(60.0, 5), shots=shots)
    section = power(runs.report(), runs.specs, runs.rows, 1000.0)
    assert {found["detectable_points"]["strict"] for found in section.data["comparisons"]} == {None}
    assert "–: p is never below 0.0079 with 5 and 5 (ufm at 1 shot" in said(section)
    assert {found["seeds_needed"]["strict"] for found in section.data["comparisons"]} == {6}


def test_equal_values_everywhere(runs) -> None:
    add(runs, "ufm", [90.0] * 6, source=SOURCE)
    add(runs, "scratch", [90.0] * 6)
    section = power(runs.report(), runs.specs, runs.rows)
    assert "–: neither side has any spread (ufm at 5 shots)." in said(section)
    assert section.data["commands"] == []


def test_a_difference_that_no_number_of_seeds_finds(runs) -> None:
    add(runs, "ufm", sample(60.0), source=SOURCE)
    add(runs, "scratch", sample(60.0))
    assert "–: more than 100,000 seeds a side" in said(power(runs.report(), runs.specs, runs.rows, 1e-9))


def test_thousands_of_ties(runs) -> None:
    add(runs, "ufm", [70.0, 71.0] * 600, source=SOURCE)
    add(runs, "scratch", [70.0, 71.0] * 600)
    [found] = power(runs.report(), runs.specs, runs.rows, 1.0).data["comparisons"]
    assert (found["sd"], found["more"]) == (pytest.approx(0.5, abs=1e-3), 0)


def test_a_method_missing_in_one_data_set_a_single_method_and_no_baseline(runs) -> None:
    nothing = "Nothing is compared with a baseline here."
    assert said(power(runs.report(), runs.specs, runs.rows)) == nothing
    add(runs, "ufm", sample(60.0), source=SOURCE)
    assert said(power(runs.report(), runs.specs, runs.rows)) == nothing
    add(runs, "l2twww", sample(60.0), source=SOURCE)
    assert said(power(runs.report(), runs.specs, runs.rows)) == nothing
    add(runs, "ufm", sample(60.0), dataset="cifar10", source=SOURCE)
    add(runs, "scratch", sample(60.0), dataset="cifar10")
    found = power(runs.report(), runs.specs, runs.rows).data["comparisons"]
    assert [(one["dataset"], one["row"], one["baseline"]) for one in found] == [("cifar10", "ufm", "scratch")]


@pytest.mark.parametrize("difference", [0.0, -2.0, float("inf"), float("nan")])
def test_no_difference_is_refused(runs, difference) -> None:
    with pytest.raises(UsageError, match="give a number above 0"):
        power(runs.report(), runs.specs, runs.rows, difference)
