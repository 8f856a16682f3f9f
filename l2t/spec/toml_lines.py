"""The line of a TOML file on which a key stands: tomllib tells it of syntax errors only."""

import re

_KEY = r"""[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'"""
_DOTTED = rf"(?:{_KEY})(?:\s*\.\s*(?:{_KEY}))*"
_HEADER = re.compile(rf"^\s*(\[\[|\[)\s*({_DOTTED})\s*\]")
_ASSIGNMENT = re.compile(rf"^\s*({_DOTTED})\s*=")


def _names(dotted: str) -> list[str]:
    return [name.strip("\"'") for name in re.findall(_KEY, dotted)]


def line_of(text: str, path: tuple[int | str, ...]) -> int:
    """The line, from 1, of the innermost key or table header of `path` that stands on a line of its own.

    `path` holds the names of tables and keys, after an array of tables the index of one: ("sweep", 1, "shots").
    """
    line, depth = 1, 0
    table: tuple[int | str, ...] = ()
    blocks: dict[str, int] = {}
    for number, content in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(content):
            first, *rest = _names(header[2])
            if header[1] == "[[":
                blocks[first] = blocks.get(first, -1) + 1
            here = table = (first, blocks[first], *rest) if first in blocks else (first, *rest)
        elif assignment := _ASSIGNMENT.match(content):
            here = table + tuple(_names(assignment[1]))
        else:
            continue
        if len(here) > depth and here == path[: len(here)]:
            line, depth = number, len(here)
    return line
