"""What a significance test gives: a p-value with the name of how it was computed, or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

MINIMUM = 5
"""Values a side below which no test is made: with four against four even complete separation gives p = 0.029, and
after any correction nothing can be found."""


@dataclass(frozen=True)
class PValue:
    """A test's result."""

    test: str
    """Name of the test ("Mann–Whitney U, two-sided")."""
    method: str
    """How p was computed: "exact", or "asymptotic" with the corrections made."""
    statistic: float
    """The test's statistic: U of the first sample, W of the signed ranks."""
    p: float
    """p-value, in [0, 1]; one- or two-sided as the test's name says."""


@dataclass(frozen=True)
class NoTest:
    """No test was made, or no number exists."""

    reason: str
    """Why, as the end of a sentence ("4 of l2tww's …")."""


def unusable(*samples: Sequence[float]) -> NoTest | None:
    """The reason why these samples are not tested at all, or None."""
    if min(map(len, samples)) < MINIMUM:
        sizes = [str(len(sample)) for sample in samples]
        listed = f"{', '.join(sizes[:-1])} and {sizes[-1]}" if len(sizes) > 1 else sizes[0]
        return NoTest(f"fewer than {MINIMUM} {'a side' if len(samples) == 2 else 'values'} ({listed})")
    missing = sum(not isfinite(value) for sample in samples for value in sample)
    if missing:
        return NoTest(f"{missing} of the values {'is' if missing == 1 else 'are'} not finite")
    return None
