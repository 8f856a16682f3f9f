"""Traces are read as numpy reads them; what cannot be read is told; the pane shows it and steps through it."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from textual.app import App, ComposeResult

from l2t.methods.meta_config import MetaConfig
from l2t.spec import RunSpec
from l2t.store.folder import JobFolder
from l2t.store.meta_weights import MOST_PAIRS
from l2t.store.plain import RefusedError
from l2t.store.rows import Submission
from l2t.store.store import Store
from l2t.store.traces import KEPT, Traces
from tui.feed import Reader
from tui.screens.weights_pane import WeightsPane
from tui.weights_view import WeightsData, WeightsView
from tui.widgets.bars import Bars
from tui.widgets.heat import Heat

RUN = "0123456789abcdef"
NAMES = ["gamma[2-0]", "gamma[2-1]", "lambda[2-0]", "lambda[2-1]", "w[2-0]", "w[2-1]"]
ROWS = [3, 4, 1, 1, 3, 4]


def arrays(epoch: int, whole: bool = False) -> dict[str, np.ndarray]:
    shapes = {"gamma": (7, 3, 3), "lambda": (2,), "w": (7,)}
    random = np.random.default_rng(epoch)
    found = {f"mean/{kind}": random.random(shape).astype(np.float16) for kind, shape in shapes.items()}
    if whole:
        found |= {f"image/{kind}": random.random((2, *shape)).astype(np.float16) for kind, shape in shapes.items()}
    if epoch == 0:
        found |= {"names": np.array(NAMES), "rows": np.array(ROWS), "probe/labels": np.array([3, 5])}
        found["probe/images"] = random.integers(0, 255, (2, 3, 4, 5), dtype=np.uint8)
    return found


def write(folder: JobFolder, epoch: int, found: dict[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **found)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.write_trace(epoch, buffer.getvalue())


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    made = JobFolder.of(tmp_path, "run", RUN)
    for epoch in range(4):
        write(made, epoch, arrays(epoch, whole=epoch in (0, 2)))
    return made


def renewed(folder: JobFolder) -> Traces:
    traces = Traces(folder)
    assert traces.renew()
    return traces


@pytest.mark.parametrize("image", [None, 0, 1])
def test_weights_are_those_that_numpy_loads(folder: JobFolder, image: int | None) -> None:
    weights, oracle = renewed(folder).at(2, image), arrays(2, whole=True)
    group = {kind: oracle[f"mean/{kind}"] for kind in ("gamma", "lambda", "w")}
    if image is not None:
        group = {kind: oracle[f"image/{kind}"][image] for kind in group}
    assert weights is not None
    matrix = weights.layer_weights()
    assert matrix is not None
    assert (matrix.sources, matrix.targets) == ((2,), (0, 1))
    np.testing.assert_array_equal(matrix.values, [group["lambda"]])
    np.testing.assert_array_equal(weights.channel_weights("2-1"), group["w"][3:])
    np.testing.assert_array_equal(weights.position_weights("2-1"), group["gamma"][3:])
    assert weights.number("gamma", "2-1", 13) == group["gamma"][4, 1, 1]
    assert weights.channel_weights("9-9") is None


def test_the_probe_is_turned_to_pixels(folder: JobFolder) -> None:
    images = renewed(folder).images
    oracle = arrays(0, whole=True)["probe/images"]
    assert [image.label for image in images] == [3, 5]
    assert images[1].rgb == oracle[1].transpose(1, 2, 0).tobytes()
    assert (images[1].width, images[1].height) == (5, 4)


def test_layer_weights_are_followed_over_the_epochs(folder: JobFolder) -> None:
    traces = renewed(folder)
    before = traces.layer_weights()
    assert {len(values) for values in before.values()} == {4}
    for at, pair in enumerate(traces.pairs):
        assert before[pair] == tuple(float(arrays(epoch)["mean/lambda"][at]) for epoch in range(4))
    write(folder, 2, arrays(2) | {"mean/lambda": np.full(len(traces.pairs), 7, np.float16)})
    traces.renew()
    assert traces.layer_weights() == {pair: (*was[:2], 7.0, was[3]) for pair, was in before.items()}


def test_archives_that_come_go_and_change_are_noticed(folder: JobFolder) -> None:
    traces = renewed(folder)
    write(folder, 4, arrays(4))
    (folder.traces / "000001.npz").unlink()
    changed = arrays(2) | {"mean/w": np.full(7, 0.5, np.float16)}
    write(folder, 2, changed)
    traces.renew()
    assert (traces.epochs, traces.image_epochs) == ((0, 2, 3, 4), (0,))
    weights = traces.at(2)
    assert weights is not None
    assert weights.channel_weights("2-0") == (0.5, 0.5, 0.5)


def test_a_run_without_traces_has_none(tmp_path: Path) -> None:
    assert not Traces(JobFolder(tmp_path / "none")).renew()


@pytest.mark.parametrize("harm", ["missing", "torn", "too many pairs", "wrong rows", "link"])
def test_why_the_start_cannot_be_used_is_told(folder: JobFolder, harm: str) -> None:
    path = folder.traces / "000000.npz"
    if harm == "missing":
        path.unlink()
    elif harm == "torn":
        path.write_bytes(path.read_bytes()[:-30])
    elif harm == "link":
        path.rename(folder.path / "elsewhere")
        path.symlink_to(folder.path / "elsewhere")
    elif harm == "wrong rows":
        write(folder, 0, arrays(0) | {"rows": np.array([10**12] * 6)})
    else:
        names = np.array([f"lambda[{number}-{number}]" for number in range(MOST_PAIRS + 1)])
        write(folder, 0, arrays(0) | {"names": names, "rows": np.ones(len(names), np.int64)})
    with pytest.raises(RefusedError, match=r"000000\.npz, the archive of the start, (is missing|cannot be used)"):
        Traces(folder).renew()


def test_a_damaged_archive_is_skipped_with_a_note(folder: JobFolder) -> None:
    (folder.traces / "000001.npz").write_bytes(b"PK")
    write(folder, 3, arrays(3) | {"mean/w": np.ones(3, np.float16)})
    write(folder, 2, {name: value for name, value in arrays(2, whole=True).items() if name != "image/w"})
    traces = renewed(folder)
    assert traces.epochs == (0, 2)
    assert traces.at(2, 0) is None
    assert traces.image_epochs == (0,)
    assert [note.partition(":")[0] for note in traces.notes] == ["000001.npz", "000002.npz", "000003.npz"]


def test_no_more_is_kept_than_the_bound(folder: JobFolder) -> None:
    rows = 4000
    start = arrays(0) | {"names": np.array(["gamma[2-0]"]), "rows": np.array([rows])}
    for epoch in range(100):
        found = {"mean/gamma": np.zeros((rows, 3, 3), np.float16)}
        write(folder, epoch, found | (start if epoch == 0 else {}) | found)
    traces = renewed(folder)
    assert len(traces.epochs) == 100
    assert all(traces.at(epoch) is not None for epoch in traces.epochs)
    assert traces.size <= KEPT


def read(view: WeightsView, home: Path, store: Store | None = None) -> WeightsData:
    return view.read(Reader(store, home, 0.0))  # type: ignore[arg-type]


def test_the_view_falls_back_to_what_was_kept(folder: JobFolder, tmp_path: Path) -> None:
    assert (read(WeightsView(RUN), tmp_path).epoch, read(WeightsView(RUN, 3, 1), tmp_path).epoch) == (3, 2)
    data = read(WeightsView(RUN, 1), tmp_path)
    assert (data.epoch, data.epochs, data.kinds) == (1, (0, 1, 2, 3), ("lambda", "w", "gamma"))
    assert data == read(WeightsView(RUN, 1), tmp_path)


def test_why_there_is_nothing_is_said(tmp_path: Path) -> None:
    folder = JobFolder.of(tmp_path, "run", RUN)
    write(folder, 1, arrays(1))
    assert read(WeightsView(RUN), tmp_path).note.startswith("The traces cannot be read: 000000.npz")


@pytest.mark.parametrize(
    ("method", "note"), [("scratch", "scratch learns no meta-weights"), ("l2twww", "No meta-weights yet")]
)
def test_a_run_without_traces_says_what_to_do(
    tmp_path: Path, make_run: Callable[..., RunSpec], method: str, note: str
) -> None:
    options = MetaConfig.model_construct().model_dump() if method == "l2twww" else {}
    spec = make_run(method=method, options=options)
    with Store.open(tmp_path / "home") as store:
        store.submit(Submission("l2t run", "demo", 30, [spec], [], False))
        [row] = store.runs()
        assert read(WeightsView(row.id), tmp_path / "home", store).note.startswith(note)


class PaneApp(App[None]):
    """The pane alone; what it wants is read at once."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home

    def compose(self) -> ComposeResult:
        yield WeightsPane(RUN)

    def on_mount(self) -> None:
        self.on_weights_pane_changed()

    def on_weights_pane_changed(self) -> None:
        pane = self.query_one(WeightsPane)
        pane.show(read(pane.view, self.home))


