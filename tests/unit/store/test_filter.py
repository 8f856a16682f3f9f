"""The filter language: what it selects, and that nothing a user types becomes part of a statement."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l2t.errors import UsageError
from l2t.spec import DataSettings, RunSpec, SourceRef, TrainSettings
from l2t.store.filter import KEYS, MOST_VALUES, ids, parse, split
from l2t.store.rows import Owner, RunRow, Submission
from l2t.store.store import Store

SOURCE = SourceRef(hash="5" * 16, name="glyphs", model="resnet8", outputs=62)


def run(method: str, dataset: str, shots: int, seed: int) -> RunSpec:
    source = None if method == "scratch" else SOURCE
    return RunSpec(
        method=method,
        options={},
        dataset=dataset,
        checksum="c",
        classes=10,
        shots=shots,
        seed=seed,
        source=source,
        target="vgg9",
        train=TrainSettings(),
        data=DataSettings(),
    )


@pytest.fixture(scope="module")
def filled() -> Iterator[Store]:
    """Two methods × two data sets × three shots × three seeds, tagged by shots, the last seed with a note; the first
    claimed ones are done at 40, 50, 60 %."""
    datasets = ("digits", "folder:/data/[my] pictures?")
    specs = [
        run(method, dataset, shots, seed)
        for method in ("scratch", "l2tww")
        for dataset in datasets
        for shots in (5, 10, 30)
        for seed in range(3)
    ]
    owner = Owner("h", "b", 1, 2)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        store.submit(Submission("", "demo", 3, specs))
        for accuracy in (40.0, 50.0, 60.0):
            job = store.claim(owner)
            assert job is not None
            store.finish(job.id, owner, {"accuracy": accuracy}, 1.5, 10)
        store.tag(parse(["shots=5"]), ["night", "batch-1"])
        store.tag(parse(["shots=10"]), ["batch-2"])
        store.annotate(parse(["seed=2"]), "odd, \x1b[31m see log")
        store.prioritise(parse(["shots=30", "state=queued"]), -2)
        yield store


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", lambda row: True),
        ("method=l2tww", lambda row: row.method == "l2tww"),
        ("method=l2*", lambda row: row.method == "l2tww"),
        ("method!=l2tww", lambda row: row.method != "l2tww"),
        ("shots=5,30", lambda row: row.shots in (5, 30)),
        ("shots!=5,30", lambda row: row.shots == 10),
        ("shots>=10 shots<30", lambda row: row.shots == 10),
        ("seed=0-1", lambda row: row.seed in (0, 1)),
        ("seed=2,0-0", lambda row: row.seed in (0, 2)),
        ("state=done", lambda row: row.state == "done"),
        ("state=done,queued", lambda row: True),
        ("state!=done", lambda row: row.state != "done"),
        ("accuracy>50", lambda row: row.accuracy == 60),
        ("accuracy<=50", lambda row: row.accuracy in (40, 50)),
        ("accuracy=50", lambda row: row.accuracy == 50),
        ("accuracy!=50", lambda row: row.accuracy != 50),
        ("source=none", lambda row: row.source is None),
        ("source!=none", lambda row: row.source is not None),
        ("source=glyphs", lambda row: row.source == "glyphs"),
        ("source!=glyphs", lambda row: row.source != "glyphs"),
        ("source!=gl*", lambda row: row.source != "glyphs"),
        ("dataset=folder:*", lambda row: row.dataset != "digits"),
        ("'dataset=folder:/data/[my] pictures?'", lambda row: row.dataset != "digits"),
        ("'dataset=*[my] pictures?'", lambda row: row.dataset != "digits"),
        ("dataset=*m?", lambda row: False),
        ("reason=diverged", lambda row: False),
        ("reason!=diverged", lambda row: True),
        ("sweep=nothing", lambda row: False),
        ("sweep!=nothing", lambda row: True),
        ("tag=night", lambda row: row.shots == 5),
        ("tag!=night", lambda row: row.shots != 5),
        ("tag=nigh", lambda row: False),
        ("tag=batch-2,night", lambda row: row.shots in (5, 10)),
        ("tag=batch*", lambda row: row.shots in (5, 10)),
        ("tag!=batch*", lambda row: row.shots == 30),
        ("tag=*t", lambda row: row.shots == 5),
        ("tag=*", lambda row: row.shots != 30),
        ("tag=n*1", lambda row: False),  # from one tag into the next
        ("'tag=night batch-1'", lambda row: False),
        ("'tag=night*batch-1'", lambda row: False),
        ("note=*log", lambda row: row.seed == 2),
        ("note!=*log", lambda row: row.seed != 2),
        ("'note=*\x1b[31m*'", lambda row: row.seed == 2),
        ("'note=*\\x1b[31m*'", lambda row: row.seed == 2),
        ("priority=-2", lambda row: row.priority == -2),
        ("priority>=0", lambda row: row.priority == 0),
        ("device=cpu", lambda row: True),
        ("device=cuda", lambda row: False),
        ("dataset=\udcff", lambda row: False),
        ("dataset!=\udcff", lambda row: True),
        ("tag=\udcff*", lambda row: False),
        ("'note=*\udcff*'", lambda row: False),
    ],
)
def test_a_filter_selects_what_it_says(filled: Store, line: str, expected: object) -> None:
    assert callable(expected)
    assert filled.runs(parse(split(line))) == [row for row in filled.runs() if expected(row)]


def test_a_run_is_found_by_the_beginning_of_its_id(filled: Store) -> None:
    row = filled.runs()[4]
    assert filled.runs(parse([f"id={row.id[:10]}"])) == [row]


def test_counting_agrees_with_listing(filled: Store) -> None:
    chosen = parse(["shots=5"])
    assert sum(filled.count(chosen).values()) == len(filled.runs(chosen)) == 12


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("methd=l2tww", "Did you mean method"),
        ("state=dne", "Did you mean done"),
        ("reason=divergd", "Did you mean diverged"),
        ("device=gpu", "device"),
        ("shots=five", "'five' is no number"),
        ("shots=", "is no number"),
        ("shots=nan", "is no number"),
        ("accuracy>inf", "is no number"),
        ("shots=99999999999999999999999999999999999999e999", "is no number"),
        ("method>l2tww", "is no number; use = or !="),
        ("method=", "a value is missing"),
        ("l2tww", "no KEY=VALUE"),
        ("method.beta=2", "l2t report --split-by method.beta tells those of method.beta apart"),
    ],
)
def test_bad_words_are_one_line_with_what_to_do(word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse([word])
    assert "\n" not in str(caught.value)


def test_an_open_quote_is_one_line() -> None:
    with pytest.raises(UsageError, match="quote"):
        split("method='l2tww")


ANYTHING = st.characters(exclude_categories=())
"""Surrogates too: they stand for the bytes of a command line that are no text."""
signs = st.sampled_from(["=", "!=", ">", ">=", "<", "<="])
words = st.one_of(
    st.text(ANYTHING),
    st.builds("{}{}{}".format, st.sampled_from(KEYS), signs, st.text(ANYTHING)),
    st.builds("{}{}{}".format, st.sampled_from(KEYS), signs, st.from_regex(r"[0-9a-z,*'\";()-]{0,12}")),
    st.builds("{}{}{}".format, st.sampled_from(KEYS), signs, st.floats() | st.integers()),
)


@given(st.lists(words, max_size=3))
def test_any_text_is_either_a_filter_that_runs_or_a_usage_error(filled: Store, typed: list[str]) -> None:
    try:
        chosen = parse(typed)
    except UsageError:
        return
    everything = {row.id for row in filled.runs()}
    assert {row.id for row in filled.runs(chosen)} <= everything
    assert chosen.where.count("?") == len(chosen.parameters)


@settings(max_examples=40)  # each opens a store
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters=",*\0"), min_size=1))
def test_a_value_is_found_whatever_it_is_made_of(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    if value == "none":
        return
    with Store.open(tmp_path_factory.mktemp("home")) as store:
        store.submit(Submission("", "", 1, [run("scratch", value, 5, 0), run("scratch", "x" + value, 5, 0)]))
        rows: list[RunRow] = store.runs(parse([f"dataset={value}"]))
    assert [row.dataset for row in rows] == [value]


def test_any_number_of_ids_is_one_filter_and_too_many_values_of_a_line_are_refused(
    store: Store, submit: Callable[[list[RunSpec]], Submission]
) -> None:
    submit([run("scratch", "digits", 5, seed) for seed in range(2000)])
    wanted = sorted(row.id for row in store.runs())[:1500]
    assert store.reprioritise(ids(wanted), 3).changed == 1500
    assert sorted(row.id for row in store.runs(parse(["priority=3"]))) == wanted
    assert store.runs(ids(["none", "' OR 1"])) == []
    with pytest.raises(UsageError, match=f"more than {MOST_VALUES} values. Use ranges"):
        parse([f"seed={','.join(map(str, range(MOST_VALUES + 1)))}"])
    assert len(store.runs(parse([f"seed={','.join(map(str, range(MOST_VALUES)))}"]))) == MOST_VALUES
