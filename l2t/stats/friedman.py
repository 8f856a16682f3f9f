"""Friedman's test over blocks, average ranks, and Nemenyi's critical difference between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

from l2t.stats.tested import MINIMUM, NoTest, PValue


@dataclass(frozen=True)
class Friedman:
    """Several treatments compared on the same blocks."""

    test: PValue | NoTest
    """Friedman's test that no treatment differs."""
    ranks: tuple[float, ...]
    """Average rank of each treatment over the blocks; 1 is the best, ties share their mean rank."""
    critical: float | None
    """Nemenyi's critical difference: average ranks further apart than this differ (0.05 over all pairs). None where
    there is no test."""
    blocks: int

    @property
    def alike(self) -> tuple[tuple[int, ...], ...]:
        """The bars of a critical-difference diagram: largest sets of two or more treatments, best first, whose average
        ranks lie within the critical difference. Empty where there is none."""
        if self.critical is None:
            return ()
        order = sorted(range(len(self.ranks)), key=self.ranks.__getitem__)
        bars: list[tuple[int, ...]] = []
        for start, best in enumerate(order):
            bar = tuple(index for index in order[start:] if self.ranks[index] - self.ranks[best] <= self.critical)
            if len(bar) > 1 and not (bars and set(bar) <= set(bars[-1])):
                bars.append(bar)
        return tuple(bars)


def friedman(blocks: Sequence[Sequence[float]]) -> Friedman | NoTest:
    """Friedman's test of treatments measured once in every block (a seed, or a data set × shots).

    blocks: one row a block, one column a treatment; larger is better.
    The test is asymptotic (χ²) with tie correction; the critical difference is q √(k (k + 1) / 6 n) with q the 0.95
    quantile of the studentized range over √2 (Nemenyi 1963, as Demšar 2006 gives it).
    With fewer than three treatments, fewer than five blocks, or blocks that all tie there are ranks but no test.
    NoTest without a block or where a value is not finite. Raises ValueError where rows differ in length.
    Oracle: Demšar's worked example and table of q; scikit-posthocs' `posthoc_nemenyi_friedman`.
    """
    if not blocks or not blocks[0]:
        return NoTest("no block" if not blocks else "no treatment")
    if len({len(row) for row in blocks}) > 1:
        raise ValueError(f"blocks need one value of every treatment, got {sorted({len(row) for row in blocks})} values")
    missing = sum(not isfinite(value) for row in blocks for value in row)
    if missing:
        return NoTest(f"{missing} of the values {'is' if missing == 1 else 'are'} not finite")
    import numpy as np
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    table = np.asarray(blocks, dtype=float)
    n, k = table.shape
    ranks = tuple(float(rank) for rank in rankdata(-table, axis=1).mean(axis=0))
    reason = ""
    if k < 3:
        reason = f"fewer than three treatments ({k})"
    elif n < MINIMUM:
        reason = f"fewer than {MINIMUM} blocks ({n})"
    elif (table == table[:, :1]).all():
        reason = "all treatments tie in every block"
    if reason:
        return Friedman(NoTest(reason), ranks, None, n)
    result = friedmanchisquare(*table.T)
    method = f"asymptotic (χ², {k - 1} degrees of freedom), corrected for ties"
    test = PValue("Friedman", method, float(result.statistic), float(result.pvalue))
    quantile = float(studentized_range.ppf(0.95, k, inf)) / sqrt(2)
    return Friedman(test, ranks, quantile * sqrt(k * (k + 1) / (6 * n)), n)
