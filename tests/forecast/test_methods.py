import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.forecast.methods import BY_ID, METHODS, seasonal_factors

SEASON = np.array([0.7, 0.8, 1.0, 1.1, 0.9, 1.0, 1.2, 1.0, 1.1, 1.0, 0.9, 1.3])


def test_naive_methods_by_hand():
    history = np.array([1.0, 2, 3, 4, 5, 6])
    assert BY_ID["naive"].function(history, 3, 4).tolist() == [6, 6, 6]
    assert BY_ID["seasonal_naive"].function(history, 6, 4).tolist() == [3, 4, 5, 6, 3, 4]


def test_theta_by_hand():
    # On a line both theta lines are the line: SES of it has some level, drift is half the slope beyond it.
    line = 10 + 2.0 * np.arange(1, 21)
    forecast = BY_ID["theta"].function(line, 2, 1)
    assert forecast[1] - forecast[0] == pytest.approx(1.0)
    assert 50 < forecast[0] < 52.1


def test_damped_trend_flattens():
    forecast = BY_ID["damped_trend"].function(100 + 5.0 * np.arange(30), 12, 1)
    steps = np.diff(forecast)
    assert (steps > 0).all()
    assert (np.diff(steps) < 0).all()


def test_a_clear_season_is_found_and_repeated():
    history = 1000 * np.tile(SEASON / SEASON.mean(), 4)
    factors, multiply = seasonal_factors(history, 12)
    assert multiply
    assert factors / factors.mean() == pytest.approx(SEASON / SEASON.mean(), rel=0.01)
    for name in ("combination", "theta", "damped_trend", "ses"):
        assert BY_ID[name].function(history, 12, 12) == pytest.approx(history[:12], rel=0.03)


def test_the_season_keeps_its_phase_in_a_history_of_broken_years():
    history = 1000 * np.tile(SEASON / SEASON.mean(), 4)[5:41]
    expected = 1000 * np.tile(SEASON / SEASON.mean(), 5)[41:53]
    assert BY_ID["theta"].function(history, 12, 12) == pytest.approx(expected, rel=0.03)


def test_noise_is_no_season_and_short_history_has_none():
    noise = np.random.default_rng(1).normal(1000, 30, 36)
    found = seasonal_factors(noise, 12)
    assert found is None or np.abs(found[0] - 1).max() < 0.05
    assert seasonal_factors(1000 * np.tile(SEASON, 2)[:23], 12) is None
    assert seasonal_factors(np.full(36, 5.0), 12) is None


def test_zeros_and_credit_notes_take_the_additive_way():
    history = np.tile([0.0, 10, -5, 20], 6)
    _, multiply = seasonal_factors(history, 4)
    assert not multiply
    assert BY_ID["combination"].function(history, 4, 4) == pytest.approx([0, 10, -5, 20], abs=0.5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40),
    st.integers(1, 14),
    st.sampled_from([1, 4, 12]),
    st.sampled_from([m for m in METHODS if m.id != "seasonal_naive"]),
)
def test_every_method_gives_finite_numbers(values, horizon, season, method):
    forecast = method.function(np.array(values), horizon, season)
    assert forecast.shape == (horizon,)
    assert np.isfinite(forecast).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(10, 1000), min_size=5, max_size=30), st.sampled_from(METHODS), st.floats(0.1, 50))
def test_methods_do_not_care_for_the_unit(values, method, factor):
    history = np.array(values)
    once, scaled = (method.function(h, 5, 4) for h in (history, history * factor))
    assert scaled == pytest.approx(once * factor, rel=1e-6)
