"""Every function of samples on data that nobody would make: never NaN or a warning, words where numbers fail."""

import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from l2t import stats

TWO: dict[str, Callable[[list[float], list[float]], Any]] = {
    "difference": stats.difference,
    "mann_whitney": stats.mann_whitney,
    "mann_whitney, greater": lambda a, b: stats.mann_whitney(a, b, "greater"),
    "permutation": stats.permutation,
    "tost": lambda a, b: stats.tost(a, b, 1),
    "a12": stats.a12,
    "cliffs_delta": stats.cliffs_delta,
    "needed": lambda a, b: stats.needed(a, b, 1),
    "kruskal": lambda a, b: stats.kruskal([a, b, a[:6] + b[:1]]),
    "improvement": lambda a, b: stats.improvement([a, b], [b, a]),
    "iqm": lambda a, b: stats.iqm([a, b]),
    "summarize": lambda a, b: stats.summarize(a + b),
    "bootstrap": lambda a, b: stats.bootstrap(a + b),
}
PAIRED: dict[str, Callable[[list[float], list[float]], Any]] = {
    "wilcoxon": stats.wilcoxon,
    "bayes": lambda a, b: stats.bayes(a, b, 0.5),
    "friedman": lambda a, b: stats.friedman([[x, y, x + y] for x, y in zip(a, b, strict=True)]),
}

VALUE = st.one_of(
    st.sampled_from([0.0, -0.0, 90.1, math.nextafter(90.1, 91), 1e-300, 5e-324, 1e9, -1e9]),
    st.floats(-1e9, 1e9),
    st.integers(0, 3).map(float),
)
BROKEN = st.one_of(VALUE, VALUE, VALUE, st.sampled_from([math.nan, math.inf, -math.inf]))
SAMPLE = st.one_of(st.lists(VALUE, max_size=8), st.lists(BROKEN, max_size=8))
PAIRS = st.one_of(st.lists(st.tuples(VALUE, VALUE), max_size=8), st.lists(st.tuples(BROKEN, BROKEN), max_size=8))


def check(result: object) -> None:
    """No number of the result is NaN or infinite, no reason is empty, all probabilities are."""
    if isinstance(result, stats.NoTest):
        assert result.reason
    elif isinstance(result, stats.PValue):
        assert 0 <= result.p <= 1
        assert math.isfinite(result.statistic)
        assert result.method
    elif is_dataclass(result):
        for field in fields(result):
            check(getattr(result, field.name))
    elif isinstance(result, tuple):
        for value in result:
            check(value)
    elif isinstance(result, float):
        assert math.isfinite(result)


@pytest.mark.parametrize("name", TWO)
@settings(deadline=None, max_examples=30)
@given(SAMPLE, SAMPLE)
@example([0.0, 0.0], [0.0, 1e-300])  # the square of their spread is 0
@example([0.0, 0.0], [0.0, 5e-324])
def test_two_samples(name: str, values: list[float], other: list[float]) -> None:
    check(TWO[name](values, other))


@pytest.mark.parametrize("name", PAIRED)
@settings(deadline=None, max_examples=30)
@given(PAIRS)
def test_pairs(name: str, pairs: list[tuple[float, float]]) -> None:
    check(PAIRED[name]([a for a, _ in pairs], [b for _, b in pairs]))
