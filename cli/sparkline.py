"""A curve in one line of text."""

from collections.abc import Sequence
from itertools import pairwise

LEVELS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 32) -> str:
    """`values` as at most `width` blocks, each the mean of a stretch, from the smallest value to the largest."""
    stretches = min(width, len(values))
    bounds = [round(index * len(values) / stretches) for index in range(stretches + 1)] if values else [0]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(bounds)]
    low, high = min(means, default=0.0), max(means, default=0.0)
    if low == high:
        return LEVELS[3] * len(means)
    return "".join(LEVELS[round((mean - low) / (high - low) * (len(LEVELS) - 1))] for mean in means)
