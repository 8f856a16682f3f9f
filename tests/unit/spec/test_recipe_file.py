"""Recipes from TOML: what is wrong is said with file, line and key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.errors import DataError, UsageError
from l2t.spec.recipe import SourceTable
from l2t.spec.recipe_file import BUILTIN, parse_recipe, read_recipe
from l2t.spec.toml_lines import line_of


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_recipes_read(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.title


def test_a_recipe_file_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('methods = ["ufm"]\nseeds = "3,7"\nsource = "net"\n[method.ufm]\nbeta = [0.5, 1]\n')
    recipe = read_recipe(str(path))
    assert (recipe.name, recipe.seeds, recipe.source) == ("mine", (3, 7), "net")


def test_a_recipe_written_by_an_editor_that_marks_utf8_reads(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'\xef\xbb\xbftitle = "x"')
    assert read_recipe(str(path)).title == "x"


def test_seeds_listed_twice_are_one_seed() -> None:
    assert parse_recipe("seeds = [3, 1, 3]", "r", "r").seeds == (3, 1)


def test_a_source_table_defines_a_training() -> None:
    recipe = parse_recipe('[source]\nname = "n"\ndataset = "glyphs"\nmodel = "resnet8"\ntrain = {epochs = 2}', "r", "r")
    assert recipe.source == SourceTable(name="n", dataset="glyphs", model="resnet8", train={"epochs": 2})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('titel = "x"', r"line 1: titel: unknown key. Known are title, methods"),
        ("\n\n[train]\nepocs = 3", r"line 4: train.epocs: .*Did you mean train.epochs"),
        ("[train]\nepochs = true", r"line 2: train.epochs: true: input should be a valid integer"),
        ("[train]\nlr = []", r"line 2: train.lr: the list is empty"),
        ("[train]\nlr = nan", r"line 2: train.lr: NaN: input should be a finite number"),
        ("data = {sise = 3}", r"line 1: data.sise"),
        ("shots = [5, 0]", r"line 1: shots: input should be greater than or equal to 1"),
        ("seeds = 0", r"line 1: seeds: --seeds 0 asks for no run"),
        ("seeds = [1, -2]", r"line 1: seeds: input should be greater than or equal to 0"),
        ('methods = ["ufm",\n "l2tw"]', r'line 1: methods: no method "l2tw". Did you mean l2tww'),
        ("[method]\nbetta = 1", r"line 2: method.betta: .*Did you mean method.beta"),
        ("[method.l2tw]\nbeta = 1", r"line 1: method.l2tw: no method"),
        ("[method.scratch]\nbeta = 1", r"line 2: method.scratch.beta"),
        ("[[sweep]]\nshots = [1]\n[[sweep]]\nshot = [2]", r"line 4: sweep.shot: unknown key. Known are methods"),
        ("[[sweep]]\n[[sweep]]\n[sweep.method.ufm]\nbeta = -1", r"line 4: sweep.method.ufm.beta: -1: input should"),
        ("[[sweep]]\nmethods = []", r"line 2: sweep.methods"),
        ('[source]\nname = "n"\ndataset = "d"\nmodel = "m"\nfoo = 1', r"line 5: source.foo: unknown key"),
        ('[source]\nname = "n"\ndataset = "d"', r"line 1: source.model: field required"),
        ("source = 5", r"line 1: source: input should be a valid string"),
        (
            '[source]\nname="n"\ndataset="d"\nmodel="m"\n[source.train]\nepochs = [1, 2]',
            r"line 6: source.train.epochs: a source network is trained once",
        ),
        ('name = "x"', r"line 1: name: unknown key: a recipe is named after its file"),
        ('[[sweep]]\ntrace = ["weight"]', r"line 2: sweep.trace: no trace can be made of 'weight'"),
        (f"seeds = [{10**30}]", r"line 1: seeds: input should be less than 1000000000000000000"),
        (f"[train]\nepochs = {10**30}", r"line 2: train.epochs: 10+: input should be at most 1,000,000,000"),
        (f"shots = [{'9' * 5000}]", r"limit"),
        (f"title = {'[' * 5000}", r"nested too deeply"),
        ("x = = 3", r"invalid value \(at line 1, column 5\)"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_key(text: str, says: str) -> None:
    with pytest.raises(UsageError, match="(?s)^my.toml.*" + says):
        parse_recipe(text, "my", "my.toml")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "r.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"r\.toml cannot be read"):
        read_recipe(str(path))


def test_an_unknown_recipe_gets_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="Did you mean thesis"):
        read_recipe("theses")


@given(st.text(max_size=60) | st.text(alphabet='[]=#"\n.ab1{} ', max_size=60))
def test_any_text_is_a_recipe_or_one_clear_error(text: str) -> None:
    try:
        parse_recipe(text, "r", "r.toml")
    except UsageError as error:
        message = str(error)
    else:
        return
    assert message.startswith("r.toml")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 1),
        (("t", "b c"), 4),
        (("t", "u", "d"), 6),
        (("s", 0, "e"), 8),
        (("s", 1, "e"), 10),
        (("s", 1, "m", "f"), 12),
        (("s", 1, "unwritten"), 9),
        (("g", "h", "i"), 14),
        (("absent",), 1),
    ],
)
def test_lines_of_keys_in_tables_arrays_of_tables_and_dotted_names(path: tuple[int | str, ...], line: int) -> None:
    text = """a = 1
# b = 2
[t]
"b c" = 1
[t.u]
d = 1
[[s]]
e = 1
[[s]]
e = 2
[s.m]
f = 1
[g]
h.i = 1
"""
    assert line_of(text, path) == line
