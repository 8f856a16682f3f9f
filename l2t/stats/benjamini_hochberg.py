"""Benjamini and Hochberg's correction for making several tests."""

from collections.abc import Sequence


def benjamini_hochberg(p: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values, in the order given: reject where the adjusted value is below the level.

    Step-up (Benjamini & Hochberg 1995): the k-th smallest of m is multiplied by m / k and never exceeds its successor.
    Controls the expected share of false positives among the rejected, for independent or positively dependent tests;
    unlike Holm's it does not control the chance of any.
    p: values in [0, 1]; none gives none.
    Oracle: `statsmodels.stats.multitest.multipletests(method="fdr_bh")`, `scipy.stats.false_discovery_control`.
    """
    adjusted = [0.0] * len(p)
    smallest = 1.0
    for rank, index in sorted(enumerate(sorted(range(len(p)), key=p.__getitem__), 1), reverse=True):
        smallest = min(smallest, p[index] * len(p) / rank)
        adjusted[index] = smallest
    return tuple(adjusted)
