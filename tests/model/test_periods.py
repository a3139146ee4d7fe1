"""Fiscal calendars: without gaps, with the dates retailers publish, read back from their labels."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import CalendarPattern, FiscalCalendar, PeriodKind

CALENDARS = st.builds(
    FiscalCalendar,
    start_month=st.integers(1, 12),
    pattern=st.sampled_from(CalendarPattern),
    week_end=st.integers(0, 6),
    named_by_end=st.booleans(),
)
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))

# The 4-5-4 calendar of the National Retail Federation: the year ends on the Saturday nearest to 31 January.
NRF = FiscalCalendar(2, CalendarPattern.WEEKS_454, week_end=5, named_by_end=False)


@pytest.mark.parametrize(
    ("year", "first", "weeks"),
    [
        (2017, dt.date(2017, 1, 29), 53),
        (2018, dt.date(2018, 2, 4), 52),
        (2022, dt.date(2022, 1, 30), 52),
        (2023, dt.date(2023, 1, 29), 53),
        (2024, dt.date(2024, 2, 4), 52),
        (2025, dt.date(2025, 2, 2), 52),
    ],
)
def test_retail_years_begin_when_the_published_calendar_says(year, first, weeks):
    assert NRF.year_start(year) == first
    assert NRF.year(year).days == weeks * 7


def test_the_53rd_week_joins_the_last_month():
    assert [month.days // 7 for month in NRF.months(2023)] == [4, 5, 4] * 3 + [4, 5, 5]


@given(CALENDARS, DAYS)
def test_every_day_lies_in_exactly_one_period_of_each_kind(calendar, day):
    year = calendar.fiscal_year(day)
    for kind in PeriodKind:
        periods = calendar.of_year(year, kind)
        assert sum(day in period for period in periods) == 1
        for before, after in itertools.pairwise(periods):
            assert after.start - before.end == dt.timedelta(days=1)
    assert calendar.year(year).end + dt.timedelta(days=1) == calendar.year_start(year + 1)


@given(CALENDARS, DAYS, st.sampled_from(PeriodKind))
def test_labels_read_back(calendar, day, kind):
    period = calendar.containing(day, kind)
    assert calendar.parse(period.label) == period


@given(CALENDARS, DAYS, st.sampled_from(PeriodKind), st.integers(1, 5))
def test_forth_and_back_again(calendar, day, kind, steps):
    period = calendar.containing(day, kind)
    assert calendar.following(calendar.following(period, steps), -steps) == period


def test_a_year_that_starts_in_july_is_named_by_its_end():
    july = FiscalCalendar(7)
    assert july.fiscal_year(dt.date(2025, 7, 1)) == 2026
    assert july.containing(dt.date(2025, 8, 15), PeriodKind.QUARTER).label == "FY2026-Q1"
    assert FiscalCalendar(7, named_by_end=False).fiscal_year(dt.date(2025, 7, 1)) == 2025


def test_between_covers_the_span():
    labels = [p.label for p in FiscalCalendar().between(dt.date(2025, 11, 5), dt.date(2026, 2, 1), PeriodKind.MONTH)]
    assert labels == ["2025-11", "2025-12", "2026-01", "2026-02"]


@pytest.mark.parametrize("text", ["", "Q3", "2026-13", "2026-Q5", "last month"])
def test_what_is_no_period_is_refused_with_the_forms_that_are(text):
    with pytest.raises(InputRefusedError, match="2026-Q3"):
        FiscalCalendar().parse(text)


def test_a_month_that_is_none_is_refused():
    with pytest.raises(InputRefusedError, match="13"):
        FiscalCalendar(13)


@given(DAYS)
def test_weeks_of_plain_years_are_those_of_iso_8601(day):
    week = FiscalCalendar().containing(day, PeriodKind.WEEK)
    year, number, _ = day.isocalendar()
    assert week.label == f"{year}-W{number:02d}"
    assert (week.start.weekday(), week.days) == (0, 7)


@given(CALENDARS, DAYS, st.integers(0, 800))
def test_weeks_between_two_days_stand_there_once_each(calendar, day, length):
    weeks = calendar.between(day, day + dt.timedelta(days=length), PeriodKind.WEEK)
    assert all(a.end + dt.timedelta(days=1) == b.start for a, b in itertools.pairwise(weeks))
    assert day in weeks[0]
    assert day + dt.timedelta(days=length) in weeks[-1]


def test_retail_weeks_end_on_saturdays_and_fill_their_years():
    weeks = [week for week in NRF.weeks(2023) if week.label.startswith("FY2023-")]
    assert len(weeks) == 53
    assert weeks[0].start == NRF.year_start(2023)
    assert {week.end.weekday() for week in weeks} == {5}
    with pytest.raises(InputRefusedError, match="no week 53"):
        NRF.parse("FY2024-W53")
