"""How the screens write numbers, times and states. One spelling for all of them."""

from l2t.errors import L2tError
from l2t.printable import printable
from l2t.store.state import State

SYMBOLS = {
    State.RUNNING: "▶",
    State.QUEUED: "○",
    State.PAUSED: "‖",
    State.DONE: "✓",
    State.FAILED: "✗",
    State.INTERRUPTED: "↻",
    State.CANCELLED: "⊘",
}
"""A sign for each state, so that colour only repeats what is told."""

COLOURS = {
    State.RUNNING: "$primary",
    State.QUEUED: "$text-muted",
    State.PAUSED: "$warning",
    State.DONE: "$success",
    State.FAILED: "$error",
    State.INTERRUPTED: "$warning",
    State.CANCELLED: "$text-muted",
}
"""Theme colours of the states."""

SILENT = 30.0
"""Seconds without a sign of life after which a running run is called lost where its owner cannot be seen."""


def signed(value: float | None) -> str:
    """A difference in percentage points: +1.2, −0.4."""
    return "–" if value is None else f"{value:+.1f}".replace("-", "−")


def pvalue(p: float | None) -> str:
    """A p-value with its leading zero dropped no further than three decimals: 0.041, <0.001."""
    return "–" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def counted(number: int, word: str) -> str:
    """ "1 run", "12 runs"."""
    return f"{number:,} {word}{'s' * (number != 1)}"


def trouble(error: Exception) -> str:
    """What went wrong, as one line: what the user can mend in its own words, a fault of ours as such."""
    if isinstance(error, L2tError):
        return printable(str(error))
    return printable(f"unexpected {type(error).__name__}: {error}. This is a bug in l2t")