@pytest.mark.parametrize("size", [(80, 22), (120, 40), (200, 60), (10, 3), (1, 1)])
def test_the_pane_steps_through_epochs_pairs_and_images(
    folder: JobFolder, tmp_path: Path, size: tuple[int, int]
) -> None:
    async def steps() -> None:
        app = PaneApp(tmp_path)
        async with app.run_test(size=size) as pilot:
            pane = app.query_one(WeightsPane)
            pane.previous_epoch()
            await pilot.pause()
            assert pane.view.epoch == 2
            pane.next_epoch()
            await pilot.pause()
            assert pane.view.epoch is None
            pane.next_image()
            await pilot.pause()
            assert pane.view.image == 0
            pane.next_pair()
            assert app.query_one(Heat).column == 1
            app.query_one(Heat).focus()
            await pilot.press("left", "enter", "down", "enter", "enter", "enter")
            assert app.query_one(Heat).column == 0
            pane.play()
            await pilot.pause()
            assert pane.view.epoch == 0
            pane.play()

    asyncio.run(steps())


def test_the_pane_shows_one_panel_or_all(folder: JobFolder, tmp_path: Path) -> None:
    async def shown(size: tuple[int, int]) -> list[str]:
        app = PaneApp(tmp_path)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return [name for name in ("heat", "bars", "maps", "picture") if app.query_one(f"#{name}").display]

    assert asyncio.run(shown((80, 22))) == ["heat", "bars"]
    assert asyncio.run(shown((120, 40))) == ["heat", "bars", "maps", "picture"]


def test_the_pane_says_why_it_is_empty(tmp_path: Path) -> None:
    async def note() -> tuple[bool, bool]:
        write(JobFolder.of(tmp_path, "run", RUN), 1, arrays(1))
        app = PaneApp(tmp_path)
        async with app.run_test(size=(80, 22)) as pilot:
            await pilot.pause()
            pane = app.query_one(WeightsPane)
            pane.play()
            pane.next_pair()
            pane.next_image()
            return app.query_one("#note").display, app.query_one(Bars).display

    assert asyncio.run(note())[0]
