"""A running period's total: what came, the rest, the spread, and the way to its end."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from salesops_desktop.forecast.running_period import CHANCES, forecast_running, same_point
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import CalendarPattern, FiscalCalendar, PeriodKind

CALENDAR = FiscalCalendar()
Q3 = CALENDAR.parse("2025-Q3")


def bookings(seed, years=4, noise=0.1):
    """Daily amounts of a company with a rush at each quarter's end, up to the end of 2025."""
    generator = np.random.default_rng(seed)
    days = np.arange(np.datetime64(f"{2026 - years}-01-01"), np.datetime64("2026-01-01"))
    months = (days.astype("datetime64[M]") - days.astype("datetime64[Y]").astype("datetime64[M]")).astype(int)
    level = np.where(months % 3 == 2, 3.0, 1.0)
    place = days.astype("datetime64[M]").astype(int) - days[0].astype("datetime64[M]").astype(int)
    shock = np.exp(noise * generator.standard_normal(12 * years))[place]
    return days, np.round(1000 * level * shock * generator.gamma(2.0, 0.5, len(days)))


def test_the_same_point_is_the_same_share_of_a_period():
    q1 = CALENDAR.parse("2025-Q1")
    assert same_point(q1, Q3, dt.date(2025, 6, 30)) == dt.date(2024, 12, 31)  # nothing of it is over
    assert same_point(q1, Q3, dt.date(2025, 9, 30)) == dt.date(2025, 3, 31)
    assert same_point(q1, Q3, dt.date(2025, 8, 15)) == dt.date(2025, 2, 14)  # half of either


def test_steady_bookings_are_foretold_exactly():
    days = np.arange(np.datetime64("2023-01-01"), np.datetime64("2025-09-01"))
    by_month = np.where(
        days.astype("datetime64[M]") + 1 == (days + 1).astype("datetime64[M]"), 100.0, 0.0
    )  # month-ends
    found = forecast_running(days, by_month, Q3, as_of=dt.date(2025, 8, 31), calendar=CALENDAR)
    assert found.done == 200
    assert found.rest == pytest.approx(100)
    assert found.said == pytest.approx(found.came)
    assert found.fan.mean[0] == 200
    assert found.fan.mean[-1] == pytest.approx(300)
    assert found.fan.mean[-2] == pytest.approx(200)  # all of it comes on the last day, as always


def test_nothing_later_is_looked_at():
    days, values = bookings(1)
    day = dt.date(2025, 8, 14)
    known = days <= np.datetime64(day)
    whole = forecast_running(days, values, Q3, as_of=day, calendar=CALENDAR)
    cut = forecast_running(days[known], values[known], Q3, as_of=day, calendar=CALENDAR)
    shuffled = np.random.default_rng(2).permutation(len(days))
    mixed = forecast_running(days[shuffled], values[shuffled], Q3, as_of=day, calendar=CALENDAR)
    for other in (cut, mixed):
        assert other.total == pytest.approx(whole.total)
        assert other.quantiles == pytest.approx(whole.quantiles)
        assert other.said == pytest.approx(whole.said)


def test_intervals_keep_their_promise_on_simulated_companies():
    held = {50: 0, 80: 0, 95: 0}
    count = 60
    for seed in range(count):
        days, values = bookings(seed)
        found = forecast_running(days, values, Q3, as_of=dt.date(2025, 7, 31), calendar=CALENDAR)
        inside = (days >= np.datetime64(Q3.start)) & (days <= np.datetime64(Q3.end))
        came = values[inside].sum()
        for level in held:
            low, high = np.interp([0.5 - level / 200, 0.5 + level / 200], CHANCES, found.quantiles)
            held[level] += low <= came <= high
    assert 0.3 <= held[50] / count <= 0.8
    assert held[80] / count >= 0.7
    assert held[95] / count >= 0.9


def test_weeks_of_four_four_five_have_periods_of_their_own():
    calendar = FiscalCalendar(2, CalendarPattern.WEEKS_445)
    days, values = bookings(3)
    period = calendar.containing(dt.date(2025, 8, 14), PeriodKind.QUARTER)
    found = forecast_running(days, values, period, as_of=dt.date(2025, 8, 14), calendar=calendar)
    inside = (days >= np.datetime64(period.start)) & (days <= np.datetime64("2025-08-14"))
    assert found.done == values[inside].sum()
    assert found.rest > 0
    assert len(found.fan.days) == (period.end - dt.date(2025, 8, 14)).days + 1


def test_too_short_a_past_is_said():
    days = np.arange(np.datetime64("2025-05-01"), np.datetime64("2025-08-01"))
    with pytest.raises(NothingToDoError, match="Only 3 whole months"):
        forecast_running(days, np.ones(len(days)), Q3, as_of=dt.date(2025, 7, 31), calendar=CALENDAR)
    with pytest.raises(NothingToDoError, match="Only 0 whole months"):
        forecast_running(days[:0], np.ones(0), Q3, as_of=dt.date(2025, 7, 31), calendar=CALENDAR)
