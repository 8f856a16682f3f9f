"""What the curves of a plot are called and worth: in one line, or in columns where that takes several."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from tui.widgets.drawn import FAINT, PLAIN, STRONG, Piece

GAP = 3
"""Blanks between two entries."""


def legend(where: str, entries: Sequence[Piece], width: int, most: int) -> list[list[Piece]]:
    """Lines with the entries, `most` at most; what does not fit is counted at the end. where: stands before them."""
    before = cell_len(where)
    room = max(width - before, 1)
    if sum(cell_len(text) + GAP for text, _ in entries) <= room + GAP or most == 1:
        return [[(where, STRONG), *_in_line(entries, room)]]
    columns = max((room + GAP) // (max(cell_len(text) for text, _ in entries) + GAP), 1)
    wide = (room + GAP) // columns - GAP
    lines: list[list[Piece]] = []
    for first in range(0, len(entries), columns):
        head = (" " * before, PLAIN) if lines else (where, STRONG)
        if len(lines) == most - 1 and first + columns < len(entries):
            lines.append([head, *_in_line(entries[first:], room)])
            break
        part = entries[first : first + columns]
        lines.append([head, *((set_cell_size(text, wide) + " " * GAP, style) for text, style in part)])
    return lines


def _in_line(entries: Sequence[Piece], room: int) -> list[Piece]:
    """What fits of them, and how many do not."""
    pieces: list[Piece] = []
    for at, (text, style) in enumerate(entries):
        rest = f"+{len(entries) - at}"
        spare = GAP + len(rest) if at + 1 < len(entries) else 0
        if cell_len(text) + spare > room:
            return [*pieces, (rest[: max(room, 0)], FAINT)]
        pieces.append((text + " " * GAP, style))
        room -= cell_len(text) + GAP
    return pieces
