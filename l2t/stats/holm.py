"""Holm's correction for making several tests."""

from collections.abc import Sequence


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values, in the order given: reject where the adjusted value is below the level.

    Step-down Bonferroni (Holm 1979): the k-th smallest of m is multiplied by m − k + 1, never falls below its
    predecessor and never exceeds 1. Controls the chance of any false positive under any dependence of the tests.
    p: values in [0, 1]; none gives none.
    Oracle: R's `p.adjust(method = "holm")`, worked example in tests/unit/stats/test_holm.py.
    """
    adjusted = [0.0] * len(p)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = largest
    return tuple(adjusted)
