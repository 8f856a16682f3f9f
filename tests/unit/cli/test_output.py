"""Tables, JSON and numbers on stdout."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from cli.output import Column, coloured, write_json, write_styled, write_table
from l2t.words import duration, percent, size, width


def test_columns_are_aligned_whatever_their_characters_are(capsys) -> None:
    write_table([Column("name"), Column("n", right=True)], [("手書き", "1"), ("é", "1000"), ("plain", "22")])
    assert capsys.readouterr().out == "name       n\n手書き     1\né       1000\nplain     22\n"


def test_control_characters_in_cells_are_escaped_and_counted(capsys) -> None:
    write_table([Column("name"), Column("n")], [("a\x1b[0m", "1"), ("b", "2")])
    assert capsys.readouterr().out == "name      n\na\\x1b[0m  1\nb         2\n"


def test_a_table_without_rows_is_its_header(capsys) -> None:
    write_table([Column("name"), Column("n")], [])
    assert capsys.readouterr().out == "name  n\n"


def test_a_narrow_terminal_cuts_only_the_columns_that_may_be_cut(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.output.terminal_width", lambda: 20)
    write_table([Column("name"), Column("note", cut=True)], [("12345678", "a long note, too long")])
    assert capsys.readouterr().out == "name      note\n12345678  a long no…\n"


def test_json_lists_have_an_element_a_line(capsys) -> None:
    write_json([{"a": 1}, {"a": None}])
    out = capsys.readouterr().out
    assert out == '[\n{"a": 1},\n{"a": null}\n]\n'
    assert json.loads(out) == [{"a": 1}, {"a": None}]


@pytest.mark.parametrize("value", [[], {}, {"a": [1, "\x1b", "é"]}, [1, 2]])
def test_json_reads_back_and_is_plain_ascii(capsys, value: object) -> None:
    write_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert out.isascii()
    assert "\x1b" not in out


def test_json_never_holds_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"a": float("nan")})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (-3, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (61, "1 min"),
        (3599, "60 min"),
        (5400, "1.5 h"),
        (2e6, "23 d"),
    ],
)
def test_durations_have_two_digits(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, "–"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2.34e9, "2.3 GB"), (5e15, "5000.0 TB")],
)
def test_sizes_are_in_powers_of_thousand(amount: float | None, text: str) -> None:
    assert size(amount) == text


def test_percent_has_one_decimal() -> None:
    assert (percent(84.25), percent(None)) == ("84.2", "–")


@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_as_wide_as_long(text: str) -> None:
    assert width(text) == len(text)


@pytest.mark.parametrize(
    ("settings", "colours"),
    [
        ({}, False),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_what_is_no_terminal_gets_colours_only_where_they_are_forced(
    capsys, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], colours: bool
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert coloured() is colours
    write_styled([Text("a long line " * 20, style="bold red")])
    out = capsys.readouterr().out
    assert out == ("\x1b[1;31m" + "a long line " * 20 + "\x1b[0m\n" if colours else "a long line " * 20 + "\n")
