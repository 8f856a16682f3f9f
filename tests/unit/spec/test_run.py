"""The identity of runs and of trainings of source networks."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.spec import ArtefactRef, DataSettings, RunSpec, SourceRef, SourceSpec, TrainSettings

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


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("seed"), inner, max_size=3)
    ),
    max_leaves=6,
)
WORDS = st.text(max_size=8) | st.sampled_from(["digits", "folder:/a/b", '"seed":0,', '\\","seed":1,', "\u2028é", "\0"])
TRAIN = st.builds(
    TrainSettings,
    epochs=st.integers(1, 300),
    lr=st.floats(1e-6, 10) | st.integers(1, 3),
    weight_decay=st.sampled_from([0, 0.0, -0.0, 1e-4, 5e-324, 1e300]),
    lr_offset=st.sampled_from([0, 1]),
)
DATA = st.builds(
    DataSettings,
    padding=st.none() | st.integers(0, 4),
    flip=st.none() | st.booleans(),
    rare_class=st.none() | st.integers(0, 9),
    rare_images=st.integers(1, 60),
)
RUNS = st.builds(
    RunSpec,
    method=WORDS,
    options=st.dictionaries(st.text(max_size=5) | st.just("seed"), PLAIN, max_size=3),
    dataset=WORDS,
    checksum=WORDS,
    classes=st.integers(2, 200),
    shots=st.integers(1, 50),
    seed=st.integers(0, 2**70),
    source=st.none() | st.builds(SourceRef, hash=WORDS, name=WORDS, model=WORDS, outputs=st.integers(2, 9)),
    artefacts=st.lists(
        st.builds(ArtefactRef, phase=WORDS, name=WORDS, hash=WORDS, shared=WORDS),
        max_size=2,
        unique_by=lambda r: r.phase,
    ).map(tuple),
    target=WORDS,
    train=TRAIN,
    data=DATA,
    device=st.sampled_from(["cpu", "cuda"]),
    recipe=WORDS,
    trace=st.lists(WORDS, max_size=2).map(tuple),
    engine=st.integers(0, 99),
    packages=st.dictionaries(WORDS, WORDS, max_size=2),
)


def plain_hash(plain: dict[str, Any]) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@given(RUNS)
def test_the_id_put_together_from_parts_is_the_hash_of_the_whole(run: RunSpec) -> None:
    plain = run.model_dump(mode="json", exclude={"recipe", "trace"})
    plain["data"]["rare_images"] = 10 if run.data.rare_class is None else min(run.data.rare_images, run.shots)
    plain["dataset"] = "folder" if run.dataset.startswith("folder:") else run.dataset
    plain["source"] = run.source and run.source.hash
    plain["artefacts"] = {ref.phase: ref.shared for ref in run.artefacts}
    if not run.artefacts:
        del plain["artefacts"]
    assert run.identity == plain
    assert run.id == plain_hash(plain)
    del plain["seed"]
    assert run.cell == plain_hash(plain)


def test_ids_stay_what_they_are() -> None:
    """A change here is a change of the engine: every stored run would be another one."""
    source = SourceRef(hash="0123456789abcdef", name="n", model="m", outputs=200)
    what = {"method": "l2tww", "options": {"beta": 0.5, "name": 'a"seed":3,'}, "dataset": "folder:/x", "checksum": "c"}
    more = {"classes": 10, "shots": 5, "seed": 3, "source": source, "target": "vgg9", "recipe": "r", "trace": ("a",)}
    settings = {"train": TrainSettings(epochs=7, weight_decay=1e-5), "data": DataSettings(rare_class=1, rare_images=9)}
    run = RunSpec.model_validate(what | more | settings | {"engine": 1})
    assert (run.id, run.cell) == ("2c062c5f234f98d9", "1c2ca9f54eb544d9")
    plain = {"name": "n", "dataset": "d", "checksum": "c", "classes": 2, "model": "m", "engine": 1}
    source_spec = SourceSpec.model_validate(plain | {"train": TrainSettings(), "data": DataSettings()})
    assert source_spec.id == "44a665032a5b7bec"


def test_a_copy_with_changes_has_an_id_of_its_own(make_run: Runs) -> None:
    run = make_run(1)
    assert run.id != ""
    assert run.model_copy(update={"seed": 2}).id == make_run(2).id
    train = run.train.model_copy(update={"epochs": 5})
    assert make_run(1, train=train).id == make_run(1, epochs=5).id
