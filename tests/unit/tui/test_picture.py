"""Images keep their aspect and their light; position weights are spread as the method spreads them."""

import asyncio
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from torch.nn import functional

from l2t.matching.which import resize_matrix
from tui.widgets.maps import Maps
from tui.widgets.picture import Picture, resized, spread
from tui.widgets.scale import Ink

GRIDS = st.lists(st.lists(st.floats(0, 2, width=16), min_size=3, max_size=3), min_size=3, max_size=3)


@given(GRIDS, st.integers(1, 16))
def test_position_weights_are_spread_as_the_method_does(grid: list[list[float]], size: int) -> None:
    oracle = np.array(grid).reshape(9) @ resize_matrix(size).numpy()
    np.testing.assert_allclose(np.array(spread(grid, size, size)).reshape(-1), oracle, atol=1e-12)


@given(GRIDS, st.integers(1, 9), st.integers(1, 9))
def test_they_are_spread_over_any_rectangle(grid: list[list[float]], columns: int, rows: int) -> None:
    given = torch.tensor(grid, dtype=torch.float64)[None, None]
    oracle = functional.interpolate(given, (rows, columns), mode="bilinear", align_corners=False)[0, 0].numpy()
    np.testing.assert_allclose(spread(grid, columns, rows), oracle, atol=1e-12)


@given(st.data(), st.integers(1, 7), st.integers(1, 7))
def test_an_image_of_its_own_size_is_itself(data: st.DataObject, width: int, height: int) -> None:
    rgb = data.draw(st.binary(min_size=3 * width * height, max_size=3 * width * height))
    assert bytes(np.array(resized(width, height, rgb, width, height), np.uint8).reshape(-1)) == rgb


@given(st.data(), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_a_smaller_image_is_the_mean_of_its_areas(data: st.DataObject, columns: int, rows: int, by: int) -> None:
    size = 3 * columns * rows * by * by
    rgb = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), np.uint8)
    oracle = rgb.reshape(rows, by, columns, by, 3).mean((1, 3))
    np.testing.assert_allclose(resized(columns * by, rows * by, rgb.tobytes(), columns, rows), oracle, atol=0.5 + 1e-6)


def lines_of(picture: Picture | Maps, width: int, height: int) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in picture.lines(width, height)]


def test_a_picture_is_light_where_the_image_is_and_keeps_its_aspect() -> None:
    picture = Picture()
    picture.set_reactive(Picture.ink, Ink.ASCII)
    picture.show(2, 1, b"\0\0\0\xff\xff\xff")
    assert lines_of(picture, 12, 6) == ["      ######"] * 3


@pytest.mark.parametrize("ink", list(Ink))
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (40, 12)])
@pytest.mark.parametrize("image", [(0, 0, b""), (1, 1, b"abc"), (2, 2, b"torn"), (3, 2, bytes(18))])
def test_any_picture_is_drawn(ink: Ink, size: tuple[int, int], image: tuple[int, int, bytes]) -> None:
    picture = Picture()
    picture.set_reactive(Picture.ink, ink)
    for grid in (None, [[1.0] * 3] * 3, [[math.nan, math.inf, 0.0]] * 3):
        picture.show(*image, grid, name="γ")
        assert picture.lines(*size)


def test_the_picture_says_its_scale() -> None:
    picture = Picture()
    picture.show(1, 1, b"abc", [[0.75, 1.0, 1.25]] * 3, name="γ")
    assert lines_of(picture, 30, 8)[-1].split() == ["γ", "0.75", "1.25"]
    picture.show(1, 1, b"abc", [[1.0] * 3] * 3, name="γ")
    assert lines_of(picture, 30, 8)[-1] == "γ 1 everywhere"


@pytest.mark.parametrize("ink", list(Ink))
@pytest.mark.parametrize("size", [(1, 1), (7, 4), (26, 9), (80, 20)])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_any_maps_are_drawn(ink: Ink, size: tuple[int, int], count: int) -> None:
    maps = Maps()
    maps.set_reactive(Maps.ink, ink)
    maps.show([(channel, [[channel / 8, math.nan, 1.0]] * 3) for channel in range(count)], name="γ")
    assert maps.lines(*size)


def test_where_there_is_little_room_the_range_of_channels_goes_first() -> None:
    maps = Maps()
    maps.show([(channel, [[0.5 + channel / 8] * 3] * 3) for channel in range(9)], name="γ")
    assert lines_of(maps, 26, 5)[-1].split() == ["γ", "0.5", "1.5"]
    assert lines_of(maps, 60, 5)[-1].endswith("1–7 of 9 channels")


class MapsApp(App[None]):
    """Maps in two rows of four."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.told = Maps(), [0]

    def compose(self) -> ComposeResult:
        yield self.maps

    def on_mount(self) -> None:
        self.maps.ink = Ink.ASCII
        self.maps.show([(channel, [[channel / 8] * 3] * 3) for channel in range(30)], name="γ")
        self.maps.focus()

    def on_maps_chosen(self, event: Maps.Chosen) -> None:
        self.told.append(event.channel)


def test_keys_and_clicks_move_the_cursor() -> None:
    async def moved() -> list[int]:
        app = MapsApp()
        async with app.run_test(size=(32, 9)) as pilot:
            await pilot.press("l", "down", "left", "k", "pagedown", "end", "g")
            await pilot.click(Maps, offset=(17, 5))
            assert all(app.maps.render_line(y).text.isascii() for y in range(9))
            return app.told

    assert asyncio.run(moved()) == [0, 1, 5, 4, 0, 8, 29, 0, 6]
