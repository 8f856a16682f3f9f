"""When things happen in a training."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.train.schedule import batch_sizes, epochs_needed, evenly, learning_rate


@given(st.integers(1, 2000), st.integers(2, 300))
def test_batches_cover_every_image_and_none_is_of_a_single_one(images: int, batch: int) -> None:
    sizes = batch_sizes(images, batch)
    assert sum(sizes) == images
    assert all(1 < size <= batch + 1 for size in sizes) or images == 1


def test_a_rest_of_one_image_joins_the_batch_before_it() -> None:
    assert batch_sizes(257, 128) == [128, 129]
    assert batch_sizes(50, 128) == [50]
    assert batch_sizes(300, 128) == [128, 128, 44]


def test_the_cosine_starts_at_the_rate_and_the_codes_offset_ends_at_zero() -> None:
    assert learning_rate(0.1, 0, 200, 0) == 0.1
    assert learning_rate(0.1, 100, 200, 0) == pytest.approx(0.05)
    assert learning_rate(0.1, 199, 200, 0) == pytest.approx(0.05 * (1 + math.cos(199 * math.pi / 200)))
    assert learning_rate(0.1, 199, 200, 1) == pytest.approx(0, abs=1e-17)


def test_min_steps_raises_the_number_of_epochs_only() -> None:
    assert epochs_needed(200, 600, 1) == 600
    assert epochs_needed(200, 601, 3) == 201
    assert epochs_needed(200, 0, 4) == 200


@given(st.integers(1, 60), st.integers(1, 500))
def test_measured_epochs_are_spread_evenly_and_end_with_the_last(points: int, epochs: int) -> None:
    chosen = sorted(evenly(points, epochs))
    assert chosen[-1] == epochs
    assert len(chosen) == min(points, epochs)
    gaps = {after - before for before, after in pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1
