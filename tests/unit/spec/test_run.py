"""The identity of runs and of trainings of source networks."""

from collections.abc import Callable
from typing import Any

import pytest

from l2t.spec import DataSettings, RunSpec, SourceSpec, TrainSettings

Runs = Callable[..., RunSpec]
Sources = Callable[..., SourceSpec]


def test_images_left_of_a_rare_class_count_only_where_there_is_one(make_run: Runs) -> None:
    assert make_run(data=DataSettings(rare_images=3)).id == make_run().id
    rare = [make_run(data=DataSettings(rare_class=0, rare_images=images)).id for images in (3, 4, 5, 10)]
    assert len({*rare[:2], make_run().id}) == 3
    assert rare[2] == rare[3]  # there are 5 shots


@pytest.mark.parametrize("changes", [{"subset": "fixed"}, {"rare_class": 1}, {"rare_images": 3}])
def test_a_source_network_sees_its_whole_data_set(changes: dict[str, Any], make_source: Sources) -> None:
    assert make_source(data=DataSettings(**changes)).id == make_source().id


@pytest.mark.parametrize("changes", [{"pairing": "independent"}, {"select": "val"}])
def test_a_source_network_is_paired_with_nothing(changes: dict[str, Any], make_source: Sources) -> None:
    assert make_source(train=TrainSettings(epochs=4, **changes)).id == make_source().id


def test_what_has_an_effect_makes_another_run(make_run: Runs, make_source: Sources) -> None:
    settings = ({"pairing": "independent"}, {"select": "val"}, {"lr": 0.2})
    runs = [make_run(train=TrainSettings(epochs=4, **each)) for each in settings]
    assert len({run.id for run in (*runs, make_run(), make_run(data=DataSettings(subset="fixed")))}) == 5
    assert make_source(train=TrainSettings(epochs=4, lr=0.2)).id != make_source().id
