"""Errors, value added, leanings and remedies against hand calculation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.forecast.combination import combine
from salesops_desktop.forecast.scoring import leaning, remedy, score, seasonal_scale, sign_test, value_added


def test_errors_are_those_of_the_hand():
    # errors: +10, -20, 0; actuals 100, 100, 50
    found = score(
        [110, 80, 50], [100, 100, 50], scale=[10, 40, np.nan], intervals={80: ([100, 90, np.nan], [120, 99, 9])}
    )
    assert found.n == 3
    assert found.wape == pytest.approx(30 / 250)
    assert found.bias == pytest.approx(-10 / 250)
    assert found.mae == pytest.approx(10)
    assert found.smape == pytest.approx((200 * 10 / 210 + 200 * 20 / 180 + 0) / 3)
    assert found.mase == pytest.approx((1 + 0.5) / 2)
    assert found.coverage == {80: 0.5}  # 100 lies on the end of its interval, 100 outside of [90, 99]


def test_nothing_came_and_nothing_was_known():
    found = score([5, 0], [0, 0], scale=[0, np.nan], intervals={95: ([np.nan] * 2, [np.nan] * 2)})
    assert (found.wape, found.bias, found.mase, found.coverage[95]) == (None, None, None, None)
    assert found.smape == pytest.approx(100)  # 200 and, of two zeros, 0
    with pytest.raises(ValueError, match="one at least"):
        score([], [])


def test_the_scale_is_the_seasonal_naives_error():
    assert seasonal_scale([1, 5, 2, 9], 2) == pytest.approx((1 + 4) / 2)
    assert seasonal_scale([1, 5], 4) == pytest.approx(4)  # too short for a season: the plain naive
    assert np.isnan(seasonal_scale([1], 4))


def test_value_added_is_the_difference_of_two_wapes_on_the_same_pairs():
    added = value_added([120, 80, 130], [110, 90, 100], [100, 100, 100], ["a", "b", "c"])
    assert (added.n, added.periods) == (3, 3)
    assert added.before == pytest.approx(70 / 300)
    assert added.after == pytest.approx(20 / 300)
    assert added.value == pytest.approx(50 / 300)
    assert added.proven  # better in every period: no drawing of periods can say otherwise
    assert not value_added([120, 80], [110, 90], [100, 100], [1, 2]).proven
    mixed = value_added([120, 80, 100, 100], [110, 90, 140, 60], [100] * 4, [1, 2, 3, 4])
    assert not mixed.proven
    assert mixed.value < 0


def test_pairs_of_one_period_are_one_witness():
    # The same gain in one period, told 50 times, proves nothing more.
    once = value_added([120, 80, 90], [101, 81, 95], [100] * 3, [1, 2, 3], seed=3)
    often = value_added([120, 80, 90] * 50, [101, 81, 95] * 50, [100] * 150, [1, 2, 3] * 50, seed=3)
    assert often.low == pytest.approx(once.low)
    assert often.high == pytest.approx(once.high)


@pytest.mark.parametrize(
    ("over", "under", "p"),
    [(0, 0, 1.0), (3, 3, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (0, 6, 0.03125), (7, 1, 18 / 256)],
)
def test_sign_test(over, under, p):
    assert sign_test(over, under) == pytest.approx(p)


def test_a_sandbagger_is_found_and_the_remedy_measured_before_it_is_offered():
    actual = np.array([100.0, 120, 90, 110, 105, 95, 130, 100])
    low = actual * 0.8
    found = leaning(low, actual, np.arange(8))
    assert found.consistent
    assert (found.over, found.periods) == (0, 8)
    assert found.bias == pytest.approx(-0.2)
    mended = remedy(low, actual, np.arange(8))
    # all periods: (ΣA + ΣF/8) ÷ (ΣF + ΣF/8) with A = F ÷ 0.8
    assert mended.factor == pytest.approx((1 / 0.8 + 1 / 8) / (9 / 8))
    assert mended.before == pytest.approx(0.2)
    assert mended.after < 0.05
    assert mended.helps


def test_too_few_periods_are_no_habit():
    found = leaning([80.0] * 5, [100.0] * 5, range(5))
    assert found.bias == pytest.approx(-0.2)
    assert not found.consistent
    weekly = leaning([80.0] * 60, [100.0] * 60, list(range(5)) * 12)  # twelve calls a period are still five periods
    assert weekly.periods == 5
    assert not weekly.consistent


def test_correcting_what_is_only_noise_is_not_offered():
    said = np.array([110.0, 90, 112, 91, 108, 92, 109, 89])
    assert not leaning(said, [100.0] * 8, range(8)).consistent
    assert not remedy(said, [100.0] * 8, range(8)).helps


def test_a_remedy_of_one_period_cannot_be_measured():
    with pytest.raises(ValueError, match="two periods"):
        remedy([80.0, 90.0], [100.0, 100.0], [1, 1])


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)), min_size=3, max_size=12))
def test_a_remedy_is_what_leaving_each_period_out_gives(pairs):
    said, came = (np.array(column) for column in zip(*pairs, strict=True))
    n = len(pairs)
    errors = []
    for i in range(n):
        others = np.arange(n) != i
        prior = said[others].mean()
        factor = np.clip((came[others].sum() + prior) / (said[others].sum() + prior), 0.5, 2)
        errors.append(abs(said[i] * factor - came[i]))
    found = remedy(said, came, range(n))
    assert found.after == pytest.approx(sum(errors) / came.sum())


def test_weights_follow_the_inverse_squared_error_drawn_towards_equal_ones():
    errors = {"good": [1.0, -1, 1, -1, 1, -1], "bad": [2.0, -2, 2, -2, 2, -2]}
    found = combine(errors)
    assert found.weights.sum() == pytest.approx(1)
    assert found.weights[0] == pytest.approx((6 * 0.8 + 4 * 0.5) / 10)  # inverse squares 1 and 1/4 are 0.8 and 0.2
    assert found.of({"good": 10.0, "bad": 20.0}) == pytest.approx(10 * found.weights[0] + 20 * found.weights[1])
    assert found.errors[0] == pytest.approx(1.5)  # nothing was known at the first date: equal weights
    assert found.n == 6


def test_few_dates_or_one_part():
    assert combine({"a": [1.0, None], "b": [None, 2.0]}).weights == pytest.approx([0.5, 0.5])
    assert "no past date" in combine({"a": [1.0, None], "b": [None, 2.0]}).reason
    assert combine({"a": []}).weights == pytest.approx([1.0])
    with pytest.raises(ValueError, match="same dates"):
        combine({"a": [1.0], "b": []})
