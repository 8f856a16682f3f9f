"""Lists, seeds and settings as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.errors import UsageError
from l2t.methods.registry import methods
from l2t.spec import DataSettings, TrainSettings
from l2t.spec.values import (
    read_counts,
    read_seeds,
    read_setting,
    read_toml_values,
    read_values,
    split,
    write_seeds,
)


@given(st.lists(st.integers(0, 50), min_size=1, unique=True))
def test_written_seeds_read_as_the_same_seeds(seeds: list[int]) -> None:
    assert read_seeds(write_seeds(seeds)) == tuple(seeds)


@given(st.text(max_size=12))
def test_any_seed_text_gives_distinct_seeds_or_one_line_of_error(text: str) -> None:
    try:
        seeds = read_seeds(text)
    except UsageError as error:
        message = str(error)
    else:
        assert seeds
        assert len(set(seeds)) == len(seeds)
        return
    assert "\n" not in message.replace(text, "")


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", (0, 1, 2)),
        ("3,7", (3, 7)),
        ("7-7", (7,)),
        ("0-2,9,1", (0, 1, 2, 9)),
        (" 2 ", (0, 1)),
        ("5,3-4", (5, 3, 4)),
    ],
)
def test_a_single_number_counts_seeds_and_all_else_names_them(text: str, seeds: tuple[int, ...]) -> None:
    assert read_seeds(text) == seeds


@pytest.mark.parametrize("text", ["0", "-3", "3-1", "3,,4", "", "a", "1e3", "0-100000", "1.5", "4-", "9" * 19])
def test_seeds_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--seeds"):
        read_seeds(text)


@given(st.lists(st.integers(1, 10**9 - 1), min_size=1, unique=True))
def test_counts_read_as_written(counts: list[int]) -> None:
    assert read_counts(",".join(map(str, counts)), "--shots") == tuple(counts)


@pytest.mark.parametrize("text", ["0", "-5", "5,0", "x", "", "5,", "5.0", "1" * 10])
def test_counts_below_one_or_unreadable_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--shots"):
        read_counts(text, "--shots")


def test_commas_inside_brackets_do_not_separate() -> None:
    assert split("gamma[14-2,0,1,1],features.0.weight[4,2,2,0]", "--trace") == (
        "gamma[14-2,0,1,1]",
        "features.0.weight[4,2,2,0]",
    )


@given(st.floats(0, 1e6, allow_nan=False), st.floats(0, 1e6, allow_nan=False))
def test_numbers_of_a_sweep_come_back_exactly(first: float, second: float) -> None:
    values = read_values(methods.get("l2tww"), read_setting(f"method.beta={first!r},{second!r}"))
    assert values == tuple(dict.fromkeys([first, second]))


@given(st.lists(st.sampled_from(["what", "where", "which"]), min_size=1))
def test_plus_joins_the_entries_of_a_list_value(parts: list[str]) -> None:
    assert read_values(methods.get("l2twww"), read_setting(f"method.parts={'+'.join(parts)},what")) == (
        (parts, ["what"]) if parts != ["what"] else (["what"],)
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("train.epochs=20,40", (20, 40)),
        ("train.lr=1", (1,)),
        ("train.lr_offset=1", (1,)),
        ("train.select=val", ("val",)),
        ("train.precision=fp32,tf32", ("fp32", "tf32")),
        ("data.flip=true,none", (True, None)),
        ("data.rare_class=none,0", (None, 0)),
    ],
)
def test_values_are_read_as_the_field_takes_them(text: str, values: tuple[object, ...]) -> None:
    setting = read_setting(text)
    model = TrainSettings if setting.section == "train" else DataSettings
    assert read_values(model, setting) == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("train.lr=0", "train.lr=0: input should be greater than 0"),
        ("train.lr=nan", "train.lr=nan: input should be a finite number"),
        ("train.lr=1e999", "finite"),
        ("train.epochs=true", "train.epochs=true: input should be a valid integer"),
        ("train.epochs=1.5", "train.epochs=1.5"),
        ("train.select=best", "'last' or 'val'"),
        ("train.epochs=99999999999999999999", "at most 1,000,000,000"),
        ("train.lr=1e300", "at most 1,000,000,000"),
        ("train.eval_points=100001", "less than or equal to 100000"),
        ("train.eppochs=1", "Did you mean train.epochs"),
        ("train.epochs=", "train.epochs"),
        ("train.select=\udcff", "train.select"),
    ],
)
def test_a_value_that_a_field_does_not_take_is_named_with_what_it_takes(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_values(TrainSettings, read_setting(text))


@pytest.mark.parametrize("text", ["", "beta=1", "method.beta", "optimiser.lr=1", "train.=1", ".=", "a.b.c=1"])
def test_a_setting_without_section_key_or_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_setting(text)


def test_none_is_a_list_without_entries() -> None:
    www = methods.get("l2twww")
    assert read_values(www, read_setting("method.fixed=none,where+what")) == ([], ["where", "what"])
    with pytest.raises(UsageError, match=r"method\.parts=none: input should be"):
        read_values(www, read_setting("method.parts=none"))


def test_pairs_are_a_form_or_a_list() -> None:
    ufm = methods.get("ufm")
    assert read_values(ufm, read_setting("method.pairs=all,2-0+2-1")) == ("all", "2-0+2-1")
    for text in ("some", "2", "2-", "2-0+", "2-0 2-1", "1000-0", "-1-0", "٢-٠"):
        with pytest.raises(UsageError, match=rf"method\.pairs={re.escape(text)}: input should be all, .* 2-0\+2-1$"):
            read_values(ufm, read_setting(f"method.pairs={text}"))
    with pytest.raises(ValueError, match="input should be all, one-to-one, single"):
        read_toml_values(ufm, "pairs", "2-x")


def test_a_toml_list_is_a_sweep_unless_the_field_takes_lists() -> None:
    assert read_toml_values(TrainSettings, "lr", [0.1, 0.01]) == (0.1, 0.01)
    www = methods.get("l2twww")
    assert read_toml_values(www, "parts", ["what", "where"]) == (["what", "where"],)
    assert read_toml_values(www, "parts", [["what"], ["where"]]) == (["what"], ["where"])


@pytest.mark.parametrize("value", [[], "0.1", True, [0.1, -1], {"a": 1}, [[0.1]]])
def test_a_toml_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"input should|empty"):
        read_toml_values(TrainSettings, "lr", value)


def test_an_error_is_one_line_whatever_it_quotes() -> None:
    with pytest.raises(UsageError, match=r'--seeds "0\\n0" cannot be read'):
        read_seeds(" 0\n0")
