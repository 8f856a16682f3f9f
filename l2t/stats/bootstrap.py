"""BCa bootstrap interval of one sample's mean."""

from collections.abc import Sequence
from math import isfinite
from statistics import fmean

from l2t.stats.estimate import Estimate
from l2t.stats.resampling import RESAMPLES, SEED
from l2t.stats.tested import MINIMUM, NoTest


def bootstrap(values: Sequence[float], confidence: float = 0.95) -> Estimate | NoTest:
    """Mean with its bias-corrected and accelerated bootstrap interval (Efron 1987), in the unit of `values`.

    Beside Student's interval (`summarize`) it shows what skewness does: its ends need not be equally far away.
    Seeded, and independent of the order of the values: equal samples give equal bits.
    Of normal samples it covers the mean less often than it says: 0.94 at 30 values, 0.90 at 10, 0.83 at 5 (simulated,
    1,500 each); Student's holds 0.95. Below five values (0.73 at 3) no interval is given.
    Values that are not finite are left out and counted. NoTest without a value.
    Oracle: Efron's formulas over the enumeration of all resamples (tests/unit/stats/test_bootstrap.py).
    """
    finite = sorted(value for value in values if isfinite(value))
    n, excluded = len(finite), len(values) - len(finite)
    if n == 0:
        return NoTest("no value" if excluded == 0 else f"no finite value ({excluded} left out)")
    notes = [f"{excluded} not finite, left out"] if excluded else []
    method = f"BCa bootstrap, {RESAMPLES:,} resamples"
    mean = fmean(finite)
    if n < MINIMUM:
        note = f"fewer than {MINIMUM} values ({n}): a bootstrap interval would be too narrow"
        return Estimate(mean, None, None, confidence, method, "; ".join([*notes, note]))
    # Deviations in units of the largest: spreads near rounding then do not divide zero by zero.
    deviations = [value - mean for value in finite]
    scale = max(map(abs, deviations))
    if finite[0] == finite[-1] or scale == 0:
        return Estimate(mean, mean, mean, confidence, method, "; ".join([*notes, f"all {n} values are equal"]))
    import numpy as np
    from scipy.stats import bootstrap as resample

    found = resample(
        (np.array(deviations) / scale,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    low, high = mean + scale * float(found.low), mean + scale * float(found.high)
    return Estimate(mean, low, high, confidence, method, "; ".join(notes))
