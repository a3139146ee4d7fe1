import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.forecast.methods import BY_ID, METHODS
from salesops_desktop.forecast.seasonality import estimate

SEASON = np.array([0.7, 0.8, 1.0, 1.1, 0.9, 1.0, 1.2, 1.0, 1.1, 1.0, 0.9, 1.3])


def test_naive_methods_by_hand():
    history = np.array([1.0, 2, 3, 4, 5, 6])
    assert BY_ID["naive"].function(history, 3, 4).tolist() == [6, 6, 6]
    assert BY_ID["seasonal_naive"].function(history, 6, 4).tolist() == [3, 4, 5, 6, 3, 4]


def test_theta_follows_a_line_and_half_of_it_where_nothing_is_known():
    line = 10 + 2.0 * np.arange(1, 21)
    forecast = BY_ID["theta"].function(line, 2, 1)
    assert forecast == pytest.approx([52, 54], rel=0.02)
    rng = np.random.default_rng(2)
    noisy = 100 + 0.5 * np.arange(12) + rng.normal(0, 20, 12)
    assert abs(np.diff(BY_ID["theta"].function(noisy, 2, 1))[0]) < 0.8 * abs(np.polyfit(np.arange(12), noisy, 1)[0])


def test_damped_trend_flattens():
    forecast = BY_ID["damped_trend"].function(100 + 5.0 * np.arange(30), 12, 1)
    steps = np.diff(forecast)
    assert (steps > 0).all()
    assert (np.diff(steps) < 0).all()


def factors_of(history, season):
    found = estimate(np.atleast_2d(history), season)
    return found.factors[0], bool(found.multiply[0])


def test_a_clear_season_is_found_and_repeated():
    history = 1000 * np.tile(SEASON / SEASON.mean(), 8)
    factors, multiply = factors_of(history, 12)
    assert multiply
    ratios = np.exp(np.roll(factors, -1))
    assert ratios / ratios.mean() == pytest.approx(SEASON / SEASON.mean(), rel=0.01)
    for name in ("combination", "theta", "damped_trend", "ses", "holt_winters"):
        assert BY_ID[name].function(history, 12, 12) == pytest.approx(history[:12], rel=0.03)


def test_the_season_keeps_its_phase_in_a_history_of_broken_years():
    history = 1000 * np.tile(SEASON / SEASON.mean(), 4)[5:41]
    expected = 1000 * np.tile(SEASON / SEASON.mean(), 5)[41:53]
    assert BY_ID["theta"].function(history, 12, 12) == pytest.approx(expected, rel=0.03)


def test_noise_is_no_season_and_short_history_has_only_that_of_quarters():
    noise = np.random.default_rng(1).normal(1000, 30, 36)
    assert np.abs(factors_of(noise, 12)[0]).max() < 0.05
    rush = np.tile([1.0, 1, 1.5], 6) * np.random.default_rng(1).lognormal(0, 0.02, 18)
    factors, _ = factors_of(rush, 12)
    assert np.exp(factors[0] - factors[1]) == pytest.approx(1.5, rel=0.1)
    assert not factors_of(rush[-11:], 12)[0].any()
    assert not factors_of(np.full(36, 5.0), 12)[0].any()


def test_a_season_that_changed_is_forgotten():
    old, new = np.tile([1.0, 2, 1, 1], 8), np.tile([1.0, 1, 2, 1], 6)
    forecast = BY_ID["theta"].function(np.concatenate([old, new]) * 100, 4, 4)
    assert forecast.argmax() == 2


def test_zeros_and_credit_notes_take_the_additive_way():
    history = np.tile([0.0, 10, -5, 20], 6)[1:]
    _, multiply = factors_of(history, 4)
    assert not multiply
    assert BY_ID["combination"].function(history, 4, 4) == pytest.approx([0, 10, -5, 20], abs=0.5)


def test_intermittent_methods_by_their_long_run_rate():
    rare = np.tile([0.0, 0, 0, 8], 30)
    assert BY_ID["croston"].function(rare, 2, 1) == pytest.approx([2, 2], rel=0.15)
    assert BY_ID["tsb"].function(rare, 2, 1) == pytest.approx([2, 2], rel=0.25)
    fading = np.concatenate([rare, np.zeros(12)])
    assert BY_ID["tsb"].function(fading, 1, 1) < 0.9 * BY_ID["croston"].function(fading, 1, 1)
    assert np.isnan(BY_ID["croston"].function(np.arange(1.0, 20), 1, 1)).all()  # made for other series


histories = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40)


@settings(deadline=None)
@given(histories, st.integers(1, 14), st.sampled_from([1, 4, 12]))
def test_the_combination_is_finite_for_any_finite_history(values, horizon, season):
    forecast = BY_ID["combination"].function(np.array(values), horizon, season)
    assert forecast.shape == (horizon,)
    assert np.isfinite(forecast).all()
    assert (np.abs(forecast) <= 1e3 * max(1e-300, np.abs(values).max())).all()


@settings(deadline=None)
@given(st.lists(st.floats(10, 1000), min_size=4, max_size=30), st.sampled_from(METHODS), st.floats(1e-6, 1e6))
def test_methods_do_not_care_for_the_unit(values, method, factor):
    history = np.array(values)
    once, scaled = (method.function(h, 5, 4) for h in (history, history * factor))
    assert scaled == pytest.approx(once * factor, rel=1e-6, nan_ok=True)


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=4, max_size=30), st.sampled_from(["theta", "damped_trend", "ses"]))
def test_series_that_go_below_zero_do_not_care_for_the_level(values, name):
    history = np.array([-500.0, *values])  # stays below zero somewhere after the shift, so that seasons still add
    once, shifted = (BY_ID[name].function(h, 5, 4) for h in (history, history - 300))
    assert shifted == pytest.approx(once - 300, abs=1e-6 * 1000)
