"""Runs in one plot are named by what differs."""

import json
from typing import Any

from l2t.store.rows import RUN_COLUMNS, RunRow
from tui.several import told_apart


def row(id: str, note: str | None = None) -> RunRow:
    return RunRow(**(dict.fromkeys(RUN_COLUMNS) | {"id": id, "note": note}))  # type: ignore[arg-type]


def labels(*specs: dict[str, Any], notes: tuple[str | None, ...] = ()) -> list[str]:
    rows = [row(f"{at}" * 16, notes[at] if notes else None) for at in range(len(specs))]
    return told_apart(rows, {each.id: json.dumps(spec) for each, spec in zip(rows, specs, strict=True)})


def test_only_what_differs_is_named() -> None:
    same = {"dataset": "digits", "shots": 5}
    assert labels(same | {"seed": 1}, same | {"seed": 2}) == ["seed 1", "seed 2"]
    assert labels({"method": "a", "shots": 1, "seed": 0}, {"method": "b", "shots": 5, "seed": 0}) == [
        "a, 1 shot",
        "b, 5 shots",
    ]


def test_an_option_that_both_have_is_named_and_one_of_a_single_method_is_not() -> None:
    a, b = {"method": "l2tww", "options": {"beta": 1.0}}, {"method": "l2tww", "options": {"beta": 2.0}}
    assert labels(a, b) == ["beta 1.0", "beta 2.0"]
    assert labels(a, {"method": "scratch"}) == ["l2tww", "scratch"]


def test_what_follows_from_the_data_set_is_not_named() -> None:
    assert labels({"dataset": "a", "checksum": "1", "classes": 2}, {"dataset": "b", "checksum": "2", "classes": 3}) == [
        "a",
        "b",
    ]


def test_notes_then_ids_tell_apart_what_nothing_else_does() -> None:
    assert labels({"seed": 1}, {"seed": 1}, notes=("first", "second")) == ["first", "second"]
    assert labels({"seed": 1}, {"seed": 1}, {"seed": 2}) == ["seed 1, 00000000", "seed 1, 11111111", "seed 2"]


def test_a_specification_that_is_gone_is_no_end() -> None:
    assert told_apart([row("a" * 16), row("b" * 16)], {}) == ["a" * 8, "b" * 8]
