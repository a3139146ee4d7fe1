import datetime as dt

import numpy as np
import pytest

from salesops_desktop.forecast.calendar_effects import CalendarEffects, gain, working_days
from salesops_desktop.forecast.series_forecast import forecast_series
from salesops_desktop.model.periods import CalendarPattern, FiscalCalendar, PeriodKind

GREGORIAN = FiscalCalendar()
RETAIL = FiscalCalendar(start_month=2, pattern=CalendarPattern.WEEKS_445)


def periods_of(calendar, kind, count, end=dt.date(2024, 12, 31), year=2018):
    found = calendar.between(dt.date(year, 1, 1), end, kind)
    return found[-count:]


def ahead_of(calendar, periods, horizon):
    return [calendar.following(periods[-1], step) for step in range(1, horizon + 1)]


def noise(count, size, seed=3):
    return np.random.default_rng(seed).lognormal(0, size, count)


def test_days_from_monday_to_friday_are_counted():
    days = working_days(GREGORIAN.months(2024))
    assert days.tolist() == [23, 21, 21, 22, 23, 20, 23, 22, 21, 23, 21, 22]
    assert set(working_days(RETAIL.months(2025))) == {20.0, 25.0}
    assert set(working_days(GREGORIAN.weeks(2024))) == {5.0}


def test_amounts_that_go_with_working_days_are_reckoned_by_them_and_others_are_not():
    periods = periods_of(GREGORIAN, PeriodKind.MONTH, 60)
    future = ahead_of(GREGORIAN, periods, 12)
    days, to_come = working_days(periods), working_days(future)
    made = forecast_series(1000 * days * noise(60, 0.004), periods, horizon=12, season=12)
    assert any("go with the working days" in sentence for sentence in made.sentences)
    assert made.mean == pytest.approx(1000 * to_come, rel=0.012)
    steady = forecast_series(22_000 * noise(60, 0.02), periods, horizon=12, season=12)
    assert not any("working days" in sentence for sentence in steady.sentences)


def test_a_month_of_five_weeks_gets_its_weeks_before_any_season_is_known():
    periods = periods_of(RETAIL, PeriodKind.MONTH, 20)
    future = ahead_of(RETAIL, periods, 6)
    weeks = np.array([period.days / 7 for period in periods])
    made = forecast_series(100 * weeks * noise(20, 0.02), periods, horizon=6, season=12, calendar=RETAIL)
    assert made.mean == pytest.approx([100 * period.days / 7 for period in future], rel=0.06)
    assert made.future == tuple(future)


def test_the_months_that_end_quarters_are_found_in_less_than_two_years_and_said():
    periods = periods_of(GREGORIAN, PeriodKind.MONTH, 20)
    rush = np.array([2.0 if period.end.month % 3 == 0 else 1.0 for period in periods])
    made = forecast_series(1000 * rush * noise(20, 0.03), periods, horizon=6, season=12)
    assert any("the pattern of a quarter" in sentence for sentence in made.sentences)
    assert not any("no season was taken into account" in sentence for sentence in made.sentences)
    expected = [2000 if period.end.month % 3 == 0 else 1000 for period in made.future]
    assert made.mean == pytest.approx(expected, rel=0.15)


def weekly(peak, count=5 * 52 + 1):
    """Weeks with a peak in one of them, 53 of which were in 2020."""
    periods = periods_of(GREGORIAN, PeriodKind.WEEK, count, end=dt.date(2023, 6, 30))
    assert any(period.label == "2020-W53" for period in periods)
    return periods, np.array([500.0 if int(period.label[-2:]) == peak else 100.0 for period in periods])


def test_a_year_of_53_weeks_does_not_move_the_weeks_of_the_others():
    periods, values = weekly(48)
    made = forecast_series(values * noise(len(values), 0.02), periods, horizon=40, season=52)
    highest = made.future[int(made.mean.argmax())]
    assert highest.label == "2023-W48"
    assert made.mean.max() == pytest.approx(500, rel=0.1)
    assert np.sort(made.mean)[-2] < 130
    assert any("2020-W53 has no place" in sentence for sentence in made.sentences)


def test_a_week_53_to_come_is_forecast_as_its_neighbours():
    periods = [*GREGORIAN.between(dt.date(2017, 6, 1), dt.date(2020, 10, 31), PeriodKind.WEEK)]
    future = ahead_of(GREGORIAN, periods, 14)
    effects = CalendarEffects.of([*periods, *future], len(periods), by_days=False)
    said = np.arange(1.0, 15.0)
    extra = [period.label for period in future].index("2020-W53")
    got = effects.ahead(said, len(periods))
    assert got[extra] == said[extra - 1] + 0.5
    assert got[:extra].tolist() == said[:extra].tolist()
    assert got[extra + 1 :].tolist() == said[extra:-1].tolist()


def test_what_is_learnt_and_said_is_the_same_where_all_periods_are_alike():
    values = np.arange(1.0, 9.0)
    effects = CalendarEffects.none(12)
    assert effects.plain
    assert effects.learnt(values).tolist() == values.tolist()
    assert effects.ahead(values[:4], 8).tolist() == values[:4].tolist()


def test_a_gain_is_claimed_only_where_it_is_clear():
    rng = np.random.default_rng(0)
    errors = rng.normal(0, 1, (12, 3))
    assert gain(errors, errors) == 0
    assert gain(errors, 0.5 * errors) == pytest.approx(0.5)
    assert gain(errors, rng.normal(0, 1, (12, 3))) == 0
    assert gain(errors[:2], 0.1 * errors[:2]) == 0
