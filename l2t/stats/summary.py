"""Mean, standard deviation, median and t-interval of one sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import fmean, median, stdev


@dataclass(frozen=True)
class Summary:
    """One sample, described. What does not exist (a mean of nothing, a spread of one value) is None."""

    n: int
    """Finite values."""
    excluded: int
    """Values left out because they are not finite (NaN, ±inf)."""
    mean: float | None
    median: float | None
    sd: float | None
    """Sample standard deviation (n − 1); needs two values."""
    low: float | None
    """Lower end of the interval of the mean."""
    high: float | None
    """Upper end of the interval of the mean."""
    confidence: float
    """Coverage of the interval (0.95)."""
    note: str
    """What a reader must know, as a sentence without full stop; empty where nothing is unusual."""

    @property
    def half_width(self) -> float | None:
        """Half the interval's width: what stands after ±."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def summarize(values: Sequence[float], confidence: float = 0.95) -> Summary:
    """Describe a sample of any size, in the unit of `values`.

    The interval is Student's: mean ± t(n − 1) · sd / √n.
    Oracle: `numpy.mean`, `numpy.std(ddof=1)`, `scipy.stats.t.interval` (tests/unit/stats/test_summary.py).
    """
    finite = [value for value in values if isfinite(value)]
    n, excluded = len(finite), len(values) - len(finite)
    notes = [f"{excluded} not finite, left out"] if excluded else []
    if n == 0:
        return Summary(0, excluded, None, None, None, None, None, confidence, "; ".join([*notes, "no value"]))
    mean = fmean(finite)
    if n == 1:
        note = "; ".join([*notes, "one value has no spread"])
        return Summary(1, excluded, mean, mean, None, None, None, confidence, note)
    sd = stdev(finite)
    if sd == 0:
        notes.append(f"all {n} values are equal")
    half = _t_quantile(n - 1, (1 + confidence) / 2) * sd / sqrt(n)
    return Summary(n, excluded, mean, median(finite), sd, mean - half, mean + half, confidence, "; ".join(notes))


def _t_quantile(freedom: float, probability: float) -> float:
    from scipy.special import stdtrit  # scipy.stats.t costs half a second more to import

    return float(stdtrit(freedom, probability))
