"""Which runs `--since`, `--tag`, `--sweep` and filter words mean together."""

from datetime import datetime

import pytest

from cli.selecting import Selection, moment
from l2t.errors import UsageError

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("12h", 43200), ("3d", 259200), ("2w", 1209600), ("0m", 0)]
)
def test_a_span_is_so_long_ago(text: str, seconds: float) -> None:
    assert moment(text, NOW) == NOW - seconds


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T18:00", "2026-11-20T18:00:30+02:00"])
def test_a_date_is_local_unless_it_says_where(text: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("text", ["", "yesterday", "3", "3y", "-3d", "2026-13-01", "9999999d", "1e3h", "٣d"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="12h"):
        moment(text, NOW)


def test_all_conditions_stand_in_the_selection() -> None:
    selection = Selection(["method=ufm"], ["shots=5,10 seed=0-3"], "abc", ["first"], "3d")
    assert selection.text == "method=ufm shots=5,10 seed=0-3 sweep=abc tag=first since 3d"
    condition = selection.condition()
    assert condition.where.count("AND") >= 4
    assert condition.parameters[:2] == ("ufm", 5)


def test_nothing_asked_for_means_all_runs() -> None:
    assert Selection().text == ""
    assert Selection().condition().where == "1"
