"""Tests, intervals and corrections: arrays in, frozen dataclasses out. Knows nothing of runs, methods or tables.

scipy is imported inside the function that needs it: a table without tests must not wait for it. No function here
returns NaN or warns: where a number does not exist, the result says why in words.
"""

from l2t.stats.difference import Difference, difference
from l2t.stats.holm import holm
from l2t.stats.mannwhitney import mann_whitney
from l2t.stats.summary import Summary, summarize
from l2t.stats.tested import MINIMUM, NoTest, PValue
from l2t.stats.wilcoxon import wilcoxon

__all__ = [
    "MINIMUM",
    "Difference",
    "NoTest",
    "PValue",
    "Summary",
    "difference",
    "holm",
    "mann_whitney",
    "summarize",
    "wilcoxon",
]
