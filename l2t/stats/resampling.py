"""What all random resampling shares: the seed, the number of resamples, and the stratified bootstrap's interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SEED = 1979
"""Seed of every bootstrap and permutation test (the year of the bootstrap): equal inputs give equal bits."""

RESAMPLES = 9_999
"""Resamples drawn: the ends of an interval are then uncertain by about a fiftieth of its width."""

AT_ONCE = 2_000_000
"""Numbers held at once while resampling: 16 MB."""


def percentile_interval(
    statistic: Callable[[np.random.Generator, int], np.ndarray], size: int, confidence: float
) -> tuple[float, float]:
    """Ends of the percentile bootstrap interval.

    statistic: draws that many resamples from the generator and returns the statistic of each.
    size: numbers that one resample holds, which bounds how many are drawn at once.
    """
    import numpy as np

    rng = np.random.default_rng(SEED)
    most = max(1, AT_ONCE // size)
    drawn = [statistic(rng, min(most, RESAMPLES - done)) for done in range(0, RESAMPLES, most)]
    low, high = np.quantile(np.concatenate(drawn), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
