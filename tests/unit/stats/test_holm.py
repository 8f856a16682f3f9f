"""Holm's correction: a worked example and its properties."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from l2t.stats import holm

P = st.lists(st.floats(0, 1), max_size=20)


def test_worked_example() -> None:
    # Holm (1979): 0.01 × 4, 0.02 × 3, 0.03 × 2, 0.04 × 1, none below its predecessor; R: p.adjust gives the same.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx((0.06, 0.04, 0.06, 0.06))
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@settings(deadline=None, max_examples=15)  # statsmodels takes 60 ms for Holm's
@given(P.filter(len))
def test_adjusted_values_are_those_of_statsmodels(p: list[float]) -> None:
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_no_test_needs_no_correction() -> None:
    assert holm([]) == ()
    assert holm([0.2]) == (0.2,)


@given(P)
def test_adjusted_values_are_never_smaller_and_at_most_one(p: list[float]) -> None:
    assert all(raw <= adjusted <= 1 for raw, adjusted in zip(p, holm(p), strict=True))


@given(P)
def test_the_order_of_the_tests_is_kept(p: list[float]) -> None:
    adjusted = holm(p)
    assert sorted(adjusted) == [value for _, value in sorted(zip(p, adjusted, strict=True))]


@given(P)
def test_rejections_are_those_of_the_step_down_procedure(p: list[float]) -> None:
    rejected = 0
    for k, value in enumerate(sorted(p)):
        if value * (len(p) - k) >= 0.05:
            break
        rejected += 1
    assert sum(value < 0.05 for value in holm(p)) == rejected
