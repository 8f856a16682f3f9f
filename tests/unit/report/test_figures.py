"""Each figure is made from a store with folders as workers leave them; its SVG is read back as XML."""

import io
import json
import math
import random
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from l2t.report.build import build
from l2t.report.figures import FIGURES, Made, Skipped, made, svg
from l2t.report.figures.made import slug
from l2t.report.figures.style import COLOURS, DASHES, MARKERS, looks, rendered
from l2t.report.report import Report
from l2t.spec import RunSpec, SourceRef
from l2t.store.folder import JobFolder
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store

SOURCE = SourceRef(hash="ab" * 8, name="tiny-200", model="resnet32", outputs=200)
OWNER = Owner("box", "boot", 1, 1)
WEIGHT = "features.0.weight[4,2,2,0]"
EPOCHS = 8
PAIRS = {"2-0": 3, "2-1": 4}
SVG = "{http://www.w3.org/2000/svg}"


class Home:
    """A home whose runs are done at once."""

    def __init__(self, path: Path, make_run: Callable[..., RunSpec]) -> None:
        self.path, self._make_run = path, make_run

    def add(
        self,
        method: str,
        accuracies: Sequence[float],
        metrics: Callable[[int, int], dict[str, Any]] | None = None,
        meta: bool = False,
        **changes: Any,
    ) -> None:
        """One run for each accuracy. metrics: of a seed and an epoch; meta: archives of λ, w and γ are kept."""
        source = None if method == "scratch" else SOURCE
        specs = [
            self._make_run(**({"seed": seed, "method": method, "source": source, "options": {}} | changes))
            for seed in range(len(accuracies))
        ]
        with Store.open(self.path) as store:
            store.submit(Submission("l2t run", "demo", len(specs), specs))
            for seed, accuracy in enumerate(accuracies):
                job = store.claim(OWNER)
                assert job is not None
                folder = JobFolder.of(self.path, "run", job.id)
                folder.make()
                if metrics is not None:
                    with folder.metrics_writer() as writer:
                        writer.append(*({"epoch": epoch} | metrics(seed, epoch) for epoch in range(EPOCHS + 1)))
                for epoch in range(EPOCHS + 1) if meta else ():
                    folder.write_trace(epoch, archive(seed, epoch, method))
                store.finish(job.id, OWNER, {"accuracy": accuracy}, 1.0, 1)

    def report(self) -> Report:
        with Store.read(self.path) as store:
            rows = store.runs()
            texts = store.specs() if rows else {}
        specs = {row.cell: json.loads(texts[row.id]) for row in rows}
        return build(rows, specs, Counter(row.cell for row in rows))

    def made(self, *names: str, columns: Any = 1) -> list[Made | Skipped]:
        return list(made(self.path, self.report(), names, columns))

    def one(self, name: str, columns: Any = 1) -> Made:
        [figure] = [each for each in self.made(name, columns=columns) if isinstance(each, Made)]
        return figure


