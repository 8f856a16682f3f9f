"""Tags and notes, in the database and in `marks.jsonl`."""

import json
from collections.abc import Callable

import pytest

from l2t.errors import UsageError
from l2t.spec import RunSpec
from l2t.store.filter import ALL, parse
from l2t.store.marks import LONGEST_NOTE, NAME
from l2t.store.replay import read_marks
from l2t.store.rows import Changed, Submission, Submitted
from l2t.store.store import Store

Submit = Callable[..., Submitted]
MakeRun = Callable[..., RunSpec]

HOSTILE = [
    *("../../etc/passwd", "'; DROP TABLE jobs; --", 'quo"te', "line\nbreak", "tab\tand\rreturn", "\x1b[31mred", "\0"),
    *("caf\udce9", "\u202etxet", "%s {0} \\", "* ? [a]", "größer", "-rf", " ", "a b"),
]


def test_tags_are_added_once_and_taken_away(store: Store, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run(0), make_run(1)])
    assert store.tag(ALL, ["night", "night", "v1.0/a"]) == Changed(2)
    assert store.tag(parse(["seed=1"]), ["box@2"], ["night"]) == Changed(1)
    assert [row.tags for row in store.runs()] == [("night", "v1.0/a"), ("v1.0/a", "box@2")]
    assert [row.seed for row in store.runs(parse(["tag=night"]))] == [0]
    assert [row.seed for row in store.runs(parse(["tag!=night"]))] == [1]
    assert store.runs(parse(["tag=nigh"])) == []
    store.tag(ALL, (), ["night", "v1.0/a", "box@2"])
    assert [row.tags for row in store.runs()] == [(), ()]


def test_a_submission_marks_all_its_runs_and_no_others(store: Store, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run(0), make_run(2)])
    store.submit(Submission("", "", 2, [make_run(0), make_run(1)], tags=("a",), note="for the talk", priority=3))
    marks = {row.seed: (row.tags, row.note, row.priority) for row in store.runs()}
    assert marks == {0: (("a",), "for the talk", 3), 1: (("a",), "for the talk", 3), 2: ((), None, 0)}
    assert [row.seed for row in store.runs(parse(["note=*talk*"]))] == [0, 1]
    assert [row.seed for row in store.runs(parse(["priority>=3"]))] == [0, 1]
    assert len(store.runs(parse(["device=cpu"]))) == 3
    store.submit(Submission("", "", 2, [make_run(0)]))
    assert store.run(make_run(0).id).row.note == "for the talk"


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 65, "x" * 1_000_000, ""])
def test_what_is_no_tag_is_one_short_line_and_changes_nothing(
    store: Store, submit: Submit, make_run: MakeRun, text: str
) -> None:
    submit([make_run()])
    for add, remove in (([text], []), ([], [text])):
        with pytest.raises(UsageError, match="letters, digits") as caught:
            store.tag(ALL, add, remove)
        assert len(str(caught.value)) < 300
        assert str(caught.value).isprintable()
    with pytest.raises(UsageError, match="letters, digits"):
        store.submit(Submission("", "", 1, [make_run(1)], tags=(text,)))
    assert len(store.runs()) == 1
    assert not (store.home / NAME).exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_any_note_is_kept_as_one_printable_line_here_and_on_disk(
    store: Store, submit: Submit, make_run: MakeRun, text: str
) -> None:
    submit([make_run()])
    store.tag(ALL, ["a"])
    store.annotate(ALL, text)
    (row,) = store.runs()
    assert row.note is not None
    assert row.note.isprintable()
    assert row.note == text or not text.isprintable()
    lines = (store.home / NAME).read_text(encoding="ascii").splitlines()
    assert [json.loads(line).get("note") for line in lines] == [None, row.note]
    mark = read_marks(store.home, {row.id})[row.id]
    assert (tuple(mark.tags), mark.note) == (row.tags, row.note)


def test_a_note_is_replaced_and_taken_away(store: Store, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run()])
    for note in ("one", "two", None):
        store.annotate(ALL, note)
        assert store.runs()[0].note == note
    assert read_marks(store.home, {make_run().id}) == {}


def test_an_endless_note_is_refused_and_changes_nothing(store: Store, submit: Submit, make_run: MakeRun) -> None:
    submit([make_run()])
    for text in ("x" * 1_000_000, "\x1b" * (LONGEST_NOTE // 4 + 1)):
        with pytest.raises(UsageError, match="too long: at most 10,000"):
            store.annotate(ALL, text)
    store.annotate(ALL, "x" * LONGEST_NOTE)
    assert store.runs()[0].note == "x" * LONGEST_NOTE
    assert len((store.home / NAME).read_text().splitlines()) == 1
