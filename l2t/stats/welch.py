"""Welch's standard error of a difference of two means, and its degrees of freedom."""

from math import frexp, ldexp, sqrt


def welch(sd: float, n: int, other_sd: float, other_n: int) -> tuple[float, float]:
    """Standard error and Welch–Satterthwaite degrees of freedom; variances may differ, but one must be above 0."""
    scale = ldexp(1, frexp(max(sd, other_sd))[1])  # no square of a tiny spread becomes 0
    share, other_share = (sd / scale) ** 2 / n, (other_sd / scale) ** 2 / other_n
    freedom = (share + other_share) ** 2 / (share**2 / (n - 1) + other_share**2 / (other_n - 1))
    return scale * sqrt(share + other_share), freedom
