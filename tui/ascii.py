"""Drawing for terminals that have no Unicode (LANG=C): every character that is none of ASCII is replaced at the last
moment by one that looks like it, of the same width, so that no screen needs to know."""

import os

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_ALIKE = dict(zip("±×–−—←→↑↓…·°≥≤≡•▸▶○‖✓✗↻⊘αβγλφΔσ░▒▓█", "+x---<>^v.. ><=*>>o=vx@0abglfDs.:*#", strict=True))
_ALIKE |= dict(zip("─━│┃═║▲▼△▽★◆◇’“”", '--||=|^v^v**o\'""', strict=True))
_ALIKE |= dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+")
_ALIKE |= dict.fromkeys("▁▂▃▄▅▆▇▀▔▕▏▎▍▌▋▊▉▐", "#")


def needs_ascii() -> bool:
    """Whether the user's locale says that the terminal has no Unicode."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := os.environ.get(name):
            return "utf" not in value.lower()
    return True


class Ascii(LineFilter):
    """Replaces what is not ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(spelt(segment.text), segment.style, segment.control)
            for segment in segments
        ]


def spelt(text: str) -> str:
    """The text in ASCII, as wide as before."""
    text = text.replace("± ", "+-")  # "+" alone would be read as a sum
    return "".join(
        character if character.isascii() else _ALIKE.get(character, "?" * cell_len(character)) for character in text
    )
