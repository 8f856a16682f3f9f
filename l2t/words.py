"""How numbers, times and sizes are written for people: the same words in the commands and on the screens."""

import unicodedata

ASCII = {
    "±": "+/-",
    "×": "x",
    "–": "-",
    "−": "-",
    "←": "<-",
    "→": "->",
    "…": "...",
    "·": ".",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
}
ASCII |= dict(zip("▁▂▃▄▅▆▇█βγλ", ("_", ".", "-", "=", "+", "*", "%", "#", "beta", "gamma", "lambda"), strict=True))
"""Spellings for a terminal or file that has no such character."""


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def duration(seconds: float | None) -> str:
    """A time span for people, two digits at most: 45 s, 12 min, 3.2 h, 5 d; – where there is none."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{max(seconds, 0):.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} d"


def percent(value: float | None) -> str:
    """An accuracy, one decimal; – where there is none."""
    return "–" if value is None else f"{value:.1f}"


def size(amount: float | None) -> str:
    """Bytes for people: 512 B, 3.4 MB, 1.2 GB (powers of 1000); – where there is none."""
    if amount is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
