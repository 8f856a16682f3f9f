"""What an estimate gives: a number with its interval and how that was computed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A number computed from samples. Where there is no number at all, functions return NoTest instead."""

    value: float
    low: float | None
    """Lower end of the interval; None where there is none, and then the note says why."""
    high: float | None
    """Upper end of the interval."""
    confidence: float
    """Coverage of the interval (0.95)."""
    method: str
    """How the interval was computed ("BCa bootstrap, 9,999 resamples")."""
    note: str
    """What a reader must know, as a sentence without full stop; empty where nothing is unusual."""
