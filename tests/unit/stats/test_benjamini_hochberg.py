"""Benjamini and Hochberg's correction: their example, statsmodels and scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from l2t.stats import benjamini_hochberg, holm

P = st.lists(st.floats(0, 1), min_size=1, max_size=20)

# Benjamini & Hochberg 1995, their example: thrombolysis, 15 comparisons.
PUBLISHED = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590),
    1.0,
]


def test_published_example_rejects_four_where_holm_rejects_three() -> None:
    assert [p <= 0.05 for p in benjamini_hochberg(PUBLISHED)] == [True] * 4 + [False] * 11
    assert [p <= 0.05 for p in holm(PUBLISHED)] == [True] * 3 + [False] * 12


@given(P)
def test_adjusted_values_are_those_of_scipy_and_statsmodels(p: list[float]) -> None:
    adjusted = benjamini_hochberg(p)
    assert adjusted == pytest.approx(false_discovery_control(p))
    assert adjusted == pytest.approx(multipletests(p, method="fdr_bh")[1])


@given(P)
def test_adjusted_values_are_never_smaller_than_raw_nor_larger_than_holms(p: list[float]) -> None:
    for raw, adjusted, strict in zip(p, benjamini_hochberg(p), holm(p), strict=True):
        assert raw <= adjusted * (1 + 1e-15)
        assert adjusted <= strict * (1 + 1e-15)


def test_no_test_needs_no_correction() -> None:
    assert benjamini_hochberg([]) == ()
    assert benjamini_hochberg([0.2]) == (0.2,)
