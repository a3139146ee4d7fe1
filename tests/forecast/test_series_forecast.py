import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.forecast import build_series, forecast_series
from salesops_desktop.forecast.methods import BY_ID
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import FiscalCalendar, PeriodKind

CALENDAR = FiscalCalendar()
SEASON = np.array([0.7, 0.8, 1.2, 0.9, 1.0, 1.3, 0.7, 0.6, 1.2, 1.0, 1.1, 1.5])


def months(n):
    return CALENDAR.between(dt.date(2020, 1, 1), dt.date(2040, 1, 1), PeriodKind.MONTH)[:n]


def company(n, seed=0):
    generator = np.random.default_rng(seed)
    return 100_000 * (1 + 0.01 * np.arange(n)) * np.tile(SEASON, 10)[:n] * generator.lognormal(0, 0.05, n)


def test_a_seasonal_company():
    forecast = forecast_series(company(48), months(48), horizon=12, season=12)
    truth = 100_000 * (1 + 0.01 * np.arange(48, 60)) * SEASON
    assert np.abs(forecast.mean / truth - 1).mean() < 0.08
    assert not BY_ID[forecast.method].naive
    assert [p.label for p in forecast.future[:2]] == ["2024-01", "2024-02"]
    assert forecast.total.p10 < forecast.total.p50 < forecast.total.p90
    assert ((forecast.lower[80] < forecast.mean) & (forecast.mean < forecast.upper[80])).all()
    assert "smaller than that of" in forecast.sentences[1]
    assert len(forecast.backtest.table) == 6 * 13  # six methods, each horizon and all together


def test_same_seed_same_forecast():
    one, two = (forecast_series(company(30), months(30), horizon=6, season=12, seed=4) for _ in range(2))
    assert one.total == two.total
    np.testing.assert_array_equal(one.upper[95], two.upper[95])


@pytest.mark.parametrize("n", [4, 5, 11, 12, 13, 23, 24, 25])
def test_short_histories_say_so(n):
    forecast = forecast_series(company(n), months(n), horizon=6, season=12)
    assert len(forecast.mean) == 6
    told = " ".join(forecast.sentences)
    assert ("no season was taken into account" in told or "only the pattern of a quarter" in told) == (n < 24)
    assert ("back-test errors stand behind" in told) == (n < 12)
    assert ("knew less than two years" in told) == (n >= 24)
    if n == 4:
        assert "from 1 date " in told
        assert "The back-test reaches 1 of 6 periods" in told
        assert forecast.total is None


def test_three_points_are_too_few():
    with pytest.raises(NothingToDoError, match="3 periods"):
        forecast_series([1, 2, 3], months(3), horizon=1, season=12)


def test_a_random_walk_is_told_to_be_one():
    walk = np.cumsum(np.random.default_rng(11).choice([-1.0, 1.0], 60)) + 50
    forecast = forecast_series(walk, months(60), horizon=1, season=1)
    if BY_ID[forecast.method].naive:
        assert any("No method beat this naive one" in s for s in forecast.sentences)
    flat = forecast_series(np.full(24, 500.0), months(24), horizon=3, season=12)
    assert flat.mean == pytest.approx([500] * 3)
    assert flat.upper[95] == pytest.approx([500] * 3)


def test_all_zero_and_negative_series():
    zero = forecast_series(np.zeros(12), months(12), horizon=3, season=12)
    assert zero.mean.tolist() == [0, 0, 0]
    refunds = forecast_series(np.linspace(50, -80, 30), months(30), horizon=3, season=12)
    assert (refunds.mean < -60).all()
    sales = forecast_series(np.linspace(500, 1, 30), months(30), horizon=12, season=1)
    assert (sales.mean >= 0).all()
    assert (sales.lower[95] >= 0).all()


def test_no_forecast_without_its_back_test():
    forecast = forecast_series(company(30), months(30), horizon=3, season=12)
    with pytest.raises(ValueError, match="not back-tested"):
        dataclasses.replace(forecast, method="crystal ball")
    with pytest.raises(ValueError, match="differ in length"):
        dataclasses.replace(forecast, mean=forecast.mean[:2])


def test_bad_arguments():
    with pytest.raises(ValueError, match="gaps"):
        forecast_series([1, 2, np.nan, 4], months(4), horizon=1, season=1)
    with pytest.raises(ValueError, match="differ in length"):
        forecast_series([1, 2, 3, 4], months(3), horizon=1, season=1)
    with pytest.raises(ValueError, match="at least one period"):
        forecast_series([1, 2, 3, 4], months(4), horizon=0, season=1)


def test_from_dated_amounts_to_forecast():
    days = pd.date_range("2023-01-01", "2025-12-31", freq="D")
    series = build_series(days.to_numpy(), np.full(len(days), 10), as_of=dt.date(2026, 1, 10))
    forecast = forecast_series(series.values, series.periods, horizon=2, season=series.season, notes=series.notes)
    assert forecast.mean == pytest.approx([310, 283], rel=0.03)
