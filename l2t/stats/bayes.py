"""The Bayesian three-way answer: worse, practically equivalent, or better."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from l2t.stats.tested import NoTest, unusable


@dataclass(frozen=True)
class ThreeWay:
    """Posterior of the mean difference, cut at the region of practical equivalence. The three sum to 1."""

    worse: float
    """P(mean difference < −rope)."""
    equivalent: float
    """P(−rope ≤ mean difference ≤ rope)."""
    better: float
    """P(mean difference > rope)."""
    difference: float
    """Posterior mean of the difference."""
    low: float
    """Lower end of its 95 % credible interval."""
    high: float
    """Upper end."""
    method: str


def bayes(values: Sequence[float], other: Sequence[float], rope: float, correlation: float = 0.0) -> ThreeWay | NoTest:
    """Bayesian (correlated) t-test of pairs (Corani & Benavoli 2015; Benavoli et al. 2017): values[i] with other[i].

    Under the usual flat prior the mean difference is posterior Student: location the mean d̄ of the n differences,
    scale s √(1/n + ρ / (1 − ρ)), n − 1 degrees of freedom.
    rope: ≥ 0, half width of the region of practical equivalence, in the unit of the values.
    correlation: ρ in [0, 1) between the differences; 0 for independent seeds, 1/k for the folds of a k-fold
    cross-validation (Nadeau & Bengio).
    NoTest for fewer than five pairs, values that are not finite, or differences without spread.
    Raises ValueError where lengths differ, or rope or correlation is out of range.
    Oracle: draws from the normal-inverse-χ² posterior; with ρ = rope = 0, `scipy.stats.ttest_rel`.
    """
    if len(values) != len(other):
        raise ValueError(f"pairs are needed, got {len(values)} and {len(other)} values")
    if not rope >= 0 or not 0 <= correlation < 1:
        raise ValueError(f"rope must be ≥ 0 and correlation in [0, 1), got {rope} and {correlation}")
    reason = unusable(values, other)
    if reason:
        return reason
    differences = [a - b for a, b in zip(values, other, strict=True)]
    n, mean, sd = len(differences), fmean(differences), stdev(differences)
    if sd == 0:
        return NoTest(f"all differences are {mean:g}")
    from scipy.special import stdtr, stdtrit

    freedom = n - 1
    scale = sd * sqrt(1 / n + correlation / (1 - correlation))
    worse = float(stdtr(freedom, (-rope - mean) / scale))
    better = float(stdtr(freedom, (mean - rope) / scale))
    half = float(stdtrit(freedom, 0.975)) * scale
    name = f"Bayesian correlated t-test, ρ = {correlation:g}" if correlation else "Bayesian t-test of pairs"
    equivalent = max(0.0, 1 - worse - better)
    return ThreeWay(worse, equivalent, better, mean, mean - half, mean + half, name)
