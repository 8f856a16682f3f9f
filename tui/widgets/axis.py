"""Ticks of an axis, and numbers as a person writes them."""

import itertools
import math
from collections.abc import Sequence

LABEL = 9
"""Characters above which a tick's label is shortened."""
_SUFFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def ticks(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """At most `most` (≥ 1) round values between low and high, equally far apart. whole: integers only."""
    step = _step(max((high - low) / max(most, 1), 1e-14 * max(abs(low), abs(high))))
    if whole:
        step = max(step, 1.0)
    while True:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < max(most, 1):
            return [at * step for at in range(first, last + 1)]
        step = _step(step * 1.01)


def _step(at_least: float) -> float:
    """The least of 1, 2, 5 × 10ⁿ that is not less."""
    if at_least < 1e-300:
        return 1e-300
    unit = 10.0 ** math.floor(math.log10(at_least))
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= at_least * (1 - 1e-9))


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` values between low > 0 and high: powers of ten, with 2 and 5 between them where there is room."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [10.0**power * factor for power in range(first, last + 1) for factor in factors]
        found = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(found) <= most:
            break
    while len(found) > max(most, 1):
        found = found[::2]
    return found if len(found) > 1 else [value for value in ticks(low, high, most) if value >= low * (1 - 1e-9)]


def labels(values: Sequence[float], units: str = "") -> list[str]:
    """What stands at these ticks, with as many decimals as tell them apart: 0.001, 12k, 45 %. units: added to each."""
    size = max((abs(value) for value in values), default=0.0)
    gaps = [b - a for a, b in itertools.pairwise(values)]
    equal = bool(gaps) and max(gaps) - min(gaps) <= 1e-6 * max(gaps)
    unit = f" {units}" if units else ""
    if not equal:
        return [number(value, 3) + unit for value in values]
    step = gaps[0]
    if size < 1e-3:
        return [number(value, 3 + max(0, round(math.log10(size / step)))) + unit for value in values]
    by, suffix = next(((by, suffix) for by, suffix in _SUFFIXES if size >= 10 * by and step >= by / 10), (1.0, ""))
    decimals = max(0, -math.floor(math.log10(step / by) + 1e-9))
    return [f"{value / by:.{decimals}f}".replace("-", "−") + suffix * bool(value) + unit for value in values]


def upright(bottom: float, top: float, rows: int, log: bool, units: str) -> tuple[dict[int, str], int]:
    """The y axis of a plot of so many rows: labels by row, the topmost 0, and the width of the widest.

    log: bottom and top are the decimal logarithms of the values.
    """
    most = max(2, rows // 3)
    values = log_ticks(10**bottom, 10**top, most) if log else ticks(bottom, top, most)
    places = [math.log10(value) for value in values] if log else values
    texts = labels(values, units)
    if max(map(len, texts), default=0) > LABEL:
        texts = [number(value) for value in values]
    marks = {
        rows - 1 - round((place - bottom) / (top - bottom) * (rows - 1)): text
        for place, text in zip(places, texts, strict=True)
    }
    return marks, max(map(len, texts), default=0)


def lying(low: float, high: float, columns: int, margin: int, name: str) -> tuple[str, str]:
    """The x axis below a plot of so many columns, of whole numbers: its rule and its labels, both with the margin.

    name: what it is, where there is room for it.
    """
    values = ticks(low, high, max(columns // 12, 3), whole=True)
    rule, below = ["─"] * columns, [" "] * (columns + margin)
    for value, text in zip(values, labels(values), strict=True):
        column = round((value - low) / (high - low) * (columns - 1))
        rule[column] = "┴"
        start = min(max(column + margin - len(text) // 2, 0), columns + margin - len(text))
        below[start : start + len(text)] = text
    if below[: len(name)] == [" "] * len(name):
        below[: len(name)] = name
    return " " * (margin - 1) + "└" + "".join(rule), "".join(below)


def number(value: float | None, digits: int = 4) -> str:
    """A value with at most so many (≥ 3) digits that tell: 0.1235, 45.2, 12.3k, 2e−5. Nothing for None, ? for what is
    no number."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "?" if math.isnan(value) else "inf" if value > 0 else "−inf"
    size = abs(value)
    if 1e-3 <= size < 1e12:
        by, suffix = next(((by, suffix) for by, suffix in _SUFFIXES if size >= 10 * by), (1.0, ""))
        before = len(str(int(size / by))) if size >= by else 0
        text, rest = f"{size / by:.{max(digits - before, 0)}f}", suffix
    elif size:
        text, _, power = f"{size:.{digits - 2}e}".partition("e")
        rest = f"e{int(power)}".replace("-", "−")
    else:
        return "0"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("−" if value < 0 else "") + text + rest