def archive(seed: int, epoch: int, method: str) -> bytes:
    """λ, w and γ that start at 1 (w: uniform) and move on; of l2twww only, γ."""
    rng = np.random.default_rng(seed)
    part = epoch / EPOCHS
    arrays: dict[str, np.ndarray] = {}
    kinds = ("lambda", "w", "gamma") if method == "l2twww" else ("lambda", "w")
    for kind in kinds:
        shape = {"lambda": (2,), "w": (7,), "gamma": (7, 3, 3)}[kind]
        arrays[f"mean/{kind}"] = (1 + part * rng.uniform(-0.5, 0.5, shape)).astype(np.float16)
    if epoch == 0:
        names = [f"{kind}[{pair}]" for kind in kinds for pair in PAIRS]
        rows = [1 if kind == "lambda" else channels for kind in kinds for channels in PAIRS.values()]
        arrays |= {"names": np.array(names), "rows": np.array(rows), "probe/labels": np.array([3, 5])}
        arrays["probe/images"] = np.zeros((2, 3, 4, 5), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def curve(seed: int, epoch: int) -> dict[str, Any]:
    row: dict[str, Any] = {"ce": 2.3 * 0.6**epoch + 0.01 * seed, WEIGHT: 0.1 - 0.01 * seed * min(epoch, 5)}
    return row | ({"accuracy": 10.0 + 8 * epoch + seed} if epoch % 2 == 0 and epoch else {})


@pytest.fixture
def home(tmp_path: Path, make_run: Callable[..., RunSpec]) -> Home:
    return Home(tmp_path / "figures", make_run)


@pytest.fixture
def full(home: Home) -> Home:
    """Four methods at two numbers of shots, with everything that figures show."""
    rng = random.Random(0)
    for shots in (5, 10):
        for method, mean in {"scratch": 60, "ufm": 65, "l2tww": 70, "l2twww": 71}.items():
            accuracies = [round(rng.gauss(mean + shots, 2), 1) for _ in range(5)]
            home.add(method, accuracies, curve, meta=method.startswith("l2t"), shots=shots)
    return home


def read(figure: Made) -> ET.Element:
    root = ET.fromstring(svg(figure))
    width, height = (float(root.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    assert (width, height) == pytest.approx((72 * figure.size[0], 72 * figure.size[1]))
    return root


def texts(root: ET.Element) -> list[str]:
    return ["".join(each.itertext()).strip() for each in root.iter(f"{SVG}text")]


def groups(root: ET.Element, beginning: str) -> list[ET.Element]:
    return [each for each in root.iter(f"{SVG}g") if each.get("id", "").startswith(beginning)]


def test_every_figure_is_made_of_a_full_home_but_ranks_of_two_blocks(full: Home) -> None:
    found = full.made(*FIGURES)
    skipped = [each for each in found if isinstance(each, Skipped)]
    assert [each.figure for each in skipped] == ["critical"]
    assert "fewer than 5 blocks (2)" in skipped[0].reason
    names = [each.name for each in found if isinstance(each, Made)]
    assert len(names) == len(set(names)) == 12
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    known = {run for table in full.report().tables for entry in table.entries for run in entry.runs}
    for each in found:
        if isinstance(each, Made):
            assert each.runs
            assert set(each.runs) <= known
            assert each.caption.endswith(".")
            assert "nan" not in each.caption


def test_texts_are_seven_points_at_least_and_lie_within_the_figure(full: Home) -> None:
    for each in full.made("distribution", "weights", "lambda", "settling"):
        assert isinstance(each, Made)
        root = read(each)
        sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:[a-z0-9 ]+ )?([\d.]+)px", svg(each))]
        assert sizes
        assert min(sizes) >= 7
        for text in root.iter(f"{SVG}text"):
            move = re.findall(r"translate\(([-\d.]+) ([-\d.]+)\)", text.get("transform", ""))
            x, y = map(float, move[0]) if move else (float(text.get("x", 0)), float(text.get("y", 0)))
            assert 0 <= x <= 72 * each.size[0]
            assert 0 <= y <= 72 * each.size[1]


def test_shots_draws_a_line_with_intervals_for_each_method(full: Home) -> None:
    figure = full.one("shots")
    root = read(figure)
    assert {"scratch", "ufm", "l2tww", "l2twww", "5", "10", "accuracy (%)", "Digits"} <= set(texts(root))
    assert len(groups(root, "LineCollection")) == 4
    assert "n = 5 runs a point" in figure.caption
    assert "Student's 95 % interval" in figure.caption
    # The bar of an interval is as high as the report says: scratch against l2tww, on the same scale.
    heights = [_height(each) for each in groups(root, "LineCollection")]
    halves = [[entry.summary.half_width for entry in full.report().tables[0].entries if entry.row == row]
              for row in ("scratch", "ufm", "l2tww", "l2twww")]  # fmt: skip
    for drawn, half in zip(heights, halves, strict=True):
        assert drawn[0] / drawn[1] == pytest.approx(half[0] / half[1], rel=1e-3)


def _height(bars: ET.Element) -> list[float]:
    """Heights of the vertical lines of a group."""
    ends = [re.findall(r"[ML] ([\d.]+) ([\d.]+)", path.attrib["d"]) for path in bars.iter(f"{SVG}path")]
    return [abs(float(end[0][1]) - float(end[1][1])) for end in ends]


def test_one_number_of_shots_is_no_curve(home: Home) -> None:
    home.add("scratch", [50.0, 51.0])
    [skipped] = home.made("shots")
    assert isinstance(skipped, Skipped)
    assert skipped.reason == ("only runs at 5 shots have finished; l2t run --shots 5,10,30 gives several")


def test_a_single_run_is_a_point_without_interval_and_boxes_need_five(home: Home) -> None:
    home.add("scratch", [50.0], shots=5)
    home.add("scratch", [50.0, 50.0, 50.0], shots=10)
    home.add("ufm", [50.0, 60.0, 55.0, 52.0, 50.0], shots=10)
    figure = home.one("shots")
    assert "A point without an interval is one run." in figure.caption
    read(figure)
    strip = home.one("distribution")
    boxes = [path for path in read(strip).iter(f"{SVG}path") if "stroke: #767676" in path.get("style", "")]
    assert len(boxes) == 1


def test_learning_means_the_epochs_that_all_runs_have_and_leaves_nan_out(home: Home) -> None:
    def torn(seed: int, epoch: int) -> dict[str, Any]:
        return curve(seed, epoch) | ({"ce": "NaN"} if (seed, epoch) == (1, 3) else {})

    home.add("scratch", [50.0, 60.0, 70.0], torn)
    accuracy, loss = home.made("learning")
    assert isinstance(accuracy, Made)
    assert isinstance(loss, Made)
    assert (accuracy.name, loss.name) == ("learning-accuracy-digits", "learning-loss-digits")
    assert "n = 3 runs" in loss.caption
    assert len(groups(read(accuracy), "FillBetweenPolyCollection")) == 1
    from l2t.report.figures.learning import read as read_learning

    [panel] = read_learning(home.path, home.report().tables[0])["ce"]
    assert panel.bands["scratch"].epochs == (0, 1, 2, 4, 5, 6, 7, 8)
    assert panel.bands["scratch"].means[0] == pytest.approx(2.31)
    [hits] = read_learning(home.path, home.report().tables[0])["accuracy"]
    half = 4.302652729911275 / math.sqrt(3)  # t(2) at 0.975, sd 1
    assert hits.bands["scratch"].highs[0] - hits.bands["scratch"].means[0] == pytest.approx(half)


def test_learning_without_metrics_says_so(home: Home) -> None:
    home.add("scratch", [50.0])
    assert all(isinstance(each, Skipped) for each in home.made("learning"))


def test_weights_of_one_seed_are_drawn_for_each_method(full: Home) -> None:
    figure = full.one("weights", columns=2)
    assert figure.size[0] == 7.0
    assert len(figure.runs) == 4
    assert "at 5 shots, seed 0, one run a method" in figure.caption
    root = read(figure)
    assert any(WEIGHT[-20:] in text for text in texts(root))
    assert len(_curves(root)) == 4


def _curves(root: ET.Element) -> set[str]:
    """Colours of the lines drawn within panels."""
    styles = [path.get("style", "") for axes in groups(root, "axes_") for path in axes.iter(f"{SVG}path")]
    return {colour for style in styles for colour in COLOURS if f"stroke: {colour.lower()}" in style}


def test_gamma_is_drawn_as_courses_and_as_maps_from_the_start_on(full: Home) -> None:
    course, maps = full.made("gamma")
    assert isinstance(course, Made)
    assert isinstance(maps, Made)
    assert (course.name, maps.name) == ("gamma-course-l2twww-digits", "gamma-maps-l2twww-digits")
    assert {"corner 0,0", "centre 1,1", "epoch", "γ"} <= set(texts(read(course)))
    root = read(maps)
    assert {"start (0)", "epoch 8"} <= set(texts(root))
    assert len(list(root.iter(f"{SVG}image"))) >= 2 * 4


def test_lambda_shows_the_mean_over_runs_at_the_end(full: Home) -> None:
    first, second = full.made("lambda")
    assert isinstance(first, Made)
    assert isinstance(second, Made)
    assert len(first.runs) == 5
    ends = [np.load(io.BytesIO(archive(seed, EPOCHS, "l2tww")))["mean/lambda"].astype(float) for seed in range(5)]
    assert {f"{value:.2f}" for value in np.mean(ends, 0)} <= set(texts(read(first)))
    assert {"2-0", "2-1", "source layer", "target layer"} <= set(texts(read(first)))


def test_channels_are_sorted_and_relative_to_the_uniform_weight(full: Home) -> None:
    figure = next(each for each in full.made("channels") if isinstance(each, Made))
    root = read(figure)
    assert {"2-0 (C = 3)", "2-1 (C = 4)"} <= set(texts(root))
    from l2t.report.figures.channels import read as read_channels

    found = read_channels(full.path, full.report().tables[0], "l2tww")
    assert found is not None
    assert [*map(len, found.pairs.values())] == [3, 4]
    assert all(list(values) == sorted(values, reverse=True) for values in found.pairs.values())


def test_settling_has_a_panel_for_each_kind_of_value(full: Home) -> None:
    figure = full.one("settling")
    assert {"traced weights", "λ", "w", "γ", "5 shots", "10 shots", "scratch"} <= set(texts(read(figure)))
    # Seed 0's weight never moves.
    assert "n = 4 to 5 runs" in figure.caption
    assert "values, which moved too little to tell" in figure.caption


def test_damaged_and_missing_archives_are_no_figure(home: Home) -> None:
    home.add("l2twww", [50.0, 51.0], curve, meta=True)
    for path in (home.path / "runs").glob("*/traces/000000.npz"):
        path.write_bytes(b"torn")
    found = home.made("gamma", "lambda", "channels")
    assert [each.figure for each in found if isinstance(each, Skipped)] == ["gamma", "lambda", "channels"]


def test_critical_difference_joins_what_is_not_apart(home: Home) -> None:
    for shots in (1, 2, 3, 4, 5, 6, 7, 8):
        for method, value in {"scratch": 50.0, "ufm": 60.0, "l2tww": 70.0, "l2twww": 70.5}.items():
            home.add(method, [value + (shots % 2 if method == "l2tww" else 0.0)], shots=shots)
    figure = home.one("critical")
    root = read(figure)
    shown = texts(root)
    assert "4.00 scratch" in shown
    assert "3.00 ufm" in shown
    assert {"l2tww 1.50", "l2twww 1.50"} <= set(shown)
    assert "CD 1.66" in shown
    assert len(groups(root, "bar-")) == 2
    assert "8 blocks" in figure.caption


def test_the_same_data_give_the_same_bytes_without_dates(full: Home) -> None:
    figure = full.one("shots")
    for format in ("pdf", "svg", "png"):
        first = rendered(figure, format)
        assert first == rendered(full.one("shots"), format)
        assert not re.search(rb"CreationDate|dc:date|20\d\d-\d\d-\d\d", first)
    assert f"<dc:description>{figure.caption}</dc:description>".encode() in rendered(figure, "svg")
    assert b"/FontFile2" in rendered(figure, "pdf")
    assert b"/Type3" not in rendered(figure, "pdf")


def test_rows_differ_in_marker_and_dash_too() -> None:
    assert len({(marker, str(dash)) for marker, dash in zip(MARKERS * 5, DASHES * 8, strict=True)}) == 40


def test_a_row_looks_the_same_in_every_figure(full: Home) -> None:
    found = looks(full.report())
    assert list(found) == ["scratch", "ufm", "l2tww", "l2twww"]
    assert len(set(found.values())) == 4


@pytest.mark.parametrize("name", ["../../etc/$x^{$", "日本\x1b[31m語", "a" * 300, "<b>&amp;"])
def test_hostile_names_neither_leave_the_folder_nor_break_the_picture(home: Home, name: str) -> None:
    for target in ("vgg9", "vgg-small"):
        for shots in (5, 10):
            home.add("scratch", [50.0, 60.0], dataset=f"folder:/pics/{name}", target=target, shots=shots)
    figure = home.one("shots")
    read(figure)
    assert rendered(figure, "pdf")
    for each in home.made("distribution", "learning"):
        assert isinstance(each, Skipped) or re.fullmatch(r"[a-z0-9-]{1,90}", each.name)


def test_slugs() -> None:
    assert slug("CIFAR-10", "β = 2") == "cifar-10-2"
    assert slug("日本") == "x"
    assert len(slug("a" * 300)) == 60


def test_tables_of_one_name_have_files_of_their_own(home: Home) -> None:
    for target in ("vgg9", "vgg-small"):
        home.add("scratch", [50.0, 60.0], target=target)
    assert [each.name for each in home.made("distribution") if isinstance(each, Made)] == [
        "distribution-digits",
        "distribution-digits-2",
    ]


def test_no_runs_are_no_figures(home: Home) -> None:
    assert not any(isinstance(each, Made) for each in home.made(*FIGURES))
