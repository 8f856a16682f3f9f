"""Power against statsmodels and simulated Mann–Whitney tests."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from l2t.stats import Needed, NoTest, PValue, detectable, mann_whitney, needed, pooled_sd, power

N = st.integers(5, 200)


@settings(deadline=None, max_examples=40)
@given(N, N, st.floats(0.05, 2), st.sampled_from([0.05, 0.01, 0.05 / 15]))
def test_power_is_that_of_a_t_test_with_three_over_pi_of_the_values(
    n: int, other: int, effect: float, level: float
) -> None:
    expected = TTestIndPower().power(effect, n * 3 / math.pi, level, ratio=other / n)
    assume(2 / math.comb(n + other, n) < level)
    assume(math.isfinite(expected))  # its noncentral t is NaN here and there in the far tail
    assert power(n, other, effect, level) == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=15)
@given(N, N)
def test_detectable_reaches_the_target_exactly(n: int, other: int) -> None:
    effect = detectable(n, other)
    assert isinstance(effect, float)
    assert power(n, other, effect) == pytest.approx(0.8)


def test_thirty_a_side_detect_what_statsmodels_says() -> None:
    expected = TTestIndPower().solve_power(nobs1=30 * 3 / math.pi, alpha=0.05, power=0.8)
    assert detectable(30, 30) == pytest.approx(expected)
    assert detectable(30, 30) == pytest.approx(0.753, abs=5e-4)


@pytest.mark.parametrize(("n", "other"), [(8, 8), (30, 30), (30, 10)])
def test_simulated_samples_are_found_as_often_as_said(n: int, other: int) -> None:
    rng = np.random.default_rng(9)
    effect = detectable(n, other)
    assert isinstance(effect, float)
    found = 0
    for _ in range(1500):
        result = mann_whitney(list(rng.normal(effect, 1, n)), list(rng.normal(0, 1, other)))
        assert isinstance(result, PValue)
        found += result.p < 0.05
    assert found / 1500 == pytest.approx(0.8, abs=0.045)  # 0.03 of approximation, 0.02 of 1,500 tries


def test_nothing_is_found_where_not_even_complete_separation_reaches_the_level() -> None:
    separated = mann_whitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])
    assert isinstance(separated, PValue)
    assert power(5, 5, 100, separated.p) == 0
    assert power(5, 5, 100, separated.p + 1e-9) == pytest.approx(1)
    assert detectable(5, 5, level=0.05 / 12) == NoTest("p is never below 0.0079 with 5 and 5")
    found = needed([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 1000, level=0.05 / 12)
    assert isinstance(found, Needed)
    assert (found.seeds, 2 / math.comb(12, 6) < 0.05 / 12 < 2 / math.comb(10, 5)) == (6, True)


def test_pooled_sd_is_statsmodels() -> None:
    rng = np.random.default_rng(2)
    values, other = list(rng.normal(50, 3, 12)), list(rng.normal(48, 1, 7))
    compared = CompareMeans(DescrStatsW(values), DescrStatsW(other))
    expected = compared.std_meandiff_pooledvar / math.sqrt(1 / 12 + 1 / 7)
    assert pooled_sd([*values, math.nan], other) == pytest.approx(expected)
    assert pooled_sd([1.0], other) == NoTest("fewer than 2 finite values a side (1 and 7)")
    assert pooled_sd([1.0, 1.0], [2.0, 2.0]) == NoTest("neither side has any spread")


def test_needed_is_the_smallest_number_that_reaches_the_target() -> None:
    rng = np.random.default_rng(1)
    values, other = list(rng.normal(50, 3, 30)), list(rng.normal(48, 3, 20))
    found = needed(values, other, 1.5)
    assert isinstance(found, Needed)
    sd = math.sqrt((29 * np.var(values, ddof=1) + 19 * np.var(other, ddof=1)) / 48)
    assert found.sd == pytest.approx(sd)
    assert power(found.seeds, found.seeds, 1.5 / sd) >= 0.8 > power(found.seeds - 1, found.seeds - 1, 1.5 / sd)
    assert found.more == (found.seeds - 30, found.seeds - 20)
    expected = TTestIndPower().solve_power(effect_size=1.5 / sd, alpha=0.05, power=0.8)
    assert found.seeds == math.ceil(expected * math.pi / 3)


def test_enough_seeds_need_no_more_and_five_are_the_fewest() -> None:
    found = needed([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], -1000)
    assert isinstance(found, Needed)
    assert (found.seeds, found.more) == (5, (0, 0))


@pytest.mark.parametrize(
    ("values", "other", "reason"),
    [
        ([], [1.0, 2.0], "fewer than 2 finite values a side (0 and 2)"),
        ([1.0], [1.0, math.nan], "fewer than 2 finite values a side (1 and 1)"),
        ([7.0, 7.0], [7.0, 7.0], "neither side has any spread"),
        ([1.0, 2.0], [1.0, 2.0], "more than 100,000 seeds a side"),
    ],
)
def test_bad_data_need_no_number(values: list[float], other: list[float], reason: str) -> None:
    assert needed(values, other, 1e-6) == NoTest(reason)


@pytest.mark.parametrize("difference", [0.0, math.nan, math.inf])
def test_a_difference_is_needed(difference: float) -> None:
    with pytest.raises(ValueError, match="finite and not 0"):
        needed([1, 2], [1, 2], difference)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_values_detect_nothing(n: int) -> None:
    assert detectable(n, 30) == NoTest(f"fewer than 5 a side ({n} and 30)")


def test_power_is_a_probability_for_any_effect() -> None:
    for effect in (0, 1e-9, 5, 40, 1000):
        for level in (0.05, 1e-6):
            assert 0 <= power(100_000, 5, effect, level) <= 1
    assert power(30, 30, 0) == pytest.approx(0.05)
