"""Text from users and files never steers a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2t.printable import printable


@given(st.text())
def test_no_control_or_format_character_is_left(text: str) -> None:
    assert not {unicodedata.category(character) for character in printable(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S"])))
def test_letters_marks_digits_and_signs_are_kept(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202efdp.exe", r"\u202efdp.exe"),
        ("caf\udce9", r"caf\udce9"),
        ("\x9b2J", r"\x9b2J"),
        ("CIFAR-10 ± γ, 手書き", "CIFAR-10 ± γ, 手書き"),
    ],
)
def test_what_is_escaped_stays_readable(text: str, shown: str) -> None:
    assert printable(text) == shown
