"""What a request expands to."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.errors import UsageError
from l2t.methods.registry import methods
from l2t.spec.headline import headline
from l2t.spec.recipe_file import parse_recipe, read_recipe
from l2t.spec.request import SweepRequest, default_recipe
from l2t.spec.sweep import Point, expand
from l2t.spec.values import read_setting

THESIS = SweepRequest(read_recipe("thesis"))
DEMO = read_recipe("demo")


def cells(points: tuple[Point, ...]) -> Counter[tuple[str, str, int]]:
    return Counter((point.method, point.dataset, point.shots) for point in points)


def test_the_thesis_is_1740_runs_of_58_cells() -> None:
    points = expand(THESIS)
    assert len(points) == 1740
    assert {point.seed for point in points} == set(range(30))
    keys = Counter((p.method, p.dataset, p.shots, p.settings.data.rare_class) for p in points)
    assert len(keys) == 58
    assert set(keys.values()) == {30}
    assert not [key for key in keys if key[0] == "scratch" and key[1] == "cifar10"]
    assert {key[0] for key in keys if key[3] == 0} == {"scratch", "l2tww", "l2twww"}


def test_the_thesis_traces_table_1_at_10_shots_only() -> None:
    traced = {(p.dataset, p.shots) for p in expand(THESIS) if p.trace}
    assert traced == {("stl10", 10)}


def test_all_methods_of_a_column_do_seed_0_first() -> None:
    order = [(point.seed, point.method) for point in expand(SweepRequest(DEMO))]
    assert order == [(seed, method) for seed in DEMO.seeds for method in DEMO.methods]


@given(
    st.lists(st.sampled_from(["scratch", "ufm", "l2tww", "l2twww"]), unique=True),
    st.lists(st.sampled_from(["stl10", "cifar10", "cifar100", "digits"]), unique=True),
    st.lists(st.sampled_from([5, 7, 10, 20, 150]), unique=True),
)
def test_every_value_that_is_given_is_run_and_no_other(
    methods: list[str], datasets: list[str], shots: list[int]
) -> None:
    asked = SweepRequest(THESIS.recipe, tuple(methods), tuple(datasets), tuple(shots), seeds=(0,))
    points = expand(asked)
    for given_values, name in ((methods, "method"), (datasets, "dataset"), (shots, "shots")):
        found = {getattr(point, name) for point in points}
        assert found == set(given_values) or (not given_values and found)
    assert len({(p.method, p.dataset, p.shots, p.settings.key) for p in points}) == len(points)


def test_values_that_a_recipe_has_select_among_its_cells() -> None:
    chosen = expand(SweepRequest(read_recipe("thesis"), datasets=("cifar10",), shots=(10, 150), seeds=(4,)))
    assert set(cells(chosen)) == {(m, "cifar10", k) for m in ("ufm", "l2tww", "l2twww") for k in (10, 150)}


def test_a_method_that_a_recipe_does_not_run_on_a_set_is_run_when_asked_for() -> None:
    asked = expand(SweepRequest(read_recipe("thesis"), methods=("scratch", "ufm"), datasets=("cifar10",), seeds=(0,)))
    assert set(cells(asked)) == {(m, "cifar10", k) for m in ("scratch", "ufm") for k in (10, 30, 50, 100, 150)}


def test_values_that_a_recipe_does_not_have_form_a_sweep_of_their_own() -> None:
    own = expand(SweepRequest(DEMO, shots=(5, 10), seeds=(0,)))
    assert set(cells(own)) == {(method, "digits", shots) for method in DEMO.methods for shots in (5, 10)}
    assert {point.settings.data.size for point in own} == {DEMO.data["size"]}


def test_the_ablation_is_21_cells_of_one_change_each() -> None:
    points = expand(SweepRequest(read_recipe("ablation"), seeds=(0,)))
    base = methods.get("l2twww")().effective()
    changes = []
    for point in points:
        if point.method == "l2twww":
            found = {key: value for key, value in point.settings.options.items() if base.get(key) != value}
            changes.append(" ".join(f"{key}={value}" for key, value in found.items()))
    assert Counter(point.method for point in points) == {"scratch": 1, "ufm": 1, "l2twww": 19}
    assert len(set(changes)) == 19
    assert {"", "fixed=['where']", "parts=['what', 'which']", "which_start=default", "virtual_steps=0"} < set(changes)
    assert "virtual_steps=3 hypergradient=first-order" in changes
    assert [change for change in changes if "first-order" in change and "=0" in change] == []


def test_values_that_a_recipe_does_not_have_replace_those_that_all_its_blocks_share() -> None:
    recipe = parse_recipe(
        'methods = ["ufm"]\ndatasets = ["digits"]\nseeds = 1\nsource = "s"\nshots = [1, 2]\n'
        "[[sweep]]\nmethod = { beta = 3.0 }\n[[sweep]]\nshots = [4]\nmethod = { beta = 5.0 }",
        "r",
        "r",
    )

    def found(**asked: tuple[object, ...]) -> set[tuple[str, int, float]]:
        points = expand(SweepRequest(recipe, **asked))
        return {(point.dataset, point.shots, point.settings.options["beta"]) for point in points}

    assert found(datasets=("stl10",)) == {("stl10", 1, 3.0), ("stl10", 2, 3.0), ("stl10", 4, 5.0)}
    assert found(datasets=("stl10", "digits"), shots=(4,)) == {("stl10", 4, 5.0), ("digits", 4, 5.0)}
    assert found(shots=(2,)) == {("digits", 2, 3.0)}
    assert found(shots=(2, 7)) == {("digits", 2, 0.5), ("digits", 7, 0.5)}  # blocks have shots of their own


def test_without_a_recipe_other_data_gets_the_protocol_and_the_demos_source() -> None:
    points = expand(SweepRequest(default_recipe(("cifar10",)), datasets=("cifar10",)))
    assert {(p.settings.train.epochs, p.settings.data.size, p.target) for p in points} == {(200, 32, "vgg9")}
    assert {str(p.source) for p in points} == {"None", str(DEMO.source)}
    assert default_recipe(()) == default_recipe(("digits",)) == DEMO


def test_a_setting_applies_to_the_methods_that_have_it() -> None:
    points = expand(SweepRequest(DEMO, shots=(5,), seeds=(0,), settings=(read_setting("method.beta=0.25,2"),)))
    assert cells(points) == {
        ("scratch", "digits", 5): 1,
        ("ufm", "digits", 5): 2,
        ("l2tww", "digits", 5): 2,
        ("l2twww", "digits", 5): 2,
    }
    with pytest.raises(UsageError, match=r"method\.beta"):
        expand(SweepRequest(DEMO, methods=("scratch",), settings=(read_setting("method.beta=1"),)))


def test_settings_replace_the_recipes_in_every_cell() -> None:
    recipe = parse_recipe(
        'methods = ["scratch"]\ndatasets = ["digits"]\nseeds = 1\n[train]\nepochs = 7\n'
        "[[sweep]]\nshots = [1]\n[[sweep]]\nshots = [2]\ntrain = {epochs = 9}",
        "r",
        "r",
    )
    assert [p.settings.train.epochs for p in expand(SweepRequest(recipe))] == [7, 9]
    replaced = expand(SweepRequest(recipe, settings=(read_setting("train.epochs=3"),)))
    assert [p.settings.train.epochs for p in replaced] == [3, 3]


def test_equal_values_written_differently_are_one_run() -> None:
    assert (
        len(expand(SweepRequest(DEMO, methods=("ufm",), seeds=(0,), settings=(read_setting("method.beta=1,1.0"),))))
        == 1
    )
    assert len(expand(SweepRequest(DEMO, methods=("scratch",), seeds=(0,), sources=("a", "b")))) == 1


def test_lists_of_sources_and_targets_are_a_sweep() -> None:
    points = expand(SweepRequest(DEMO, methods=("ufm",), seeds=(0,), sources=("a", "b"), targets=("vgg9", "vgg-small")))
    assert [(p.source, p.target) for p in points] == [(s, t) for s in "ab" for t in ("vgg9", "vgg-small")]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (SweepRequest(DEMO, methods=("l2tw",)), "Did you mean l2tww"),
        (SweepRequest(DEMO, settings=(read_setting("train.lr=1"), read_setting("train.lr=2"))), "set twice"),
        (SweepRequest(DEMO, shots=(1, 2, 3, 4, 5), seeds=tuple(range(60_000))), "1,000,000"),
        (SweepRequest(parse_recipe("shots = [1]", "r", "r")), "--method"),
        (SweepRequest(parse_recipe('methods=["ufm"]\nshots=[1]\ndatasets=["digits"]', "r", "r")), "--seeds"),
    ],
)
def test_a_request_that_means_nothing_is_refused(request_: SweepRequest, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        expand(request_)


def test_the_first_line_names_nothing_that_no_method_uses() -> None:
    assert "target" not in (line := headline(SweepRequest(DEMO, methods=("finetune",))))
    assert "method.beta" not in line
    assert "method.beta=2.0" in (line := headline(SweepRequest(DEMO, methods=("finetune", "ufm"))))
    assert "target vgg-small" in line


def test_the_first_line_says_what_the_recipe_fills_in() -> None:
    line = headline(SweepRequest(DEMO, methods=("l2tww",), seeds=(0, 1)))
    assert "data digits" in line
    assert "source glyphs-resnet8" in line
    assert "methods" not in line
    assert "seeds" not in line
